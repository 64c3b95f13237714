#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""An agent and a client in one Python process."""
import asyncio
import gc
import os
import tempfile
import time
import unittest

import gi
gi.require_version("Devbox", "1")
gi.require_version("DevboxServer", "1")
from gi.repository import Devbox, DevboxServer, Gio, GLib

import tap


class EmbeddedTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="devbox-test-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.agent = DevboxServer.Agent.new(self.folder)
        self.agent.start(None)
        self.addCleanup(self.agent.stop)
        self.client = Devbox.Client.new()
        self.addCleanup(self.client.close)
        self.box = Devbox.Instance.new_for_agent_with_client(self.client, self.agent.dup_uri(), None)

    def assert_code(self, error, code):
        self.assertTrue(error.matches(Devbox.error_quark(), code), error)

    def test_blocking_calls(self):
        self.assertTrue(self.box.is_healthy_sync())
        self.assertTrue(self.box.replace_file_sync("a/b.txt", b"\0bytes\xff", 0o640))
        self.assertEqual(bytes(self.box.load_file_sync("a/b.txt")), b"\0bytes\xff")
        self.assertEqual(os.stat(os.path.join(self.folder, "a/b.txt")).st_mode & 0o777, 0o640)
        result = self.box.run_sync(Devbox.Command.new(["sh", "-c", "echo out; echo err >&2; exit 3"]))
        self.assertEqual((result.get_exit_code(), result.get_stdout_text(), result.get_stderr_text()), (3, "out\n", "err\n"))

    def test_awaitable_calls(self):
        async def main():
            await self.box.replace_file_async("text.txt", "Grüße", 0)
            content = await self.box.load_file_async("text.txt")
            commands = (self.box.run_async(Devbox.Command.new(["echo", str(number)])) for number in range(20))
            results = await asyncio.gather(*commands)
            return bytes(content).decode(), [result.get_stdout_text().strip() for result in results]
        self.assertEqual(asyncio.run(main()), ("Grüße", [str(number) for number in range(20)]))

    def test_errors_have_code_and_info(self):
        async def main():
            await self.box.load_file_async("missing.txt")
        for call in (lambda: self.box.load_file_sync("missing.txt"), lambda: asyncio.run(main())):
            with self.assertRaises(GLib.Error) as caught:
                call()
            self.assert_code(caught.exception, Devbox.Error.FILE_NOT_FOUND)
            self.assertEqual(caught.exception.info.get_http_status(), 404)
            self.assertEqual(caught.exception.info.get_path(), "missing.txt")
            self.assertEqual(caught.exception.info.get_code_name(), "FILE_NOT_FOUND")

    def test_time_out_carries_what_was_printed(self):
        command = Devbox.Command.new_for_shell("echo before; sleep 60")
        command.set_timeout(300)
        with self.assertRaises(GLib.Error) as caught:
            self.box.run_sync(command)
        self.assert_code(caught.exception, Devbox.Error.OPERATION_TIMEOUT)
        self.assertEqual(caught.exception.info.get_command_result().get_stdout_text(), "before\n")

    def test_deadline(self):
        self.client.set_timeout(200)
        command = Devbox.Command.new(["sleep", "60"])
        command.set_timeout(100)
        with self.assertRaises(GLib.Error) as caught:
            self.box.run_sync(command)
        self.assert_code(caught.exception, Devbox.Error.OPERATION_TIMEOUT)

    def test_cancel(self):
        async def main():
            task = asyncio.ensure_future(self.box.run_async(Devbox.Command.new(["sleep", "60"])))
            await asyncio.sleep(0.1)
            task.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await task
        asyncio.run(main())
        cancellable = Gio.Cancellable()
        cancellable.cancel()
        with self.assertRaises(GLib.Error) as caught:
            self.box.load_file_sync("x", cancellable)
        self.assertTrue(caught.exception.matches(Gio.io_error_quark(), Gio.IOErrorEnum.CANCELLED))

    def test_monitor(self):
        async def main():
            monitor = await self.box.monitor_files_async("")
            seen = []
            done = asyncio.get_running_loop().create_future()

            def on_changed(monitor, path, old_path, event):
                seen.append((event, path))
                if path == "d/f" and not done.done():
                    done.set_result(None)
            monitor.connect("changed", on_changed)
            await self.box.replace_file_async("d/f", "x", 0)
            await asyncio.wait_for(done, 10)
            monitor.cancel()
            return seen
        seen = asyncio.run(main())
        self.assertIn((Gio.FileMonitorEvent.CREATED, "d"), seen)
        self.assertIn((Gio.FileMonitorEvent.CREATED, "d/f"), seen)

    def test_monitor_outlives_the_agent(self):
        async def main():
            monitor = await self.box.monitor_files_async("")
            seen = asyncio.Queue()
            monitor.connect("overflow", lambda monitor, path: seen.put_nowait(("overflow", path)))
            monitor.connect("changed", lambda monitor, path, old_path, event: seen.put_nowait((event, path)))
            self.agent.props.port = int(self.agent.dup_uri().rpartition(":")[2])
            self.agent.stop()
            self.agent.start(None)
            self.assertEqual(await asyncio.wait_for(seen.get(), 10), ("overflow", ""))
            await self.box.replace_file_async("f", "x")
            self.assertEqual(await asyncio.wait_for(seen.get(), 10), (Gio.FileMonitorEvent.CREATED, "f"))
        asyncio.run(main())

    def test_nothing_is_left(self):
        def count():
            gc.collect()
            while GLib.MainContext.default().iteration(False):
                pass
            return len(os.listdir("/proc/self/fd")), len(os.listdir("/proc/self/task"))

        def one_round():
            box = Devbox.Instance.new_for_agent(self.agent.dup_uri(), None)
            monitor = box.monitor_files_sync("")
            monitor.connect("changed", lambda *unused: None)
            box.replace_file_sync("f", "x")

        def settle(limit):
            deadline = time.monotonic() + 10
            while (now := count()) > limit and time.monotonic() < deadline:
                time.sleep(0.01)
            return now

        one_round()
        time.sleep(0.2)
        before = count()
        for _ in range(50):
            one_round()
        descriptors, threads = settle((before[0] + 4, before[1] + 2))
        self.assertLess(descriptors, before[0] + 10)
        self.assertLess(threads, before[1] + 10)

    def test_request_finished_signal(self):
        seen = []
        self.agent.connect("request-finished", lambda agent, method, path, status, sent, duration: seen.append((method, path, status)))
        self.box.is_healthy_sync()
        context = GLib.MainContext.default()
        for _ in range(100):
            context.iteration(False)
            if seen:
                break
            GLib.usleep(10_000)
        self.assertIn(("GET", "/health", 200), seen)

    def test_agent_starts_again_and_refuses_twice(self):
        with self.assertRaises(GLib.Error) as caught:
            self.agent.start(None)
        self.assertTrue(caught.exception.matches(Gio.io_error_quark(), Gio.IOErrorEnum.PENDING))
        self.agent.stop()
        self.assertIsNone(self.agent.dup_uri())
        self.assertFalse(self.box.is_healthy_sync())
        self.agent.start(None)
        self.assertTrue(self.agent.is_running())

    def test_nothing_to_serve(self):
        for properties in ({"workspace_path": None}, {"workspace_path": self.folder, "host": None}):
            with self.assertRaises(GLib.Error) as caught:
                DevboxServer.Agent(**properties).start(None)
            self.assertTrue(caught.exception.matches(Gio.io_error_quark(), Gio.IOErrorEnum.INVALID_ARGUMENT))

    def test_bad_workspace(self):
        agent = DevboxServer.Agent.new(self.folder + "/nowhere")
        with self.assertRaises(GLib.Error) as caught:
            agent.start(None)
        self.assertTrue(caught.exception.matches(Gio.io_error_quark(), Gio.IOErrorEnum.NOT_FOUND))

    def test_token(self):
        self.agent.stop()
        self.agent.props.token = "s3same"
        self.agent.start(None)
        with self.assertRaises(GLib.Error) as caught:
            Devbox.Instance.new_for_agent(self.agent.dup_uri(), "wrong").load_file_sync("x")
        self.assert_code(caught.exception, Devbox.Error.AUTHENTICATION_FAILED)
        self.assertNotIn("wrong", caught.exception.message)
        Devbox.Instance.new_for_agent(self.agent.dup_uri(), "s3same").replace_file_sync("x", b"", 0)


if __name__ == "__main__":
    tap.main()
