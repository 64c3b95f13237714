#!/usr/bin/env -S gjs -m
// SPDX-License-Identifier: LGPL-2.1-or-later
// Writes a script into a devbox, runs it, and sees the change: hello.js AGENT-URL, with the token in DEVBOX_TOKEN if it needs one.
import Devbox from 'gi://Devbox?version=1';
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import System from 'system';

const SCRIPT = `echo "Hello from a devbox"
echo "2 + 3 = $((2 + 3))"
`;

async function main(agentUrl, token) {
    const box = Devbox.Instance.new_for_agent(agentUrl, token);
    if (!await box.is_healthy_async(null))
        throw new Error('The agent is not healthy.');
    print('The agent is healthy.');

    const monitor = await box.monitor_files_async('', Devbox.FileMonitorFlags.NONE, null);
    const created = new Promise(resolve => monitor.connect('changed', (_monitor, path, _oldPath, event) => {
        if (event === Gio.FileMonitorEvent.CREATED)
            resolve(path);
    }));

    await box.replace_file_async('hello.sh', SCRIPT, 0, null);
    const result = await box.run_async(Devbox.Command.new(['sh', 'hello.sh']), null);
    print(result.get_stdout_text().trimEnd());
    print(`Exit code ${result.get_exit_code()}.`);

    print(`Created: ${await created}`);
    monitor.cancel();

    try {
        await box.load_file_async('missing.txt', null);
    } catch (error) {
        if (!error.matches(Devbox.Error, Devbox.Error.FILE_NOT_FOUND))
            throw error;
        print('missing.txt is not there, as it should be.');
    }
}

const loop = new GLib.MainLoop(null, false);
let status = 0;

if (ARGV.length !== 1) {
    printerr('usage: hello.js AGENT-URL');
    System.exit(1);
}
main(ARGV[0], GLib.getenv('DEVBOX_TOKEN')).catch(error => {
    printerr(`hello.js: ${error.message}`);
    status = 1;
}).finally(() => loop.quit());
loop.run();
System.exit(status);
