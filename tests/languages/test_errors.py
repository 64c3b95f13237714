#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every error code in Python: the table of error_cases.py, matched by code. All codes that there are stand in it."""
import asyncio
import sys
import time
import unittest

import gi
gi.require_version("Devbox", "1")
from gi.repository import Devbox, Gio, GLib

import error_cases
import tap

DOMAIN = Devbox.error_quark()
LATE_BY = 0.1
# A busy machine may be late itself: the best of these counts.
TRIES = 5

# What is called on whom, with which arguments.
CALLS = {
    "load-file": lambda one: (one.instance, "load_file", one.first),
    "replace-file": lambda one: (one.instance, "replace_file", one.first, one.second),
    "delete-file": lambda one: (one.instance, "delete_file", one.first),
    "move": lambda one: (one.instance, "move", one.first, one.second),
    "run": lambda one: (one.instance, "run", make_command(one.first, int(one.second))),
    "get-process-status": lambda one: (one.instance, "get_process_status", int(one.first)),
    "get-session": lambda one: (one.instance, "get_session", one.first),
    "get-agent-info": lambda one: (one.instance, "get_agent_info"),
    "wait-ready": lambda one: (one.instance, "wait_ready", int(one.first)),
    "get-instance": lambda one: (one.client, "get_instance", one.first),
    "create-instance": lambda one: (one.client, "create_instance", Devbox.InstanceSpec.new(one.first, "bash")),
    "start-instance": lambda one: (one.client, "start_instance", one.first),
    "delete-instance": lambda one: (one.client, "delete_instance", one.first),
    "load-file-of": lambda one: (one.client, "load_file", one.first, one.second or "a"),
    "load-kubeconfig": lambda one: (Devbox.Kubeconfig, "load_file", Gio.File.new_for_path(one.first)),
}


def make_command(line, timeout):
    command = Devbox.Command.new_for_shell(line)
    command.set_timeout(timeout)
    return command


class Try:
    """A client of its own, and one call."""

    def __init__(self, case):
        self.case = case
        self.first, self.second = case["first"], case["second"]
        platform = case["platform"]
        self.client = Devbox.Client.new_for_platform(platform, case["token"]) if platform else Devbox.Client()
        self.client.set_header("X-Case", case["name"])
        for name in ("timeout", "retries"):
            self.client.set_property({"retries": "max-retries"}.get(name, name), int(case[name]))
        self.client.set_retry_delay(1)
        pool = self.client.get_pool()
        if case["pool-size"] != "0":
            pool.set_max_size(int(case["pool-size"]))
        if case["connection-timeout"] != "0":
            pool.set_connection_timeout(int(case["connection-timeout"]))
        self.instance = Devbox.Instance.new_for_agent_with_client(self.client, case["agent"] or "http://127.0.0.1:1", case["token"])

    def keep_busy(self):
        if self.case["busy"] == "true":
            self.instance.load_file_async("busy", None, lambda *unused: None)

    def call(self, suffix):
        target, name, *arguments = CALLS[self.case["call"]](self)
        return getattr(target, name + suffix)(*arguments)

    async def wait(self):
        return await self.call("_async")

    def run(self, is_async):
        """The error, and how long it took to come."""
        with self.client:
            self.keep_busy()
            start = time.monotonic()
            try:
                result = asyncio.run(self.wait()) if is_async else self.call("_sync")
            except GLib.Error as error:
                return error, time.monotonic() - start
        raise AssertionError(f"it worked: {result}")


class Errors(unittest.TestCase):
    def check(self, error, case):
        info = error.info
        self.assertTrue(error.matches(DOMAIN, getattr(Devbox.Error, case["code"])), f"{Devbox.Error(error.code)}: {error.message}")
        self.assertEqual(Devbox.Error.get_family(error.code), getattr(Devbox.ErrorFamily, case["family"]))
        self.assertEqual(info.get_code_name(), case["code-name"])
        self.assertEqual(info.get_http_status(), int(case["http-status"]))
        self.assertEqual(info.get_retry_after(), int(case["retry-after"]))
        for told, key in ((info.get_path(), "path"), (info.get_value(), "value")):
            if case[key]:
                self.assertEqual(told, case[key])
        if case["sent"] == "true":
            self.assertRegex(info.get_trace_id(), "^[0-9a-f]{32}$")
            self.assertRegex(info.get_request_id(), case["request-id"] or ".")
        if case["attempts"] != "-1":
            self.assertEqual(info.get_n_attempts(), int(case["attempts"]))

    def check_time(self, run, took, timeout):
        late = took - timeout
        for _ in range(TRIES):
            self.assertGreaterEqual(late, 0)
            if late < LATE_BY:
                break
            late = run()[1] - timeout
        self.assertLess(late, LATE_BY)
        return late

    def run_case(self, case, is_async):
        def run():
            return Try(case).run(is_async)
        error, took = run()
        self.check(error, case)
        if case["deadline"] == "true":
            late = self.check_time(run, took, int(case["timeout"]) / 1000)
            print(f"# {case['name']}: {late * 1000:.1f} ms late")


def add_case(case):
    for suffix in ("sync", "async"):
        setattr(Errors, f"test {case['name']}, {suffix}", lambda self, is_async=suffix == "async": self.run_case(case, is_async))


def load_cases(path):
    file = GLib.KeyFile()
    file.load_from_file(path, GLib.KeyFileFlags.NONE)
    for group in file.get_groups()[0]:
        add_case({"name": group, **{key: file.get_string(group, key) for key in file.get_keys(group)[0]}})


class Table(unittest.TestCase):
    def test_every_code_has_its_cases(self):
        names = {value.value_nick.upper().replace("-", "_") for value in Devbox.Error.__enum_values__.values()}
        self.assertEqual(names, set(error_cases.CODES))
        self.assertEqual(names, {case.code for case in error_cases.CASES})

    def test_no_name_is_there_twice(self):
        names = [case.name for case in error_cases.CASES]
        self.assertEqual(len(names), len(set(names)))


if __name__ == "__main__":
    load_cases(sys.argv.pop())
    tap.main()
