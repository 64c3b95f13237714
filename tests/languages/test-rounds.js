// SPDX-License-Identifier: LGPL-2.1-or-later
// Clients that come and go in GJS, beside an agent: nothing of them stays.
import Devbox from 'gi://Devbox?version=1';
import DevboxTest from 'gi://DevboxTest?version=1';
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import System from 'system';

import {assertEqual, main, runTests, test} from './tap.js';

const N_ROUNDS = 1000;
const N_WARM_UP = 10;
const N_IN_FLIGHT = 8;
// The heap of JavaScript comes and goes by some 16 MiB; what is lost of the library is counted by object.
const MAX_GROWTH_KIB = 64 * 1024;
const SLEEP = ['sleep', '0.01'];

const wait = ms => new Promise(resolve => GLib.timeout_add(GLib.PRIORITY_DEFAULT, ms, () => {
    resolve();
    return GLib.SOURCE_REMOVE;
}));
const instanceOf = client => Devbox.Instance.new_for_agent_with_client(client, GLib.getenv('AGENT_URL'), null);

// All but those that had a result in time.
async function endsWith(calls, domain, code) {
    for (const call of await Promise.allSettled(calls)) {
        if (call.status === 'rejected' && !call.reason.matches(domain, code))
            throw call.reason;
    }
}

async function settle(patience = 20) {
    const end = GLib.get_monotonic_time() + patience * GLib.USEC_PER_SEC;

    do {
        System.gc();
        await wait(1);
    } while (DevboxTest.describe_leftovers(0) !== null && GLib.get_monotonic_time() < end);
}

async function runRounds(round, nRounds) {
    for (let i = 0; i < N_WARM_UP; i++)
        await round();
    await settle(0.2); // some things are made once and stay
    DevboxTest.mark();
    const start = GLib.get_monotonic_time();
    for (let i = 0; i < nRounds; i++) {
        await round();
        // What a program that does nothing else would leave to the collector for long.
        if (i % 50 === 0)
            System.gc();
    }
    await settle();
    print(`# ${nRounds} rounds in ${Math.round((GLib.get_monotonic_time() - start) / 1000)} ms, grown by ${DevboxTest.get_growth()} KiB`);
    assertEqual(DevboxTest.describe_leftovers(MAX_GROWTH_KIB), null);
}

test('one call', () => runRounds(async () => {
    const client = new Devbox.Client();
    const contents = await instanceOf(client).load_file_async('file', null);
    assertEqual(new TextDecoder().decode(contents.toArray()), 'contents');
    client.close();
}, N_ROUNDS));

test('one blocking call', () => runRounds(() => {
    const client = new Devbox.Client();
    assertEqual(instanceOf(client).is_healthy_sync(null), true);
    client.close();
}, N_ROUNDS));

test('never closed', () => runRounds(() => instanceOf(new Devbox.Client()).is_healthy_async(null), N_ROUNDS / 4));

test('calls in flight', () => runRounds(async () => {
    const client = new Devbox.Client();
    const instance = instanceOf(client);
    const calls = [];
    for (let i = 0; i < N_IN_FLIGHT; i++)
        calls.push(instance.run_async(Devbox.Command.new(SLEEP), null));
    await wait(2);
    client.close();
    await endsWith(calls, Devbox.Error, Devbox.Error.CONNECTION_FAILED);
}, N_ROUNDS / 20));

test('cancelled calls', () => runRounds(async () => {
    const instance = instanceOf(new Devbox.Client());
    const cancellable = new Gio.Cancellable();
    const calls = [];
    for (let i = 0; i < N_IN_FLIGHT; i++)
        calls.push(instance.run_async(Devbox.Command.new(SLEEP), cancellable));
    await wait(1);
    cancellable.cancel();
    await endsWith(calls, Gio.IOErrorEnum, Gio.IOErrorEnum.CANCELLED);
}, N_ROUNDS / 20));

async function openThings(client) {
    const instance = instanceOf(client);
    const process = await instance.spawn_async(Devbox.Command.new(SLEEP), null);
    const monitor = await instance.monitor_files_async('.', 0, null);
    const stream = await instance.open_file_async('file', null);
    const log = await process.open_log_async(0, null);
    const streamed = await instance.run_streamed_async(Devbox.Command.new(SLEEP), null);
    const entries = [log.next_entry_async(null), streamed.next_entry_async(null)];
    monitor.connect('changed', () => {});

    return {monitor, stream, log, streamed, entries};
}

test('things open', () => runRounds(async () => {
    const client = new Devbox.Client();
    const {entries} = await openThings(client);
    client.close();
    await Promise.allSettled(entries);
}, N_ROUNDS / 20));

test('things open, never closed', () => runRounds(async () => {
    const {log, entries} = await openThings(new Devbox.Client());
    log.close();
    await Promise.allSettled(entries);
}, N_ROUNDS / 20));

main(async () => {
    instanceOf(new Devbox.Client()).replace_file_sync('file', new GLib.Bytes(new TextEncoder().encode('contents')), 0, null);
    DevboxTest.mark();
    await runTests();
});
