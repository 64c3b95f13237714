#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A platform, its client and a devbox's in one Python process."""
import base64
import os
import tempfile
import time
import unittest
import urllib.parse

import gi
gi.require_version("Devbox", "1")
gi.require_version("DevboxServer", "1")
from gi.repository import Devbox, DevboxServer, Gio, GLib

import tap
from local_platform import API, User
from program import send


class PlatformTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="devbox-test-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.platform = self.make("data")
        self.platform.start(None)
        self.addCleanup(self.platform.stop)

    def make(self, data_folder, **properties):
        properties.setdefault("kubeconfig_path", os.path.join(self.folder, "configuration", "kubeconfig"))
        return DevboxServer.Platform(data_folder=os.path.join(self.folder, data_folder), **properties)

    def ask(self, method, path="", body=None, kubeconfig=None):
        address = urllib.parse.urlsplit(self.platform.dup_uri())
        user = User(kubeconfig or self.platform.dup_kubeconfig())
        return send(address.hostname, address.port, method, API + path, body, user.headers())

    def make_box(self, name):
        self.assertEqual(self.ask("POST", "", {"name": name, "runtime": "bash", "resource": {"cpu": 1, "memory": 1}}).status, 201)
        deadline = time.monotonic() + 30
        while (detail := self.ask("GET", f"/{name}").json())["status"] != "Running":
            self.assertLess(time.monotonic(), deadline, detail)
            time.sleep(0.02)
        token = base64.b64decode(detail["agentServer"]["token"]).decode()
        return Devbox.Instance.new_for_agent(detail["ports"][0]["publicAddress"], token)

    def assert_fails(self, code, call, *arguments):
        with self.assertRaises(GLib.Error) as caught:
            call(*arguments)
        self.assertTrue(caught.exception.matches(Gio.io_error_quark(), code), caught.exception)
        return caught.exception.message

    def test_a_devbox(self):
        box = self.make_box("one")
        self.assertEqual(box.run_sync(Devbox.Command.new_for_shell("echo $((6*7)) > file; cat file")).get_stdout_text(), "42\n")
        self.assertTrue(self.platform.is_running())
        self.platform.stop()
        self.assertFalse(self.platform.is_running())
        self.assertFalse(box.is_healthy_sync())
        self.assertIsNone(self.platform.dup_uri())
        self.assertIsNone(self.platform.dup_kubeconfig())
        self.assertEqual(self.platform.get_active_sandbox(), DevboxServer.Sandbox.AUTO)

        self.platform.start(None)
        self.assertEqual([one["name"] for one in self.ask("GET").json()["data"]], ["one"])

    def test_what_it_tells_of_itself(self):
        self.assertRegex(self.platform.dup_uri(), r"^http://127\.0\.0\.1:\d+$")
        self.assertEqual(self.platform.dup_data_folder(), os.path.join(self.folder, "data"))
        path = self.platform.dup_kubeconfig_path()
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        with open(path) as file:
            self.assertEqual(file.read(), self.platform.dup_kubeconfig())
        self.assertIn(self.platform.get_active_sandbox(), (DevboxServer.Sandbox.BUBBLEWRAP, DevboxServer.Sandbox.NONE))

    def test_without_a_sandbox(self):
        platform = self.make("other", sandbox=DevboxServer.Sandbox.NONE, kubeconfig_path=os.path.join(self.folder, "other.yaml"))
        platform.start(None)
        self.assertEqual(platform.get_active_sandbox(), DevboxServer.Sandbox.NONE)
        self.assertIsNone(platform.dup_sandbox_reason())
        platform.stop()

    def test_users(self):
        kubeconfig = self.platform.add_user("alice")
        self.assertEqual(self.platform.dup_users(), ["admin", "alice"])
        self.assertEqual(self.ask("GET", kubeconfig=kubeconfig).json()["data"], [])
        self.assert_fails(Gio.IOErrorEnum.EXISTS, self.platform.add_user, "alice")
        self.assert_fails(Gio.IOErrorEnum.INVALID_ARGUMENT, self.platform.add_user, "Alice!")

        rotated = self.platform.rotate_user("alice")
        self.assertEqual(self.ask("GET", kubeconfig=kubeconfig).status, 401)
        self.assertEqual(self.ask("GET", kubeconfig=rotated).status, 200)
        self.assert_fails(Gio.IOErrorEnum.INVALID_ARGUMENT, self.platform.rotate_user, "bob")

        self.platform.remove_user("alice")
        self.assertEqual(self.ask("GET", kubeconfig=rotated).status, 401)
        self.assert_fails(Gio.IOErrorEnum.EXISTS, self.platform.remove_user, "admin")
        self.assert_fails(Gio.IOErrorEnum.INVALID_ARGUMENT, self.platform.remove_user, "alice")

        before = self.platform.dup_kubeconfig()
        self.assertEqual(self.platform.rotate_user("admin"), self.platform.dup_kubeconfig())
        self.assertNotEqual(before, self.platform.dup_kubeconfig())
        self.platform.stop()
        self.assert_fails(Gio.IOErrorEnum.NOT_CONNECTED, self.platform.add_user, "alice")

    def test_a_user_with_devboxes_stays(self):
        kubeconfig = self.platform.add_user("alice")
        self.ask("POST", "", {"name": "one", "runtime": "bash", "resource": {"cpu": 1, "memory": 1}}, kubeconfig)
        self.assertIn("1 devbox", self.assert_fails(Gio.IOErrorEnum.EXISTS, self.platform.remove_user, "alice"))

    def test_starts_that_fail(self):
        self.assert_fails(Gio.IOErrorEnum.PENDING, self.platform.start, None)
        self.assert_fails(Gio.IOErrorEnum.BUSY, self.make("data").start, None)
        port = urllib.parse.urlsplit(self.platform.dup_uri()).port
        self.assert_fails(Gio.IOErrorEnum.ADDRESS_IN_USE, self.make("other", port=port).start, None)
        self.assert_fails(Gio.IOErrorEnum.NOT_SUPPORTED, self.make("other", host="0.0.0.0").start, None)
        self.assertIn("/nowhere", self.assert_fails(Gio.IOErrorEnum.NOT_FOUND, self.make("other", agent_program="/nowhere").start, None))
        cancellable = Gio.Cancellable.new()
        cancellable.cancel()
        self.assert_fails(Gio.IOErrorEnum.CANCELLED, self.make("other").start, cancellable)

    def test_requests_are_told(self):
        seen = []
        self.platform.connect("request-finished", lambda platform, *request: seen.append(request))
        self.ask("GET", "/nothing")
        deadline = time.monotonic() + 10
        while not seen:
            self.assertLess(time.monotonic(), deadline)
            GLib.MainContext.default().iteration(False)
        method, path, status, bytes_sent, duration = seen[0]
        self.assertEqual((method, path, status), ("GET", API + "/nothing", 404))
        self.assertGreater(bytes_sent, 0)
        self.assertGreater(duration, 0)


if __name__ == "__main__":
    tap.main()
