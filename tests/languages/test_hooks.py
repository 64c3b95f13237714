#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Path policies and metrics that are written in Python."""
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
