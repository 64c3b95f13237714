// SPDX-License-Identifier: LGPL-2.1-or-later
// An agent and a client in one GJS process.
import Devbox from 'gi://Devbox?version=1';
import DevboxServer from 'gi://DevboxServer?version=1';
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';

import {assertEqual, assertFails, main, runTests, test} from './tap.js';

const textOf = bytes => new TextDecoder().decode(bytes instanceof GLib.Bytes ? bytes.toArray() : bytes);

test('files', async box => {
    await box.replace_file_async('a/b.txt', new GLib.Bytes(new TextEncoder().encode('你好')), 0, null);
    assertEqual(textOf(await box.load_file_async('a/b.txt', null)), '你好');
});

test('folders and uploads', async box => {
    const upload = await box.upload_files_async({'up/a': new GLib.Bytes([1]), 'up/b': new GLib.Bytes([])}, null);
    assertEqual([upload.successful, upload.n_processed, Number(upload.bytes_transferred)], [true, 2, 1]);
    const files = await box.list_files_async('up', Devbox.ListFilesFlags.NONE, 0, 0, null);
    assertEqual([...files].map(file => [file.name, Number(file.size)]), [['a', 1], ['b', 0]]);
    await box.move_async('up/a', 'up/c', false, null);
    const failed = await box.upload_files_async({'up': new GLib.Bytes([1])}, null);
    const [result] = [...failed.get_errors()];
    assertEqual([result.path, result.get_error().matches(Devbox.Error, Devbox.Error.VALIDATION_ERROR)], ['up', true]);
    assertEqual(await box.find_async('.', 'C', null), [box.list_files_sync('up', 0, 1, 1, null).get_item(0).path]);
    await box.delete_file_async('up', true, null);
    await assertFails(() => box.list_files_async('up', 0, 0, 0, null), Devbox.Error, Devbox.Error.FILE_NOT_FOUND);
});

test('streams', async box => {
    const content = new Uint8Array(3000000).map((_, index) => index % 251);
    const source = Gio.MemoryInputStream.new_from_bytes(new GLib.Bytes(content));
    await box.replace_file_from_stream_async('big', source, -1, 0, null);
    const stream = await box.open_file_async('big', null);
    let position = 0;
    for (;;) {
        const bytes = await new Promise((resolve, reject) => stream.read_bytes_async(100000, GLib.PRIORITY_DEFAULT, null, (_stream, result) => {
            try {
                resolve(stream.read_bytes_finish(result));
            } catch (error) {
                reject(error);
            }
        }));
        if (bytes.get_size() === 0)
            break;
        for (const byte of bytes.toArray())
            if (byte !== position++ % 251)
                throw new Error(`byte ${position - 1} is wrong`);
    }
    assertEqual(position, content.length);
});

test('commands', async box => {
    const result = await box.run_async(Devbox.Command.new(['sh', '-c', 'echo out; echo err >&2; exit 3']), null);
    assertEqual([result.get_exit_code(), result.get_stdout_text(), result.get_stderr_text()], [3, 'out\n', 'err\n']);
    const results = await Promise.all([...Array(20).keys()].map(number => box.run_async(Devbox.Command.new(['echo', `${number}`]), null)));
    assertEqual(results.map(one => Number(one.get_stdout_text())), [...Array(20).keys()]);
});

test('errors', async box => {
    const error = await assertFails(() => box.load_file_async('missing.txt', null), Devbox.Error, Devbox.Error.FILE_NOT_FOUND);
    const info = Devbox.ErrorInfo.from_error(error);
    assertEqual([info.http_status, info.code_name, info.path], [404, 'FILE_NOT_FOUND', 'missing.txt']);
    const cancellable = new Gio.Cancellable();
    cancellable.cancel();
    await assertFails(() => box.load_file_async('x', cancellable), Gio.IOErrorEnum, Gio.IOErrorEnum.CANCELLED);
});

test('callback form', box => new Promise((resolve, reject) => {
    box.is_healthy_async(null, (source, result) => {
        try {
            assertEqual(source.is_healthy_finish(result), true);
            resolve();
        } catch (error) {
            reject(error);
        }
    });
}));

test('blocking form', box => {
    assertEqual(box.is_healthy_sync(null), true);
    assertEqual(box.run_sync(Devbox.Command.new_for_shell('echo $((6*7))'), null).get_stdout_text(), '42\n');
});

test('monitor', async box => {
    const monitor = await box.monitor_files_async('', Devbox.FileMonitorFlags.NONE, null);
    const seen = new Promise(resolve => monitor.connect('changed', (_monitor, path, _oldPath, event) => {
        if (path === 'd/f')
            resolve(event);
    }));
    await box.replace_file_async('d/f', new GLib.Bytes([1]), 0, null);
    assertEqual(await seen, Gio.FileMonitorEvent.CREATED);
    monitor.cancel();
});

test('platform', () => {
    const folder = GLib.dir_make_tmp('devbox-test-XXXXXX');
    const platform = new DevboxServer.Platform({data_folder: `${folder}/data`, kubeconfig_path: `${folder}/kubeconfig`});
    try {
        platform.start(null);
        assertEqual(platform.dup_uri().startsWith('http://127.0.0.1:'), true);
        assertEqual(platform.add_user('alice').includes('namespace: "ns-alice"'), true);
        assertEqual(platform.dup_users(), ['admin', 'alice']);
        try {
            platform.add_user('alice');
            throw new Error('nothing was thrown');
        } catch (error) {
            if (!error.matches?.(Gio.IOErrorEnum, Gio.IOErrorEnum.EXISTS))
                throw error;
        }
    } finally {
        platform.stop();
        Gio.Subprocess.new(['rm', '-rf', folder], 0).wait(null);
    }
});

main(async () => {
    const folder = GLib.dir_make_tmp('devbox-test-XXXXXX');
    const agent = DevboxServer.Agent.new(folder);
    agent.start(null);
    const box = Devbox.Instance.new_for_agent(agent.dup_uri(), null);

    await runTests(box);
    agent.stop();
    Gio.Subprocess.new(['rm', '-rf', folder], 0).wait(null);
});
