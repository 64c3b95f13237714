#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Processes, sessions, logs and ports of the real agent, through the client library."""
import asyncio
import os
import signal
import socket
import threading
import time
import unittest

import gi
gi.require_version("Devbox", "1")
from gi.repository import Devbox, Gio, GLib

import tap
from agent import Agent
from waiting import wait_until

Error = Devbox.Error
Level = Devbox.LogLevel
Status = Devbox.ProcessStatus
DOMAIN = Devbox.error_quark()


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.agent = Agent()
        cls.addClassCleanup(cls.agent.stop)

    def setUp(self):
        self.client = Devbox.Client.new()
        self.addCleanup(self.client.close)
        self.instance = Devbox.Instance.new_for_agent_with_client(self.client, self.agent.url, self.agent.token)

    def spawn(self, line, timeout=60000):
        command = Devbox.Command.new_for_shell(line)
        command.set_timeout(timeout)
        return self.instance.spawn_sync(command)

    def refused(self, code, method, *arguments):
        with self.assertRaises(GLib.Error) as caught:
            method(*arguments)
        self.assertTrue(caught.exception.matches(DOMAIN, code), caught.exception)
        return caught.exception

    def read(self, reader):
        entries = []
        while (entry := reader.next_entry_sync()) is not None:
            entries.append(entry)
        return entries

    def iterate_until(self, condition, timeout=10):
        deadline = time.monotonic() + timeout
        while not condition():
            self.assertLess(time.monotonic(), deadline)
            GLib.MainContext.default().iteration(False) or time.sleep(0.001)


def lives(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


class ProcessTest(Case):
    def test_spawn_and_wait(self):
        process = self.spawn("echo out; echo err >&2; exit 3")
        self.assertRegex(process.get_identifier(), r"^[-_0-9a-z]{8}$")
        self.assertGreater(process.get_pid(), 0)
        self.assertEqual(process.get_command(), "echo out; echo err >&2; exit 3")
        self.assertTrue(process.wait_sync())
        self.assertEqual((process.get_status(), process.get_status_text()), (Status.FAILED, "failed"))
        self.assertEqual((process.get_if_exited(), process.get_exit_status(), process.get_successful()), (True, 3, False))
        self.assertEqual((process.get_if_signaled(), process.get_term_sig()), (False, 0))
        self.assertIsNotNone(process.get_end_time())
        process.refresh_sync()
        self.assertEqual((process.get_stdout(), process.get_stderr(), process.get_truncated()), (b"out\n", b"err\n", False))
        self.assertAlmostEqual(process.get_start_time().to_unix(), time.time(), delta=10)
        self.refused(Error.DEVBOX_OPERATION_FAILED, process.wait_check_sync)

    def test_words_are_words(self):
        self.agent.write("a b $HOME")
        os.chmod(self.agent.path("a b $HOME"), 0o755)
        self.agent.write("a b $HOME", b"#!/bin/sh\necho \"$#\" \"$1\"\n")
        for argv, said in (([f"{self.agent.workspace}/a b $HOME"], b"0 \n"), ([f"{self.agent.workspace}/a b $HOME", "x; $y"], b"1 x; $y\n"), (["true"], b"")):
            process = self.instance.spawn_sync(Devbox.Command.new(argv))
            process.wait_sync()
            process.refresh_sync()
            self.assertEqual(process.get_stdout(), said)

    def test_environment_and_folder(self):
        self.agent.write("folder/file")
        command = Devbox.Command.new_for_shell("pwd; echo $A")
        command.set_cwd("folder")
        command.setenv("A", "b c", True)
        process = self.instance.spawn_sync(command)
        process.wait_check_sync()
        process.refresh_sync()
        self.assertEqual(process.get_stdout().decode(), f"{self.agent.path('folder')}\nb c\n")

    def test_refused(self):
        error = self.refused(Error.VALIDATION_ERROR, self.instance.spawn_sync, Devbox.Command.new(["/no/such/program"]))
        self.assertIn("program", error.message)
        self.refused(Error.VALIDATION_ERROR, self.instance.spawn_sync, Devbox.Command.new([]))
        self.refused(Error.VALIDATION_ERROR, self.instance.get_process_status_sync, 0)
        self.refused(Error.PROCESS_NOT_FOUND, self.instance.get_process_status_sync, 999999999)
        process = self.spawn("true")
        self.refused(Error.VALIDATION_ERROR, process.send_signal_sync, 0)
        self.refused(Error.VALIDATION_ERROR, process.send_signal_sync, 65)
        process.wait_sync()
        self.refused(Error.CONFLICT, process.send_signal_sync, 15)
        self.refused(Error.CONFLICT, process.force_exit_sync)

    def test_list(self):
        running = self.spawn("sleep 100")
        ended = self.spawn("exit 0")
        ended.wait_sync()
        found = {process.get_identifier(): process for process in self.instance.list_processes_sync()}
        self.assertEqual(found[running.get_identifier()].get_status(), Status.RUNNING)
        self.assertEqual(found[running.get_identifier()].get_exit_status(), -1)
        self.assertEqual(found[ended.get_identifier()].get_status(), Status.COMPLETED)
        found[running.get_identifier()].force_exit_sync()
        running.refresh_sync()
        self.assertEqual(running.get_status(), Status.KILLED)

    def test_status_by_pid(self):
        process = self.spawn("echo so far; sleep 100")
        wait_until(lambda: self.instance.get_process_status_sync(process.get_pid()).get_stdout() == b"so far\n")
        status = self.instance.get_process_status_sync(process.get_pid())
        self.assertEqual(status.get_identifier(), process.get_identifier())
        self.assertEqual(status.get_status(), Status.RUNNING)
        self.assertIn("so far", status.get_command())
        self.assertGreater(status.get_memory(), 0)
        self.assertGreaterEqual(status.get_running_time(), 0)
        status.force_exit_sync()

    def test_status_of_a_waited_for_command(self):
        thread = threading.Thread(target=self.instance.run_sync, args=(Devbox.Command.new_for_shell("echo $$ >pid; sleep 0.5"),))
        thread.start()
        wait_until(lambda: os.path.exists(self.agent.path("pid")) and self.agent.read("pid").strip())
        process = self.instance.get_process_status_sync(int(self.agent.read("pid")))
        self.assertIsNone(process.get_identifier())
        self.assertEqual(process.get_status(), Status.RUNNING)
        self.refused(Error.VALIDATION_ERROR, process.send_signal_sync, 9)
        self.refused(Error.VALIDATION_ERROR, process.load_log_sync)
        self.assertTrue(process.wait_sync())
        self.assertEqual(process.get_exit_status(), 0)
        thread.join()

    def test_kill_reaches_grandchildren(self):
        process = self.spawn("(setsid sleep 100 & echo $! >grandchild); trap '' TERM; while :; do sleep 1; done")
        wait_until(lambda: os.path.exists(self.agent.path("grandchild")) and self.agent.read("grandchild").strip())
        grandchild = int(self.agent.read("grandchild"))
        self.assertTrue(lives(grandchild))
        process.force_exit_sync()
        wait_until(lambda: not lives(grandchild))
        process.wait_sync()
        self.assertEqual((process.get_if_signaled(), process.get_term_sig(), process.get_exit_status()), (True, 9, 137))
        self.assertFalse(process.get_if_exited())

    def test_signal_that_is_handled(self):
        process = self.spawn("trap 'exit 5' USR1; echo ready; while :; do sleep 0.05; done")
        reader = process.open_log_sync()
        self.assertEqual(reader.next_entry_sync().get_text(), "ready\n")
        process.send_signal_sync(signal.SIGUSR1)
        process.wait_sync()
        self.assertEqual((process.get_if_exited(), process.get_exit_status()), (True, 5))

    def test_wait_is_told(self):
        """The agent tells of the end: no second request until then."""
        process = self.spawn("sleep 0.4")
        before = time.monotonic()
        process.wait_sync()
        self.assertLess(time.monotonic() - before, 5)

    def test_notify(self):
        process = self.spawn("sleep 0.2; exit 7")
        told = []
        process.connect("notify", lambda process, pspec: told.append((pspec.name, threading.current_thread())))
        asyncio.run(self.wait(process))
        self.iterate_until(lambda: any(name == "exit-status" for name, thread in told))
        self.assertLessEqual({"status", "status-text", "exit-status", "end-time"}, {name for name, thread in told})
        self.assertEqual({thread for name, thread in told}, {threading.current_thread()})

    async def wait(self, process):
        self.assertTrue(await process.wait_async())

    def test_cancelled(self):
        process = self.spawn("sleep 100")
        for call in (process.wait_async, process.wait_check_async):
            with self.subTest(call=call.__name__):
                async def cancel():
                    task = asyncio.ensure_future(self.awaited(call()))
                    await asyncio.sleep(0.1)
                    task.cancel()
                    with self.assertRaises(asyncio.CancelledError):
                        await task
                asyncio.run(cancel())
        process.refresh_sync()
        self.assertEqual(process.get_status(), Status.RUNNING)
        process.force_exit_sync()

    async def awaited(self, call):
        return await call


class LogTest(Case):
    def test_load(self):
        process = self.spawn("for i in 1 2 3; do echo $i; done; echo err >&2; printf end")
        process.wait_sync()
        entries = list(process.load_log_sync())
        self.assertEqual(sorted((entry.get_level(), entry.get_text()) for entry in entries),
                         [(Level.STDOUT, "1\n"), (Level.STDOUT, "2\n"), (Level.STDOUT, "3\n"), (Level.STDOUT, "end"), (Level.STDERR, "err\n")])
        self.assertEqual(len(process.load_log_sync(2)), 2)

    def test_follow(self):
        process = self.spawn("echo before; while [ ! -e go-on ]; do sleep 0.02; done; echo after; printf '\\377\\000'")
        reader = process.open_log_sync()
        first = reader.next_entry_sync()
        self.assertEqual((first.get_level(), first.get_text(), first.get_bytes(), first.get_sequence(), first.get_n_missed()),
                         (Level.STDOUT, "before\n", b"before\n", 1, 0))
        self.assertAlmostEqual(first.get_time().to_unix(), time.time(), delta=10)
        self.agent.write("go-on")
        rest = self.read(reader)
        self.assertEqual([(entry.get_text(), entry.get_bytes(), entry.get_sequence()) for entry in rest],
                         [("after\n", b"after\n", 2), ("\ufffd\ufffd", b"\xff\0", 3)])
        self.assertIsNone(reader.next_entry_sync())
        self.assertIsNone(reader.get_result())

    def test_tail(self):
        process = self.spawn("seq 100; sleep 0.3; echo last")
        wait_until(lambda: len(process.load_log_sync()) == 100)
        self.assertEqual([entry.get_text() for entry in self.read(process.open_log_sync(2))], ["99\n", "100\n", "last\n"])

    def test_async_for(self):
        async def follow():
            process = await self.instance.spawn_async(Devbox.Command.new_for_shell("echo a; sleep 0.2; echo b"))
            return [entry.get_text() async for entry in await process.open_log_async()]

        self.assertEqual(asyncio.run(follow()), ["a\n", "b\n"])

    def test_a_slow_reader_loses_nothing(self):
        """More than the queue holds, and no more than the log keeps."""
        process = self.spawn("seq 5000 | sed 's/$/ ................................................................/'")
        reader = process.open_log_sync()
        self.assertTrue(process.wait_sync())
        time.sleep(0.3)
        numbers = [int(entry.get_text().split()[0]) for entry in self.read(reader)]
        self.assertEqual(numbers, list(range(1, 5001)))

    def test_a_gap_is_told(self):
        process = self.spawn("yes 0123456789 | head -50000; sleep 0.2")
        reader = process.open_log_sync()
        entries = self.read(reader)
        missed = sum(entry.get_n_missed() for entry in entries[1:])  # what was before the first one, its sequence tells
        self.assertEqual(len(entries) + missed + entries[0].get_sequence() - 1, 50000)
        self.assertEqual(entries[-1].get_sequence(), 50000)
        self.assertEqual(sum(entry.get_n_missed() for entry in entries), reader.get_n_missed())

    def test_close(self):
        process = self.spawn("sleep 100")
        reader = process.open_log_sync()
        thread = threading.Timer(0.2, reader.close)
        thread.start()
        self.assertIsNone(reader.next_entry_sync())
        self.assertTrue(reader.is_closed())
        thread.join()
        process.force_exit_sync()

    def test_cancel_goes_on(self):
        process = self.spawn("sleep 0.3; echo said")
        reader = process.open_log_sync()
        cancellable = Gio.Cancellable()
        threading.Timer(0.1, cancellable.cancel).start()
        with self.assertRaises(GLib.Error) as caught:
            reader.next_entry_sync(cancellable)
        self.assertTrue(caught.exception.matches(Gio.io_error_quark(), Gio.IOErrorEnum.CANCELLED))
        self.assertEqual([entry.get_text() for entry in self.read(reader)], ["said\n"])

    def test_one_call_at_a_time(self):
        reader = self.spawn("sleep 100").open_log_sync()

        async def twice():
            first = asyncio.ensure_future(self.awaited(reader.next_entry_async()))
            await asyncio.sleep(0.05)
            with self.assertRaises(GLib.Error) as caught:
                await reader.next_entry_async()
            self.assertTrue(caught.exception.matches(DOMAIN, Error.CONFLICT))
            reader.close()
            self.assertIsNone(await first)

        asyncio.run(twice())

    async def awaited(self, call):
        return await call

    def test_closed_client(self):
        reader = self.spawn("sleep 100").open_log_sync()
        threading.Timer(0.2, self.client.close).start()
        self.refused(Error.CONNECTION_FAILED, reader.next_entry_sync)
        self.refused(Error.CONNECTION_FAILED, reader.next_entry_sync)


class StreamTest(Case):
    def run_streamed(self, line, timeout=60000):
        command = Devbox.Command.new_for_shell(line)
        command.set_timeout(timeout)
        return self.instance.run_streamed_sync(command)

    def test_run(self):
        reader = self.run_streamed("echo out; sleep 0.1; echo err >&2; sleep 0.1; printf '\\377'; exit 4")
        entries = self.read(reader)
        self.assertEqual([(entry.get_level(), entry.get_bytes(), entry.get_sequence()) for entry in entries],
                         [(Level.STDOUT, b"out\n", 1), (Level.STDERR, b"err\n", 2), (Level.STDOUT, b"\xff", 3)])
        result = reader.get_result()
        self.assertEqual((result.get_exit_code(), result.get_stdout(), result.get_truncated()), (4, b"", False))
        self.assertGreater(result.get_duration(), 100)

    def test_async(self):
        async def run():
            reader = await self.instance.run_streamed_async(Devbox.Command.new_for_shell("for i in 1 2 3; do echo $i; sleep 0.05; done"))
            text = "".join([entry.get_text() async for entry in reader])
            return text, reader.get_result().get_exit_code()

        self.assertEqual(asyncio.run(run()), ("1\n2\n3\n", 0))

    def test_large(self):
        """The command waits for the reader: nothing is lost, however much it is."""
        reader = self.run_streamed("seq 2000000")
        time.sleep(0.3)
        size = sum(len(entry.get_bytes()) for entry in self.read(reader))
        self.assertEqual((size, reader.get_result().get_exit_code(), reader.get_result().get_truncated()), (14888896, 0, False))

    def test_failures(self):
        self.refused(Error.VALIDATION_ERROR, self.instance.run_streamed_sync, Devbox.Command.new([]))
        reader = self.instance.run_streamed_sync(Devbox.Command.new(["/no/such/program"]))
        self.refused(Error.VALIDATION_ERROR, reader.next_entry_sync)
        reader = self.run_streamed("echo some; sleep 100", 1000)
        self.assertEqual(reader.next_entry_sync().get_text(), "some\n")
        self.refused(Error.OPERATION_TIMEOUT, reader.next_entry_sync)
        self.assertIsNone(reader.get_result())

    def test_close_ends_the_command(self):
        for how in ("closed", "dropped"):
            with self.subTest(how):
                reader = self.run_streamed("echo $$; sleep 100")
                pid = int(reader.next_entry_sync().get_text())
                self.assertTrue(lives(pid))
                if how == "closed":
                    reader.close()
                    self.assertIsNone(reader.next_entry_sync())
                del reader
                wait_until(lambda: not lives(pid))

    def test_close_while_somebody_reads(self):
        reader = self.run_streamed("sleep 100")
        threading.Timer(0.2, reader.close).start()
        self.assertIsNone(reader.next_entry_sync())


class SessionTest(Case):
    def test_life(self):
        session = self.instance.create_session_sync()
        self.assertEqual((session.get_status(), session.dup_cwd()), (Devbox.SessionStatus.ACTIVE, self.agent.workspace))
        self.assertRegex(session.get_shell(), "sh$")
        session.run_sync("mkdir -p deep/er; greet () { echo \"hello $1\"; }; X=1")
        result = session.run_sync("cd deep; greet $X; echo bad >&2; false")
        self.assertEqual((result.get_stdout(), result.get_stderr(), result.get_exit_code()), (b"hello 1\n", b"bad\n", 1))
        self.assertEqual(session.dup_cwd(), self.agent.path("deep"))
        session.change_directory_sync("er")
        self.assertEqual(session.dup_cwd(), self.agent.path("deep/er"))
        session.set_environ_sync(["A=b c", "D=="])
        self.assertEqual(session.run_sync("echo \"$A$D\"").get_stdout(), b"b c=\n")
        session.refresh_sync()
        self.assertIn("A=b c", session.dup_environ())
        self.assertAlmostEqual(session.get_created().to_unix(), time.time(), delta=20)
        session.terminate_sync()
        self.assertEqual(session.get_status(), Devbox.SessionStatus.TERMINATED)
        session.terminate_sync()
        self.refused(Error.CONFLICT, session.run_sync, "true")

    def test_created_with(self):
        self.agent.write("sub/file")
        session = self.instance.create_session_sync("sub", ["GIVEN=yes"], "/bin/sh")
        self.assertEqual(session.run_sync("echo $GIVEN $(pwd)").get_stdout().decode(), f"yes {self.agent.path('sub')}\n")
        found = {other.get_identifier() for other in self.instance.list_sessions_sync()}
        self.assertIn(session.get_identifier(), found)
        again = self.instance.get_session_sync(session.get_identifier())
        self.assertEqual(again.dup_environ(), ["GIVEN=yes"])
        self.assertEqual(again.run_sync("exit 3").get_exit_code(), 3)
        self.assertEqual(again.get_status(), Devbox.SessionStatus.TERMINATED)

    def test_refused(self):
        self.refused(Error.SESSION_NOT_FOUND, self.instance.get_session_sync, "nobody00")
        self.refused(Error.SESSION_NOT_FOUND, self.instance.get_session_sync, "../process")
        self.refused(Error.VALIDATION_ERROR, self.instance.get_session_sync, "")
        for variables in (["A"], ["1A=b"], ["A-B=c"], ["=x"], ["A=" + "x" * (128 * 1024)]):
            self.refused(Error.VALIDATION_ERROR, self.instance.create_session_sync, None, variables)
        self.refused(Error.PATH_TRAVERSAL_DETECTED, self.instance.create_session_sync, "../..")
        self.refused(Error.VALIDATION_ERROR, self.instance.create_session_sync, None, None, "no-such-shell")
        session = self.instance.create_session_sync()
        self.refused(Error.FILE_NOT_FOUND, session.change_directory_sync, "nowhere")
        self.refused(Error.VALIDATION_ERROR, session.run_sync, "")
        self.refused(Error.VALIDATION_ERROR, session.run_sync, "if")
        self.refused(Error.VALIDATION_ERROR, session.set_environ_sync, ["x"])
        error = self.refused(Error.OPERATION_TIMEOUT, session.run_sync, "echo begun; sleep 100", 1000)
        self.assertEqual(error.info.get_command_result().get_stdout(), b"begun\n")
        self.assertEqual(session.run_sync("echo alive").get_stdout(), b"alive\n")

    def test_log(self):
        session = self.instance.create_session_sync()
        session.run_sync("echo one")
        reader = session.open_log_sync()
        session.run_sync("echo two")
        session.terminate_sync()
        entries = [(entry.get_level(), entry.get_text()) for entry in self.read(reader)]
        self.assertIn((Level.STDOUT, "one\n"), entries)
        self.assertIn((Level.STDOUT, "two\n"), entries)
        self.assertTrue(any(level == Level.SYSTEM for level, text in entries))
        self.assertGreater(len(session.load_log_sync()), 2)

    def test_async(self):
        async def life():
            session = await self.instance.create_session_async()
            await session.set_environ_async(["A=1"])
            result = await session.run_async("echo $A")
            await session.terminate_async()
            return result.get_stdout()

        self.assertEqual(asyncio.run(life()), b"1\n")


class PortTest(Case):
    def test_list(self):
        with socket.create_server(("0.0.0.0", 0)) as server:
            number = server.getsockname()[1]
            self.assertIn(number, [port.get_number() for port in self.instance.list_listening_ports_sync()])
        self.assertNotIn(number, [port.get_number() for port in self.instance.list_listening_ports_sync()])


class DeathTest(unittest.TestCase):
    """An agent that is killed in the middle: what follows something fails, and does not end."""

    def setUp(self):
        self.agent = Agent()
        self.client = Devbox.Client.new()
        self.client.set_timeout(1000)
        self.client.set_retry_delay(20)
        self.instance = Devbox.Instance.new_for_agent_with_client(self.client, self.agent.url, self.agent.token)

    def tearDown(self):
        self.client.close()
        self.agent.stop()

    def kill(self):
        self.agent.process.kill()
        self.agent.process.wait()

    def fails(self, reader):
        before = time.monotonic()
        with self.assertRaises(GLib.Error) as caught:
            while reader.next_entry_sync() is not None:
                pass
        self.assertTrue(caught.exception.matches(DOMAIN, Error.CONNECTION_FAILED), caught.exception)
        self.assertLess(time.monotonic() - before, 8)

    def test_log(self):
        process = self.instance.spawn_sync(Devbox.Command.new_for_shell("echo here; sleep 100"))
        reader = process.open_log_sync()
        self.assertEqual(reader.next_entry_sync().get_text(), "here\n")
        self.kill()
        self.fails(reader)

    def test_stream(self):
        reader = self.instance.run_streamed_sync(Devbox.Command.new_for_shell("echo here; sleep 100"))
        self.assertEqual(reader.next_entry_sync().get_text(), "here\n")
        self.kill()
        self.fails(reader)
        self.assertIsNone(reader.get_result())

    def test_wait(self):
        process = self.instance.spawn_sync(Devbox.Command.new_for_shell("sleep 100"))
        threading.Timer(0.2, self.kill).start()
        with self.assertRaises(GLib.Error) as caught:
            process.wait_sync()
        self.assertTrue(caught.exception.matches(DOMAIN, Error.CONNECTION_FAILED), caught.exception)
        self.assertEqual(process.get_status(), Status.RUNNING)


if __name__ == "__main__":
    tap.main()
