#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Authenticators that are written in Python, and kubeconfigs in Python's terms."""
import asyncio
import http.server
import os
import tempfile
import threading
import time
import unittest

import gi
gi.require_version("Devbox", "1")
from gi.repository import Devbox, Gio, GLib, GObject

import tap

DOMAIN = Devbox.error_quark()
DOMAIN_NAME = GLib.quark_to_string(DOMAIN)
TEXT = """
current-context: x
contexts:
- {name: x, context: {cluster: c, user: u, namespace: ns-u}}
- {name: y, context: {user: v}}
clusters: [{name: c, cluster: {server: "https://one.example:6443"}}]
users: [{name: u, user: {token: t}}, {name: v, user: {token: t}}]
"""


class Platform(http.server.ThreadingHTTPServer):
    """Keeps what it is told."""

    def __init__(self):
        self.told = []
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, args=[0.02], daemon=True).start()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.told.append(self.headers["Authorization"])
        body = b'{"data":[]}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *unused):
        pass


class Authenticator(GObject.Object, Devbox.Authenticator):
    def __init__(self, behaviour):
        super().__init__()
        self.behaviour = behaviour
        self.asked = []

    def do_authenticate(self, run):
        self.asked.append((run.get_base_url(), run.get_form()))
        self.behaviour(run)


def fail(run):
    run.fail(GLib.Error("Not today", DOMAIN_NAME, Devbox.Error.TOKEN_EXPIRED))


def later(run):
    threading.Timer(0.02, run.complete, ["Bearer later"]).start()


class Authenticators(unittest.TestCase):
    def setUp(self):
        self.platform = Platform()
        self.addCleanup(self.platform.server_close)
        self.addCleanup(self.platform.shutdown)
        self.client = Devbox.Client(base_url=self.platform.url)
        self.addCleanup(self.client.close)

    def authenticate_with(self, behaviour):
        authenticator = Authenticator(behaviour)
        self.client.set_authenticator(authenticator)
        return authenticator

    def assert_fails(self, code):
        with self.assertRaises(GLib.Error) as caught:
            self.client.test_auth_sync()
        self.assertTrue(caught.exception.matches(DOMAIN, code), caught.exception)
        self.assertEqual(self.platform.told, [])
        return caught.exception

    def test_at_once(self):
        authenticator = self.authenticate_with(lambda run: run.complete("Bearer mine"))
        self.assertTrue(self.client.test_auth_sync())
        self.assertEqual(self.platform.told, ["Bearer mine"])
        self.assertEqual(authenticator.asked, [(self.platform.url, Devbox.AuthorizationForm.PLAIN)])

    def test_later(self):
        self.authenticate_with(later)
        self.assertTrue(self.client.test_auth_sync())
        self.assertTrue(asyncio.run(self.ask()))
        self.assertEqual(self.platform.told, ["Bearer later"] * 2)

    async def ask(self):
        return await self.client.test_auth_async()

    def test_failure(self):
        self.authenticate_with(fail)
        self.assertEqual(self.assert_fails(Devbox.Error.TOKEN_EXPIRED).message, "Not today")

    def test_malformed(self):
        self.authenticate_with(lambda run: run.complete("a\r\nX-Evil: 1"))
        self.assert_fails(Devbox.Error.VALIDATION_ERROR)

    def test_no_answer(self):
        self.authenticate_with(lambda run: None)
        self.assert_fails(Devbox.Error.AUTHENTICATION_FAILED)

    def test_answer_too_late(self):
        kept = []
        self.authenticate_with(kept.append)
        self.client.set_timeout(50)
        blocking = self.assert_fails(Devbox.Error.OPERATION_TIMEOUT)
        with self.assertRaises(GLib.Error) as caught:
            asyncio.run(self.ask())
        self.assertTrue(caught.exception.matches(DOMAIN, Devbox.Error.OPERATION_TIMEOUT), caught.exception)
        self.assertEqual(caught.exception.message, blocking.message)
        for run in kept:
            run.complete("too late")

    def test_close(self):
        """Who still waits for an authenticator ends with the client."""
        for form in ("blocking", "asynchronous"):
            with self.subTest(form):
                kept = []
                self.client = Devbox.Client(base_url=self.platform.url)
                self.authenticate_with(kept.append)
                timer = threading.Timer(0.05, self.client.close)
                timer.start()
                began = time.monotonic()
                if form == "blocking":
                    self.assert_fails(Devbox.Error.CONNECTION_FAILED)
                else:
                    with self.assertRaises(GLib.Error) as caught:
                        asyncio.run(self.ask())
                    self.assertTrue(caught.exception.matches(DOMAIN, Devbox.Error.CONNECTION_FAILED), caught.exception)
                self.assertLess(time.monotonic() - began, 2)
                timer.join()
                self.assertTrue(kept[0].get_cancellable().is_cancelled())

    def test_instead_of_a_kubeconfig(self):
        self.client.set_kubeconfig(Devbox.Kubeconfig.new_from_bytes(TEXT))
        self.authenticate_with(lambda run: run.complete("mine"))
        self.client.test_auth_sync()
        self.client.set_authenticator(None)
        self.client.test_auth_sync()
        self.assertEqual(self.platform.told[0], "mine")
        self.assertTrue(self.platform.told[1].startswith("apiVersion%3A%20v1"))

    def test_names_are_checked_first(self):
        """Nobody is asked for a credential, nor the platform for an agent, by what is no name of a devbox."""
        authenticator = self.authenticate_with(lambda run: run.complete("mine"))
        values = {
            "path": "file", "contents": GLib.Bytes.new(b"contents"), "mode": 0, "new_name": "other", "recursive": False, "files": {"file": b"contents"}, "flags": Devbox.FileMonitorFlags.NONE,
            "command": Devbox.Command.new(["true"]), "pid": 1, "ports": [], "tag": "v1", "description": None, "start": None, "end": None, "step_ms": 0, "changes": Devbox.InstanceSpec(cpu=1000),
        }
        methods = {info.get_name(): [argument.get_name() for argument in info.get_arguments()] for info in Devbox.Client.__info__.get_methods()}
        calls = {name: names[1:names.index("cancellable")] for name, names in methods.items() if name.endswith("_sync") and names[0] == "name"}
        self.assertGreater(len(calls), 15)
        for name, names in calls.items():
            arguments = ["true" if (name, each) == ("set_autostart_sync", "command") else values[each] for each in names]
            for bad in ("", "Upper", "two words", "../devbox", "x" * 64):
                with self.subTest(call=name, name=bad), self.assertRaises(GLib.Error) as caught:
                    getattr(self.client, name)(bad, *arguments)
                self.assertTrue(caught.exception.matches(DOMAIN, Devbox.Error.VALIDATION_ERROR), caught.exception)
        self.assertEqual((authenticator.asked, self.platform.told), ([], []))

    def test_another_asks_a_kubeconfig(self):
        kubeconfig = Devbox.Kubeconfig.new_for_token(self.platform.url, "token")
        self.client.set_authorization_form(Devbox.AuthorizationForm.BEARER)
        self.authenticate_with(kubeconfig.authenticate)
        self.client.test_auth_sync()
        self.assertEqual(self.platform.told, ["Bearer token"])


class Kubeconfigs(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="devbox-test-")
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "config")
        with open(self.path, "w") as file:
            file.write(TEXT)
        self.file = Gio.File.new_for_path(self.path)

    def test_properties(self):
        kubeconfig = Devbox.Kubeconfig.new_from_bytes(TEXT.encode())
        self.assertEqual([kubeconfig.props.context, kubeconfig.props.contexts, kubeconfig.get_contexts()], ["x", ["x", "y"], ["x", "y"]])
        self.assertEqual([kubeconfig.props.user, kubeconfig.props.namespace, kubeconfig.props.base_url], ["u", "ns-u", "https://devbox.one.example"])
        self.assertEqual(kubeconfig.with_context("y").props.user, "v")
        self.assertEqual(Devbox.Kubeconfig.new_from_bytes(kubeconfig.to_bytes()).to_bytes(), kubeconfig.to_bytes())

    def test_load(self):
        self.assertEqual(Devbox.Kubeconfig.load_file_sync(self.file).props.user, "u")
        self.assertEqual(Devbox.Kubeconfig.load_file_sync(self.file, "y").props.user, "v")
        self.assertEqual(asyncio.run(self.load()).props.user, "u")

    async def load(self, *arguments):
        return await Devbox.Kubeconfig.load_file_async(self.file, *arguments)

    def test_errors(self):
        for call in (lambda: Devbox.Kubeconfig.new_from_bytes("a: ["), lambda: Devbox.Kubeconfig.load_file_sync(self.file, "z"),
                     lambda: asyncio.run(self.load("z")), lambda: Devbox.Kubeconfig.new_from_bytes(TEXT).with_context("z")):
            with self.assertRaises(GLib.Error) as caught:
                call()
            self.assertTrue(caught.exception.matches(DOMAIN, Devbox.Error.INVALID_KUBECONFIG), caught.exception)
            self.assertEqual(caught.exception.info.get_code_name(), "INVALID_KUBECONFIG")

    def test_cancel(self):
        cancellable = Gio.Cancellable()
        cancellable.cancel()
        with self.assertRaises(GLib.Error) as caught:
            Devbox.Kubeconfig.load_default_sync(cancellable=cancellable)
        self.assertTrue(caught.exception.matches(Gio.io_error_quark(), Gio.IOErrorEnum.CANCELLED))


if __name__ == "__main__":
    tap.main()
