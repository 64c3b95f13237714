// SPDX-License-Identifier: LGPL-2.1-or-later
// Every error code in GJS: the table of error_cases.py, matched by code.
import Devbox from 'gi://Devbox?version=1';
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';

import {assertEqual, main, runTests, test} from './tap.js';

const LATE_BY = 100;
// A busy machine may be late itself: the best of these counts.
const TRIES = 5;

// What is called on whom, with which arguments.
const CALLS = {
    'load-file': ({instance, first}) => [instance, 'load_file', first],
    'replace-file': ({instance, first, second}) => [instance, 'replace_file', first, second, 0],
    'delete-file': ({instance, first}) => [instance, 'delete_file', first, false],
    'move': ({instance, first, second}) => [instance, 'move', first, second, false],
    'run': ({instance, first, second}) => [instance, 'run', makeCommand(first, Number(second))],
    'get-process-status': ({instance, first}) => [instance, 'get_process_status', Number(first)],
    'get-session': ({instance, first}) => [instance, 'get_session', first],
    'get-agent-info': ({instance}) => [instance, 'get_agent_info'],
    'wait-ready': ({instance, first}) => [instance, 'wait_ready', Number(first)],
    'get-instance': ({client, first}) => [client, 'get_instance', first],
    'create-instance': ({client, first}) => [client, 'create_instance', Devbox.InstanceSpec.new(first, 'bash')],
    'start-instance': ({client, first}) => [client, 'start_instance', first],
    'delete-instance': ({client, first}) => [client, 'delete_instance', first],
    'load-file-of': ({client, first, second}) => [client, 'load_file', first, second || 'a'],
    'load-kubeconfig': ({first}) => [Devbox.Kubeconfig, 'load_file', Gio.File.new_for_path(first), null, 0],
};

function makeCommand(line, timeout) {
    const command = Devbox.Command.new_for_shell(line);
    command.set_timeout(timeout);
    return command;
}

function assert(condition, text) {
    if (!condition)
        throw new Error(text);
}

// A client of its own.
function makeClient(one) {
    const client = one.platform ? Devbox.Client.new_for_platform(one.platform, one.token) : new Devbox.Client();
    client.set_header('X-Case', one.name);
    client.timeout = Number(one.timeout);
    client.max_retries = Number(one.retries);
    client.retry_delay = 1;
    if (one['pool-size'] !== '0')
        client.pool.max_size = Number(one['pool-size']);
    if (one['connection-timeout'] !== '0')
        client.pool.connection_timeout = Number(one['connection-timeout']);

    return client;
}

// The error, and how many milliseconds it took to come.
async function fail(one, isAsync) {
    const client = makeClient(one);
    const instance = Devbox.Instance.new_for_agent_with_client(client, one.agent || 'http://127.0.0.1:1', one.token);
    if (one.busy === 'true')
        instance.load_file_async('busy').catch(() => {});

    const [target, name, ...args] = CALLS[one.call]({...one, client, instance});
    const start = GLib.get_monotonic_time();
    try {
        if (isAsync)
            await target[`${name}_async`](...args, null);
        else
            target[`${name}_sync`](...args, null);
    } catch (error) {
        return {error, took: (GLib.get_monotonic_time() - start) / 1000};
    } finally {
        client.close();
    }
    throw new Error('it worked');
}

function check(error, one) {
    assert(error.matches?.(Devbox.Error, Devbox.Error[one.code]), `${error}\n${error.stack ?? ''}`);
    assertEqual(Devbox.Error.get_family(error.code), Devbox.ErrorFamily[one.family]);

    const info = Devbox.ErrorInfo.from_error(error);
    assertEqual([info.code_name, info.http_status, info.retry_after],
        [one['code-name'], Number(one['http-status']), Number(one['retry-after'])]);
    for (const key of ['path', 'value']) {
        if (one[key])
            assertEqual(info[key], one[key]);
    }
    if (one.sent === 'true') {
        assert(/^[0-9a-f]{32}$/.test(info.trace_id), `trace ${info.trace_id}`);
        assert(one['request-id'] ? info.request_id === one['request-id'] : info.request_id, `request ${info.request_id}`);
    }
    if (one.attempts !== '-1')
        assertEqual(info.n_attempts, Number(one.attempts));
}

async function checkTime(one, isAsync, took) {
    let late = took - Number(one.timeout);
    for (let i = 0; i < TRIES && late >= LATE_BY; i++)
        late = (await fail(one, isAsync)).took - Number(one.timeout);

    assert(late >= 0 && late < LATE_BY, `${late} ms late`);
    print(`# ${one.name}: ${late.toFixed(1)} ms late`);
}

const file = new GLib.KeyFile();
file.load_from_file(ARGV[0], GLib.KeyFileFlags.NONE);
for (const name of file.get_groups()[0]) {
    const one = {name};
    for (const key of file.get_keys(name)[0])
        one[key] = file.get_string(name, key);

    for (const isAsync of [false, true]) {
        test(`${name}, ${isAsync ? 'async' : 'sync'}`, async () => {
            const {error, took} = await fail(one, isAsync);
            check(error, one);
            if (one.deadline === 'true')
                await checkTime(one, isAsync, took);
        });
    }
}

main(runTests);
