#!/usr/bin/env -S gjs -m
// SPDX-License-Identifier: LGPL-2.1-or-later
// The whole life of a devbox, on the platform of $KUBECONFIG, or on the local platform: life.js
import Devbox from 'gi://Devbox?version=1';
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import System from 'system';

const NAME = 'hello';
const SCRIPT = `echo "Hello from $NAME"
`;

const sleep = milliseconds => new Promise(resolve => GLib.timeout_add(GLib.PRIORITY_DEFAULT, milliseconds, () => {
    resolve();
    return GLib.SOURCE_REMOVE;
}));

async function make(client) {
    const spec = new Devbox.InstanceSpec({name: NAME, runtime: 'bash', cpu: 1000, memory: 512});
    spec.setenv('NAME', NAME, true);
    const box = await client.create_instance_async(spec);
    await box.wait_ready_async(60000);
    print(`Made ${NAME}, which is ${box.status_text}.`);
    return box;
}

// Writes a script, sees that it is there, runs it, and reads it again.
async function use(box) {
    const monitor = await box.monitor_files_async('');
    const created = new Promise(resolve => monitor.connect('changed', (_monitor, path, _oldPath, event) => {
        if (event === Gio.FileMonitorEvent.CREATED)
            resolve(path);
    }));
    await box.replace_file_async('greet.sh', SCRIPT);
    print(`Created: ${await created}`);
    monitor.cancel();

    const result = await box.run_async(Devbox.Command.new(['sh', 'greet.sh']));
    print(result.get_stdout_text().trimEnd());
    print(`The script has ${(await box.load_file_async('greet.sh')).get_size()} bytes.`);
}

async function measure(box) {
    let samples = [];
    while (samples.length === 0) {
        await sleep(200);
        samples = [...await box.list_samples_async()];
    }
    print(`Its disk is ${samples.pop().disk_used ? 'used' : 'empty'}.`);
}

async function main() {
    const client = new Devbox.Client();
    const box = await make(client);
    await use(box);
    await measure(box);

    await box.pause_async();
    print(`After the pause it is ${box.status_text}.`);
    await box.start_async();
    print(`After the start it is ${box.status_text}.`);

    await box.delete_async();
    print(`Deleted. Devboxes left: ${[...await client.list_instances_async()].length}.`);
    client.close();
}

const loop = new GLib.MainLoop(null, false);
let status = 0;

main().catch(error => {
    printerr(`life.js: ${error.message}`);
    status = 1;
}).finally(() => loop.quit());
loop.run();
System.exit(status);
