#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Path policies and metrics that are written in Python."""
import asyncio
import contextlib
import gc
import io
import sys
import unittest
import weakref

import gi
gi.require_version("Devbox", "1")
from gi.repository import Devbox, Gio, GLib

import tap
from scripted_agent import ScriptedAgent

DOMAIN = Devbox.error_quark()
DOMAIN_NAME = GLib.quark_to_string(DOMAIN)


class Policy(Devbox.PathPolicy):
    def do_check_path(self, path):
        if path == "own":
            raise GLib.Error("Mine", DOMAIN_NAME, Devbox.Error.INSUFFICIENT_PERMISSIONS)
        if path == "io":
            raise GLib.Error("Hands off", GLib.quark_to_string(Gio.io_error_quark()), Gio.IOErrorEnum.READ_ONLY)
        if path == "bug":
            raise ValueError("this is a bug")
        if path == "no":
            return False
        return Devbox.PathPolicy.do_check_path(self, path)


class Metrics(Devbox.Metrics):
    def __init__(self):
        super().__init__()
        self.told = []

    def do_record_connection(self):
        self.told.append(("connection",))
        Devbox.Metrics.do_record_connection(self)

    def do_record_operation(self, latency_us, succeeded):
        self.told.append(("operation", latency_us, succeeded))
        Devbox.Metrics.do_record_operation(self, latency_us, succeeded)

    def do_record_transfer(self, n_files, n_bytes, latency_us):
        self.told.append(("transfer", n_files, n_bytes, latency_us))
        Devbox.Metrics.do_record_transfer(self, n_files, n_bytes, latency_us)

    def do_record_error(self, code):
        self.told.append(("error", code))
        Devbox.Metrics.do_record_error(self, code)


class InClient(unittest.TestCase):
    """Both, as a client asks and tells them."""

    def setUp(self):
        self.agent = ScriptedAgent()
        self.addCleanup(self.agent.stop)
        self.agent.files["f"] = b"abc"
        self.instance = Devbox.Instance.new_for_agent(self.agent.url, None)
        self.client = self.instance.get_client()
        self.addCleanup(self.client.close)

    def test_policy(self):
        policy = self.client.props.path_policy = Policy()  # a property warns of what Python itself does not keep
        self.assertEqual(self.instance.load_file_sync("f"), b"abc")
        n_requests = len(self.agent.requests)
        for call in (lambda: self.instance.load_file_sync("own"), lambda: asyncio.run(self.load("own")),
                     lambda: self.instance.replace_file_sync("own", b"")):
            with self.assertRaises(GLib.Error) as caught:
                call()
            self.assertTrue(caught.exception.matches(DOMAIN, Devbox.Error.INSUFFICIENT_PERMISSIONS), caught.exception)
            self.assertEqual(caught.exception.info.get_value(), "own")
        self.assertEqual(len(self.agent.requests), n_requests)

        del policy
        self.client.props.path_policy = None
        with self.assertRaises(GLib.Error) as caught:
            self.instance.load_file_sync("..")
        self.assertTrue(caught.exception.matches(DOMAIN, Devbox.Error.PATH_TRAVERSAL_DETECTED), caught.exception)

    async def load(self, path):
        return await self.instance.load_file_async(path)

    def test_metrics_without_main_loop(self):
        metrics = self.client.props.metrics = Metrics()
        self.instance.load_file_sync("f")
        with self.assertRaises(GLib.Error):
            self.instance.load_file_sync("missing")
        self.check(metrics)

    def test_metrics_with_main_loop(self):
        metrics = self.client.props.metrics = Metrics()

        async def run():
            await self.load("f")
            with self.assertRaises(GLib.Error):
                await self.load("missing")
            while len(metrics.told) < 5:
                await asyncio.sleep(0.001)

        asyncio.run(run())
        self.check(metrics)

    def check(self, metrics):
        kinds = [name for name, *unused in metrics.told]
        self.assertEqual(sorted(kinds), ["connection", "error", "operation", "operation", "transfer"])
        self.assertIn(("error", Devbox.Error.FILE_NOT_FOUND), metrics.told)
        operations = [arguments for name, *arguments in metrics.told if name == "operation"]
        self.assertEqual([succeeded for unused, succeeded in operations], [True, False])
        self.assertGreater(min(latency for latency, unused in operations), 0)
        transfer, = (arguments for name, *arguments in metrics.told if name == "transfer")
        self.assertEqual(transfer[0], 1)
        self.assertGreaterEqual(transfer[1], len(self.agent.files["f"]))
        self.assertEqual(metrics.props.operations, 2)


class PathPolicy(unittest.TestCase):
    def assert_refused(self, policy, path, code):
        with self.assertRaises(GLib.Error) as caught:
            policy.check_path(path)
        self.assertTrue(caught.exception.matches(DOMAIN, code), caught.exception)
        self.assertEqual(caught.exception.info.get_value(), path)
        return caught.exception

    def test_default(self):
        policy = Devbox.PathPolicy()
        self.assertEqual(policy.props.workspace, "/workspace")
        self.assertTrue(policy.check_path("a/../b"))
        self.assertTrue(policy.check_path("/workspace/a"))
        self.assert_refused(policy, "a/../../b", Devbox.Error.PATH_TRAVERSAL_DETECTED)
        self.assert_refused(policy, "", Devbox.Error.VALIDATION_ERROR)

    def test_workspace(self):
        self.assertTrue(Devbox.PathPolicy.new("/srv").check_path("/srv/a"))
        for policy in (Devbox.PathPolicy.new(None), Devbox.PathPolicy(workspace=None), Policy(workspace=None)):
            self.assertIsNone(policy.get_workspace())
            self.assert_refused(policy, "/workspace/a", Devbox.Error.PATH_TRAVERSAL_DETECTED)

    def test_derived(self):
        policy = Policy()
        self.assertTrue(policy.check_path("a"))
        self.assert_refused(policy, "..", Devbox.Error.PATH_TRAVERSAL_DETECTED)
        error = self.assert_refused(policy, "own", Devbox.Error.INSUFFICIENT_PERMISSIONS)
        self.assertEqual(error.message, "Mine")
        self.assertIsNone(error.info.get_cause())
        error = self.assert_refused(policy, "io", Devbox.Error.VALIDATION_ERROR)
        self.assertEqual(error.message, "Hands off")
        self.assertTrue(error.info.get_cause().matches(Gio.io_error_quark(), Gio.IOErrorEnum.READ_ONLY))
        self.assert_refused(policy, "no", Devbox.Error.VALIDATION_ERROR)

    def test_bug(self):
        # PyGObject prints what is no GLib.Error; the path does not pass.
        with contextlib.redirect_stderr(io.StringIO()) as printed:
            self.assert_refused(Policy(), "bug", Devbox.Error.VALIDATION_ERROR)
        self.assertIn("this is a bug", printed.getvalue())

    def test_references(self):
        policy = Policy()
        before = sys.getrefcount(policy)
        for path in ("a", "..", "own", "io", "no") * 100:
            with contextlib.suppress(GLib.Error):
                policy.check_path(path)
        self.assertEqual(sys.getrefcount(policy), before)
        reference = weakref.ref(policy)
        del policy
        gc.collect()
        self.assertIsNone(reference())


class MetricsTest(unittest.TestCase):
    def record(self, metrics):
        metrics.record_connection()
        metrics.record_operation(1000, True)
        metrics.record_operation(4000, False)
        metrics.record_transfer(3, 2 ** 40, 1000)
        metrics.record_error(Devbox.Error.CONFLICT)

    def assert_values(self, values):
        self.assertEqual([values.props.connections_created, values.props.files_transferred,
                          values.props.bytes_transferred, values.props.errors, values.props.operations,
                          values.props.average_latency], [1, 3, 2 ** 40, 1, 2, 2.5])

    def test_base(self):
        metrics = Devbox.Metrics()
        self.record(metrics)
        self.assert_values(metrics)
        snapshot = metrics.get_snapshot()
        metrics.reset()
        self.assertEqual(metrics.props.operations, 0)
        self.assert_values(snapshot)

    def test_derived(self):
        metrics = Metrics()
        self.record(metrics)
        self.assert_values(metrics)
        self.assertEqual(metrics.told, [("connection",), ("operation", 1000, True), ("operation", 4000, False),
                                        ("transfer", 3, 2 ** 40, 1000), ("error", Devbox.Error.CONFLICT)])

    def test_notify(self):
        metrics = Metrics()
        notified = set()
        metrics.connect("notify", lambda metrics, pspec: notified.add(pspec.name))
        self.record(metrics)
        self.assertEqual(notified, set())
        while not notified:
            GLib.MainContext.default().iteration(True)
        self.assertEqual(notified, {"connections-created", "files-transferred", "bytes-transferred", "errors",
                                    "operations", "average-latency"})


if __name__ == "__main__":
    tap.main()
