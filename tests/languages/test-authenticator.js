// SPDX-License-Identifier: LGPL-2.1-or-later
// Authenticators that are written in GJS, and kubeconfigs in its terms.
import Devbox from 'gi://Devbox?version=1';
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import GObject from 'gi://GObject';

import {assertEqual, assertFails, main, runTests, test} from './tap.js';

const TEXT = `
current-context: x
contexts: [{name: x, context: {user: u}}, {name: y, context: {user: v}}]
users: [{name: u, user: {token: t}}, {name: v, user: {token: t}}]
`;

const Authenticator = GObject.registerClass({
    Implements: [Devbox.Authenticator],
}, class Authenticator extends GObject.Object {
    vfunc_authenticate(run) {
        this.asked = [run.get_base_url(), run.get_form()];
        this.behave(run);
    }
});

// Nobody is there: what counts is with which error a call ends.
function makeClient(behave) {
    const authenticator = new Authenticator();
    authenticator.behave = behave;
    const client = new Devbox.Client({baseUrl: 'http://127.0.0.1:1', maxRetries: 0});
    client.set_authenticator(authenticator);

    return [client, authenticator];
}

test('an authenticator is asked', async () => {
    const [client, authenticator] = makeClient(run => run.complete('Bearer mine'));

    await assertFails(() => client.test_auth_async(null), Devbox.Error, Devbox.Error.CONNECTION_FAILED);
    assertEqual(authenticator.asked[0], 'http://127.0.0.1:1');
    assertEqual(authenticator.asked[1], Devbox.AuthorizationForm.PLAIN);
});

test('an authenticator may end later', async () => {
    const [client] = makeClient(run => GLib.timeout_add(GLib.PRIORITY_DEFAULT, 10, () => {
        run.complete('Bearer mine');
        return GLib.SOURCE_REMOVE;
    }));

    await assertFails(() => client.test_auth_async(null), Devbox.Error, Devbox.Error.CONNECTION_FAILED);
});

test('an authenticator may fail', async () => {
    const [client] = makeClient(run => run.fail(new GLib.Error(Devbox.Error, Devbox.Error.TOKEN_EXPIRED, 'Not today')));

    await assertFails(() => client.test_auth_async(null), Devbox.Error, Devbox.Error.TOKEN_EXPIRED);
    await assertFails(() => client.test_auth_sync(null), Devbox.Error, Devbox.Error.TOKEN_EXPIRED);
});

test('another error is the cause', async () => {
    const [client] = makeClient(run => run.fail(new GLib.Error(Gio.IOErrorEnum, Gio.IOErrorEnum.NOT_FOUND, 'No keyring')));

    await assertFails(() => client.test_auth_async(null), Devbox.Error, Devbox.Error.AUTHENTICATION_FAILED);
});

test('a header is checked', async () => {
    const [client] = makeClient(run => run.complete('a\r\nX-Evil: 1'));

    await assertFails(() => client.test_auth_async(null), Devbox.Error, Devbox.Error.VALIDATION_ERROR);
});

test('kubeconfigs', async () => {
    const [file, stream] = Gio.File.new_tmp('devbox-test-XXXXXX');
    stream.close(null);
    file.replace_contents(TEXT, null, false, Gio.FileCreateFlags.NONE, null);

    const kubeconfig = await Devbox.Kubeconfig.load_file_async(file);
    assertEqual(kubeconfig.user, 'u');
    assertEqual(kubeconfig.get_contexts().join(), 'x,y');
    assertEqual((await Devbox.Kubeconfig.load_file_async(file, 'y')).user, 'v');
    assertEqual(Devbox.Kubeconfig.load_file_sync(file).user, 'u');
    assertEqual(kubeconfig.with_context('y').user, 'v');
    await assertFails(() => Devbox.Kubeconfig.load_file_async(file, 'z'), Devbox.Error, Devbox.Error.INVALID_KUBECONFIG);
    await assertFails(() => Devbox.Kubeconfig.new_from_bytes(new GLib.Bytes('a: [')), Devbox.Error, Devbox.Error.INVALID_KUBECONFIG);
    file.delete(null);
});

main(runTests);
