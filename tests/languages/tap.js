// SPDX-License-Identifier: LGPL-2.1-or-later
// Tests in GJS, reported in the Test Anything Protocol.
import GLib from 'gi://GLib';
import System from 'system';

const tests = [];
let failures = 0;

export const test = (name, body) => tests.push({name, body});

export function assertEqual(actual, expected) {
    if (JSON.stringify(actual) !== JSON.stringify(expected))
        throw new Error(`${JSON.stringify(actual)} instead of ${JSON.stringify(expected)}`);
}

export async function assertFails(body, domain, code) {
    try {
        await body();
    } catch (error) {
        if (error.matches?.(domain, code))
            return error;
        throw error;
    }
    throw new Error('nothing was thrown');
}

export async function runTests(...context) {
    for (const [index, {name, body}] of tests.entries()) {
        try {
            await body(...context);
            print(`ok ${index + 1} ${name}`);
        } catch (error) {
            failures++;
            print(`not ok ${index + 1} ${name}\n# ${`${error}\n${error.stack ?? ''}`.replaceAll('\n', '\n# ')}`);
        }
    }
    print(`1..${tests.length}`);
}

// The whole program: `body` calls runTests ().
export function main(body) {
    const loop = new GLib.MainLoop(null, false);

    body().catch(error => {
        failures++;
        logError(error);
    }).finally(() => loop.quit());
    loop.run();
    System.exit(failures === 0 ? 0 : 1);
}
