// SPDX-License-Identifier: LGPL-2.1-or-later
// What the GJS override adds, tried on an agent that does as it is told: test-gjs-override.js SCRIPTED-AGENT
import Devbox from 'gi://Devbox?version=1';
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';

import {assertEqual, assertFails, main, runTests, test} from './tap.js';

const bytesOf = bytes => [...bytes.toArray()];

test('bytes in', async ({box}) => {
    for (const contents of [new Uint8Array([97, 0, 255]), new GLib.Bytes([97, 0, 255])]) {
        assertEqual(await box.replace_file_async('f', contents), true);
        assertEqual(bytesOf(await box.load_file_async('f')), [97, 0, 255]);
        assertEqual(box.replace_file_sync('f', contents), true);
        assertEqual(bytesOf(box.load_file_sync('f')), [97, 0, 255]);
    }
    await box.replace_file_async('f', 'ä');
    assertEqual(bytesOf(await box.load_file_async('f')), [195, 164]);
    box.replace_file_sync('f', '');
    assertEqual(bytesOf(box.load_file_sync('f')), []);
    await assertFailsWithJSError(() => box.replace_file_async('f', 7));
    await assertFailsWithJSError(() => box.load_file_sync());
});

test('lists and constructors in', async () => {
    const spec = new Devbox.InstanceSpec({name: 'a', ports: [new Devbox.Port({number: 80})]});
    spec.set_ports([spec.ports.get_item(0), new Devbox.Port({number: 81})]);
    assertEqual([...spec.ports].map(port => port.number), [80, 81]);
    assertEqual(new Devbox.InstanceSpec({name: 'a'}).name, 'a');
    assertEqual(new Devbox.InstanceSpec().name, null);
    await assertFails(() => Devbox.Kubeconfig.new_from_bytes('a: b'), Devbox.Error, Devbox.Error.INVALID_KUBECONFIG);
});

async function assertFailsWithJSError(body) {
    try {
        await body();
    } catch (error) {
        if (!(error instanceof GLib.Error))
            return;
        throw error;
    }
    throw new Error('nothing was thrown');
}

test('promises', async ({box}) => {
    assertEqual(await box.is_healthy_async(), true);
    const result = await box.run_async(Devbox.Command.new(['cat', 'f']));
    assertEqual(bytesOf(result.get_stdout()), [97, 255]);
    assertEqual(result.get_stdout_text(), 'a\ufffd');
    const numbers = [...Array(30).keys()];
    await Promise.all(numbers.map(number => box.replace_file_async(`${number}`, `${number}`, 0o600)));
    const files = await Promise.all(numbers.map(number => box.load_file_async(`${number}`)));
    assertEqual(files.map(file => Number(new TextDecoder().decode(file.toArray()))), numbers);
});

test('errors', async ({box}) => {
    for (const body of [() => box.load_file_async('missing.txt'), () => box.load_file_sync('missing.txt')]) {
        const error = await assertFails(body, Devbox.Error, Devbox.Error.FILE_NOT_FOUND);
        const info = Devbox.ErrorInfo.from_error(error);
        assertEqual([info.get_http_status(), info.get_path(), info.get_code_name()], [404, 'missing.txt', 'FILE_NOT_FOUND']);
    }
    const timeout = await assertFails(() => box.run_async(Devbox.Command.new(['slow'])),
        Devbox.Error, Devbox.Error.OPERATION_TIMEOUT);
    assertEqual(Devbox.ErrorInfo.from_error(timeout).get_command_result().get_stdout_text(), 'so far');
});

test('cancelling', async ({box}) => {
    const cancellable = new Gio.Cancellable();
    const call = box.run_async(Devbox.Command.new(['hang']), cancellable);
    GLib.timeout_add(GLib.PRIORITY_DEFAULT, 20, () => {
        cancellable.cancel();
        return GLib.SOURCE_REMOVE;
    });
    await assertFails(() => call, Gio.IOErrorEnum, Gio.IOErrorEnum.CANCELLED);
});

test('callback form', ({box}) => new Promise((resolve, reject) => {
    box.replace_file_async('f', 'x', 0, null, (source, result) => {
        try {
            assertEqual(source.replace_file_finish(result), true);
            resolve();
        } catch (error) {
            reject(error);
        }
    });
}));

test('monitor', async ({box, tell}) => {
    const monitor = await box.monitor_files_async('.');
    const seen = new Promise(resolve => monitor.connect('changed', (_monitor, ...change) => resolve(change)));
    const overflow = new Promise(resolve => monitor.connect('overflow', (_monitor, path) => resolve(path)));
    await box.replace_file_async('f', 'x');
    assertEqual(await seen, ['f', null, Gio.FileMonitorEvent.CREATED]);
    tell('{"type":"overflow","path":"sub"}');
    assertEqual(await overflow, 'sub');
    monitor.cancel();
});

test('closed client', async ({box}) => {
    const monitor = await box.monitor_files_async('.');
    const closed = new Promise(resolve => monitor.connect('closed', (_monitor, error) => resolve(error)));
    box.get_client().close();
    assertEqual(await closed, null);
    await assertFails(() => box.is_healthy_async(), Devbox.Error, Devbox.Error.CONNECTION_FAILED);
});

main(async () => {
    const agent = Gio.Subprocess.new(['/usr/bin/python3', ARGV[0]],
        Gio.SubprocessFlags.STDIN_PIPE | Gio.SubprocessFlags.STDOUT_PIPE);
    const [line] = new Gio.DataInputStream({base_stream: agent.get_stdout_pipe()}).read_line_utf8(null);
    const box = Devbox.Instance.new_for_agent(line, null);
    const tell = message => agent.get_stdin_pipe().write_all(`${message}\n`, null);

    await runTests({box, tell});
    agent.get_stdin_pipe().close(null);
    agent.wait(null);
});
