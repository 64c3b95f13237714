// SPDX-License-Identifier: LGPL-2.1-or-later
// Path policies and metrics that are written in GJS.
import Devbox from 'gi://Devbox?version=1';
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import GObject from 'gi://GObject';

import {assertEqual, assertFails, main, runTests, test} from './tap.js';

const Policy = GObject.registerClass(class Policy extends Devbox.PathPolicy {
    vfunc_check_path(path) {
        if (path === 'own')
            throw new GLib.Error(Devbox.Error, Devbox.Error.INSUFFICIENT_PERMISSIONS, 'Mine');
        if (path === 'io')
            throw new GLib.Error(Gio.IOErrorEnum, Gio.IOErrorEnum.READ_ONLY, 'Hands off');
        if (path === 'bug')
            throw new TypeError('this is a bug');
        return path !== 'no' && super.vfunc_check_path(path);
    }
});

const Metrics = GObject.registerClass(class Metrics extends Devbox.Metrics {
    _init(...args) {
        super._init(...args);
        this.told = [];
    }

    vfunc_record_connection() {
        this.told.push(['connection']);
        super.vfunc_record_connection();
    }

    vfunc_record_operation(latency, succeeded) {
        this.told.push(['operation', latency, succeeded]);
        super.vfunc_record_operation(latency, succeeded);
    }

    vfunc_record_transfer(nFiles, nBytes, latency) {
        this.told.push(['transfer', nFiles, nBytes, latency]);
        super.vfunc_record_transfer(nFiles, nBytes, latency);
    }

    vfunc_record_error(code) {
        this.told.push(['error', code]);
        super.vfunc_record_error(code);
    }
});

async function assertRefused(policy, path, code) {
    const error = await assertFails(() => policy.check_path(path), Devbox.Error, code);
    assertEqual(Devbox.ErrorInfo.from_error(error).get_value(), path);
    return error;
}

test('default path policy', async () => {
    const policy = new Devbox.PathPolicy();
    assertEqual(policy.workspace, '/workspace');
    assertEqual(policy.check_path('a/../b'), true);
    assertEqual(policy.check_path('/workspace/a'), true);
    await assertRefused(policy, '..', Devbox.Error.PATH_TRAVERSAL_DETECTED);
    await assertRefused(policy, '', Devbox.Error.VALIDATION_ERROR);
    await assertRefused(Devbox.PathPolicy.new(null), '/workspace/a', Devbox.Error.PATH_TRAVERSAL_DETECTED);
    await assertRefused(new Policy({workspace: null}), '/workspace/a', Devbox.Error.PATH_TRAVERSAL_DETECTED);
});

test('derived path policy', async () => {
    const policy = new Policy();
    assertEqual(policy.check_path('a'), true);
    await assertRefused(policy, '..', Devbox.Error.PATH_TRAVERSAL_DETECTED);
    await assertRefused(policy, 'no', Devbox.Error.VALIDATION_ERROR);
    await assertRefused(policy, 'bug', Devbox.Error.VALIDATION_ERROR);

    const own = await assertRefused(policy, 'own', Devbox.Error.INSUFFICIENT_PERMISSIONS);
    assertEqual(own.message, 'Mine');
    const io = await assertRefused(policy, 'io', Devbox.Error.VALIDATION_ERROR);
    assertEqual(io.message, 'Hands off');
    const cause = Devbox.ErrorInfo.from_error(io).get_cause();
    assertEqual(cause.matches(Gio.IOErrorEnum, Gio.IOErrorEnum.READ_ONLY), true);
});

test('metrics', () => {
    const metrics = new Metrics();
    metrics.record_connection();
    metrics.record_operation(1000, true);
    metrics.record_operation(4000, false);
    metrics.record_transfer(3, 2 ** 40, 1000);
    metrics.record_error(Devbox.Error.CONFLICT);

    assertEqual(metrics.told, [['connection'], ['operation', 1000, true], ['operation', 4000, false],
        ['transfer', 3, 2 ** 40, 1000], ['error', Devbox.Error.CONFLICT]]);
    const snapshot = metrics.get_snapshot();
    metrics.reset();
    assertEqual([snapshot.connections_created, snapshot.files_transferred, snapshot.bytes_transferred, snapshot.errors,
        snapshot.operations, snapshot.average_latency], [1, 3, 2 ** 40, 1, 2, 2.5]);
    assertEqual([metrics.operations, metrics.average_latency], [0, 0]);
});

main(runTests);
