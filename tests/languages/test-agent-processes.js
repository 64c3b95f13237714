// SPDX-License-Identifier: LGPL-2.1-or-later
// Processes, sessions, logs and ports of the real agent in GJS.
import Devbox from 'gi://Devbox?version=1';
import GLib from 'gi://GLib';

import {assertEqual, assertFails, main, runTests, test} from './tap.js';

const instance = Devbox.Instance.new_for_agent(GLib.getenv('AGENT_URL'), null);
const shell = line => Devbox.Command.new_for_shell(line);

test('a process', async () => {
    const process = await instance.spawn_async(shell('echo out; sleep 0.2; exit 3'));
    const told = [];
    process.connect('notify::status', () => told.push(process.status));
    await process.wait_async();
    assertEqual([process.get_exit_status(), process.exit_status, process.status_text], [3, 3, 'failed']);
    assertEqual(told, [Devbox.ProcessStatus.FAILED]);
    await assertFails(() => process.wait_check_async(), Devbox.Error, Devbox.Error.DEVBOX_OPERATION_FAILED);
    assertEqual([...await instance.list_processes_async()].map(other => other.identifier).includes(process.identifier), true);
    assertEqual((await instance.get_process_status_async(process.pid)).identifier, process.identifier);
    await process.refresh_async();
    assertEqual(new TextDecoder().decode(process.get_stdout().toArray()), 'out\n');
});

test('a log', async () => {
    const process = await instance.spawn_async(shell('echo a; sleep 0.1; echo b >&2'));
    const entries = [];
    for await (const entry of await process.open_log_async())
        entries.push([entry.level, entry.text]);
    assertEqual(entries, [[Devbox.LogLevel.STDOUT, 'a\n'], [Devbox.LogLevel.STDERR, 'b\n']]);
    assertEqual([...await process.load_log_async(1)].length, 1);
});

test('a signal', async () => {
    const process = await instance.spawn_async(shell('sleep 100'));
    await process.send_signal_async(15);
    await process.wait_async();
    assertEqual([process.get_if_signaled(), process.term_sig], [true, 15]);
});

test('a stream', async () => {
    const reader = await instance.run_streamed_async(shell('for i in 1 2 3; do echo $i; sleep 0.05; done; exit 2'));
    let text = '';
    for await (const entry of reader)
        text += entry.text;
    assertEqual([text, reader.get_result().get_exit_code()], ['1\n2\n3\n', 2]);
});

test('a session', async () => {
    const session = await instance.create_session_async(null, ['A=1'], null);
    await session.change_directory_async('/');
    assertEqual((await session.run_async('echo $A; pwd')).get_stdout_text(), '1\n/\n');
    assertEqual([session.cwd, session.environ], ['/', ['A=1']]);
    assertEqual((await instance.get_session_async(session.identifier)).status, Devbox.SessionStatus.ACTIVE);
    await session.terminate_async();
    await assertFails(() => session.run_async('true'), Devbox.Error, Devbox.Error.CONFLICT);
});

test('ports', async () => {
    assertEqual([...await instance.list_listening_ports_async()].every(port => port.number > 0), true);
});

main(() => runTests());
