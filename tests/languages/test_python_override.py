#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the Python override adds, tried on an agent that does as it is told."""
import asyncio
import gc
import os
import pydoc
import selectors
import subprocess
import sys
import threading
import unittest

import gi
gi.require_version("Devbox", "1")
from gi.repository import Devbox, Gio, GLib, GObject

import tap
from scripted_agent import ScriptedAgent

DOMAIN = Devbox.error_quark()


class _GLibSelector(selectors._BaseSelectorImpl):
    """Waits in a main context, as the loops of gbulb and of newer PyGObject do."""

    def __init__(self, context):
        super().__init__()
        self._context = context

    def select(self, timeout=None):
        ready = []
        sources = []
        for key in self.get_map().values():
            condition = GLib.IOCondition(0)
            if key.events & selectors.EVENT_READ:
                condition |= GLib.IOCondition.IN
            if key.events & selectors.EVENT_WRITE:
                condition |= GLib.IOCondition.OUT
            source = GLib.unix_fd_source_new(key.fd, condition)
            source.set_callback(lambda *unused, key=key: ready.append((key, key.events)) or True)
            sources.append(source)
        if timeout is not None:
            source = GLib.timeout_source_new(max(0, int(timeout * 1000)))
            source.set_callback(lambda *unused: True)
            sources.append(source)
        for source in sources:
            source.attach(self._context)
        self._context.iteration(True)
        for source in sources:
            source.destroy()
        return ready


class GLibLoop(asyncio.SelectorEventLoop):
    def __init__(self):
        self._context = GLib.MainContext.default()
        super().__init__(_GLibSelector(self._context))


class Case(unittest.TestCase):
    def setUp(self):
        self.agent = ScriptedAgent()
        self.addCleanup(self.agent.stop)
        self.instance = Devbox.Instance.new_for_agent(self.agent.url, None)
        self.addCleanup(lambda: self.instance.get_client().close())

    def iterate_until(self, condition):
        context = GLib.MainContext.default()
        while not condition():
            context.iteration(True)


class Blocking(Case):
    def test_bytes_in(self):
        for contents in (b"a\0\xff", bytearray(b"a\0\xff"), memoryview(b"a\0\xff"), GLib.Bytes.new(b"a\0\xff")):
            self.assertTrue(self.instance.replace_file_sync("f", contents))
            self.assertEqual(self.agent.files.pop("f"), b"a\0\xff")
        self.instance.replace_file_sync("f", "ä")
        self.assertEqual(self.agent.files["f"], "ä".encode())
        self.instance.replace_file_sync("empty", "")
        self.assertEqual(self.agent.files["empty"], b"")
        with self.assertRaises(TypeError):
            self.instance.replace_file_sync("f", 7)

    def test_bytes_out(self):
        self.agent.files.update(f=b"a\0\xff", empty=b"")
        self.assertEqual(self.instance.load_file_sync("f"), b"a\0\xff")
        self.assertEqual(self.instance.load_file_sync(path="empty"), b"")
        result = self.instance.run_sync(Devbox.Command.new(["cat", "f"]))
        self.assertEqual(result.get_stdout(), b"a\xff")
        self.assertEqual(result.get_stdout_text(), "a\ufffd")
        self.assertEqual(result.get_stderr(), b"")

    def test_help(self):
        text = pydoc.render_doc(Devbox.Instance.load_file_async, renderer=pydoc.plaintext)
        self.assertIn("load_file_async(self, /, path, cancellable=None, callback=None, *user_data)", text)
        self.assertIn("path:str", text)
        self.assertIn("awaitable", text)
        self.assertEqual(Devbox.Instance.run_sync.__qualname__, "Instance.run_sync")

    def test_properties(self):
        client = Devbox.Client()
        other = Devbox.Client()
        client.bind_property("timeout", other, "timeout", GObject.BindingFlags.SYNC_CREATE)
        client.set_timeout(7)
        self.assertEqual(other.props.timeout, 7)
        seen = []
        client.connect("notify::closed", lambda client, pspec: seen.append(client.props.closed))
        client.close()
        client.close()
        self.assertEqual(seen, [True])

    def test_made_by_hand(self):
        """Bindings can make objects that only the library makes."""
        monitor = Devbox.FileMonitor()
        self.assertTrue(monitor.cancel())
        self.assertTrue(monitor.is_cancelled())
        result = Devbox.CommandResult()
        self.assertEqual((result.get_stdout(), result.get_stderr_text(), result.get_exit_code()), (b"", "", 0))
        kubeconfig = Devbox.Kubeconfig()
        self.assertEqual((kubeconfig.get_contexts(), kubeconfig.props.server, kubeconfig.props.namespace), ([], None, None))
        self.assertIn(kubeconfig.props.context.encode(), kubeconfig.to_bytes())

    def test_defaults(self):
        self.instance.replace_file_sync("f", "x")
        self.assertNotIn("permissions", self.agent.requests[-1][1])
        self.instance.replace_file_sync("f", "x", mode=0o755)
        self.assertEqual(self.agent.requests[-1][1]["permissions"], 0o755)
        self.assertTrue(self.instance.is_healthy_sync())
        self.assertEqual(self.instance.monitor_files_sync(".").get_path(), ".")
        with self.assertRaises(TypeError):
            self.instance.load_file_sync()
        with self.assertRaises(TypeError):
            self.instance.load_file_sync("f", mode=1)
        self.assertEqual(Devbox.Port.new(80).props.protocol, Devbox.PortProtocol.UNKNOWN)

    def test_environment(self):
        for made in (Devbox.Command.new(["true"]), Devbox.InstanceSpec.new("a")):
            made.setenv("A", "1")
            made.setenv("A", "2")
            made.setenv("A", "3", overwrite=False)
            self.assertEqual(made.get_environ(), ["A=2"])
            made.set_environ({"B": "1=2", "C": ""})
            self.assertEqual(made.props.environ, ["B=1=2", "C="])
            made.set_environ(["D=4"])
            self.assertEqual(made.getenv("D"), "4")
            made.set_environ(None)
            self.assertEqual(made.get_environ(), [])
        self.assertEqual(Devbox.Command(argv=["true"], environ={"A": "1"}).get_environ(), ["A=1"])
        self.assertEqual(Devbox.InstanceSpec(name="a", environ=["A=1"]).get_environ(), ["A=1"])

    def test_lists_in(self):
        spec = Devbox.InstanceSpec(name="a", ports=[Devbox.Port.new(80), Devbox.Port(number=81)])
        self.assertEqual([port.props.number for port in spec.get_ports()], [80, 81])
        spec.set_ports([Devbox.Port.new(82)])
        self.assertEqual([port.props.number for port in spec.props.ports], [82])
        for call in (lambda: spec.set_ports([80]), lambda: Devbox.Command.new("ls -l"), lambda: Devbox.Command(argv="ls -l"),
                     lambda: self.instance.replace_text_sync("f", "a", "b"), lambda: spec.set_environ("A=1")):
            self.assertRaises(TypeError, call)

    def test_error_that_nobody_catches(self):
        """Ends the program with its traceback, and nothing else."""
        script = ("import asyncio, gi; gi.require_version('Devbox', '1'); from gi.repository import Devbox\n"
                  f"async def main(): await Devbox.Instance.new_for_agent('{self.agent.url}').load_file_async('missing.txt')\n"
                  "asyncio.run(main())")
        done = subprocess.run([sys.executable, "-c", script], stderr=subprocess.PIPE, text=True, timeout=60)
        self.assertEqual(done.returncode, 1)
        self.assertTrue(done.stderr.startswith("Traceback"), done.stderr)
        self.assertIn("no such file", done.stderr.splitlines()[-1])

    def test_info(self):
        with self.assertRaises(GLib.Error) as caught:
            self.instance.load_file_sync("missing.txt")
        error = caught.exception
        self.assertTrue(error.matches(DOMAIN, Devbox.Error.FILE_NOT_FOUND))
        self.assertEqual(error.info.get_http_status(), 404)
        self.assertEqual(error.info.get_path(), "missing.txt")
        self.assertEqual(error.info.get_code_name(), "FILE_NOT_FOUND")

    def test_info_of_timeout(self):
        with self.assertRaises(GLib.Error) as caught:
            self.instance.run_sync(Devbox.Command.new(["slow"]))
        self.assertTrue(caught.exception.matches(DOMAIN, Devbox.Error.OPERATION_TIMEOUT))
        self.assertEqual(caught.exception.info.get_command_result().get_stdout(), b"so far")
        self.assertEqual(caught.exception.info.props.command_result, caught.exception.info.get_command_result())

    def test_info_of_cancelled(self):
        cancellable = Gio.Cancellable()
        cancellable.cancel()
        with self.assertRaises(GLib.Error) as caught:
            self.instance.load_file_sync("f", cancellable)
        self.assertTrue(caught.exception.matches(Gio.io_error_quark(), Gio.IOErrorEnum.CANCELLED))
        self.assertIsNone(caught.exception.info)

    def test_info_is_per_thread(self):
        def fail(path, infos):
            try:
                self.instance.load_file_sync(path)
            except GLib.Error as error:
                infos.append((path, error.info.get_path()))

        infos = []
        threads = [threading.Thread(target=fail, args=(str(i), infos)) for i in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(infos), 20)
        for path, told in infos:
            self.assertEqual(path, told)

    def test_client_context(self):
        with Devbox.Client() as client:
            instance = Devbox.Instance.new_for_agent_with_client(client, self.agent.url, None)
            self.assertTrue(instance.is_healthy_sync())
        self.assertTrue(client.is_closed())
        with self.assertRaises(GLib.Error) as caught:
            instance.load_file_sync("f")
        self.assertTrue(caught.exception.matches(DOMAIN, Devbox.Error.CONNECTION_FAILED))


class Callback(Case):
    """The form without await, in a program that runs a main loop."""

    def test_callback(self):
        seen = []

        def done(instance, result, *data):
            seen.append((instance.load_file_finish(result), *data))

        self.agent.files["f"] = b"x"
        self.instance.load_file_async("f", None, done, 1, 2)
        self.iterate_until(lambda: seen)
        self.instance.load_file_async("f", callback=done)
        self.iterate_until(lambda: len(seen) == 2)
        self.assertEqual(seen, [(b"x", 1, 2), (b"x",)])

    def test_error(self):
        seen = []

        def done(instance, result):
            try:
                instance.load_file_finish(result)
            except GLib.Error as error:
                seen.append(error)

        self.instance.load_file_async("missing.txt", None, done)
        self.iterate_until(lambda: seen)
        self.assertEqual(seen[0].info.get_path(), "missing.txt")

    def test_await_needs_a_loop(self):
        with self.assertRaises(RuntimeError):
            self.instance.load_file_async("f")


class Await:
    """The form with await; run() is what differs."""

    def test_calls(self):
        async def main():
            self.assertTrue(await self.instance.is_healthy_async())
            self.assertTrue(await self.instance.replace_file_async("f", "hello", 0o600))
            self.assertEqual(await self.instance.load_file_async("f"), b"hello")
            result = await self.instance.run_async(Devbox.Command.new_for_shell("cat f"))
            self.assertEqual(result.get_stdout(), b"a\xff")

        self.run_main(main())

    def test_large(self):
        async def main():
            contents = bytes(range(256)) * 10000
            await self.instance.replace_file_async("f", contents)
            self.assertEqual(await self.instance.load_file_async("f"), contents)

        self.run_main(main())

    def test_at_once(self):
        async def main():
            await asyncio.gather(*(self.instance.replace_file_async(str(i), str(i)) for i in range(50)))
            loaded = await asyncio.gather(*(self.instance.load_file_async(str(i)) for i in range(50)))
            self.assertEqual(loaded, [str(i).encode() for i in range(50)])

        self.run_main(main())

    def test_error(self):
        async def main():
            with self.assertRaises(GLib.Error) as caught:
                await self.instance.load_file_async("missing.txt")
            self.assertTrue(caught.exception.matches(DOMAIN, Devbox.Error.FILE_NOT_FOUND))
            self.assertEqual(caught.exception.info.get_path(), "missing.txt")

        self.run_main(main())

    def test_task_cancel(self):
        async def main():
            call = self.instance.run_async(Devbox.Command.new(["hang"]))

            async def wait():
                await call

            task = asyncio.ensure_future(wait())
            await asyncio.to_thread(self.agent.hanging.wait)
            task.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await task
            self.assertTrue(call.cancelled())

        self.run_main(main())

    def test_cancellable(self):
        async def main():
            cancellable = Gio.Cancellable()
            call = self.instance.run_async(Devbox.Command.new(["hang"]), cancellable)
            await asyncio.to_thread(self.agent.hanging.wait)
            cancellable.cancel()
            with self.assertRaises(GLib.Error) as caught:
                await call
            self.assertTrue(caught.exception.matches(Gio.io_error_quark(), Gio.IOErrorEnum.CANCELLED))

        self.run_main(main())

    def test_wait_for(self):
        async def main():
            with self.assertRaises(asyncio.TimeoutError):
                await asyncio.wait_for(self.instance.run_async(Devbox.Command.new(["hang"])), 0.05)

        self.run_main(main())

    def test_left_behind(self):
        async def main():
            asyncio.ensure_future(self._hang())
            await asyncio.to_thread(self.agent.hanging.wait)

        self.run_main(main())
        self.assertEqual(self.ended, ["cancelled"])

    async def _hang(self):
        self.ended = []
        try:
            await self.instance.run_async(Devbox.Command.new(["hang"]))
        except asyncio.CancelledError:
            self.ended.append("cancelled")
            raise

    def test_monitor(self):
        async def main():
            monitor = await asyncio.wait_for(self.instance.monitor_files_async("."), 5)
            await self.instance.replace_file_async("a", "x")
            await self.instance.replace_file_async("b", "x")
            seen = []
            async for change in monitor:
                seen.append(change)
                if len(seen) == 2:
                    break
            created = Gio.FileMonitorEvent.CREATED
            self.assertEqual(seen, [("a", None, created), ("b", None, created)])

            self.agent.tell({"type": "overflow", "path": "sub"})
            async for change in monitor:
                self.assertEqual(change, ("sub", None, None))
                monitor.cancel()
            async for change in monitor:
                self.fail("a cancelled monitor tells nothing")

        self.run_main(main())

    def test_monitor_signals(self):
        async def main():
            monitor = await self.instance.monitor_files_async(".")
            seen = asyncio.get_running_loop().create_future()
            monitor.connect("changed", lambda monitor, *change: seen.set_result(change))
            await asyncio.to_thread(self.agent.tell, {"type": "file-change", "event": {"type": "unlink", "path": "a"}})
            self.assertEqual(await asyncio.wait_for(seen, 5), ("a", None, Gio.FileMonitorEvent.DELETED))

        self.run_main(main())

    def test_monitor_closed(self):
        async def main():
            monitor = await self.instance.monitor_files_async(".")
            asyncio.get_running_loop().call_later(0.05, self.instance.get_client().close)
            async for change in monitor:
                self.fail("nothing changes")

        self.run_main(main())

    def test_timers_of_both(self):
        async def main():
            ticks = []
            GLib.timeout_add(10, lambda: ticks.append(1) or len(ticks) < 3)
            await self.instance.is_healthy_async()
            await asyncio.sleep(0.2)
            self.assertEqual(len(ticks), 3)

        self.run_main(main())


class AwaitInAsyncio(Await, Case):
    def run_main(self, main):
        asyncio.run(main)

    def test_again(self):
        for i in range(3):
            asyncio.run(self._check())

    async def _check(self):
        self.assertTrue(await self.instance.is_healthy_async())

    def test_loops_leave_nothing(self):
        def count():
            gc.collect()
            return len(os.listdir("/proc/self/fd"))

        async def main():
            monitor = await self.instance.monitor_files_async(".")
            GLib.timeout_add(60000, lambda: False)  # for which each loop waits
            await self.instance.is_healthy_async()
            monitor.cancel()

        asyncio.run(main())
        before = count()
        for i in range(20):
            asyncio.run(main())
        self.assertLess(count(), before + 5)

    def test_in_thread(self):
        """Beside a main loop in the main thread."""
        threads = [threading.Thread(target=asyncio.run, args=(self._check_and_note(i),)) for i in range(4)]
        self.noted = []
        for thread in threads:
            thread.start()
        self.iterate_for_threads(threads)
        self.assertEqual(sorted(self.noted), [0, 1, 2, 3])

    async def _check_and_note(self, i):
        for unused in range(5):
            self.assertTrue(await self.instance.is_healthy_async())
        self.noted.append(i)

    def iterate_for_threads(self, threads):
        GLib.timeout_add(5, lambda: any(thread.is_alive() for thread in threads))
        self.iterate_until(lambda: not any(thread.is_alive() for thread in threads))

    def test_idle(self):
        """Waiting takes no turns of the loop."""
        async def main():
            await self.instance.monitor_files_async(".")
            loop = asyncio.get_running_loop()
            turns = []
            select = loop._selector.select
            loop._selector.select = lambda timeout=None: turns.append(timeout) or select(timeout)
            await asyncio.sleep(0.3)
            self.assertLess(len(turns), 20)

        asyncio.run(main())


class AwaitInGLib(Await, Case):
    def run_main(self, main):
        with asyncio.Runner(loop_factory=GLibLoop) as runner:
            runner.run(main)


class HandMadeTest(unittest.TestCase):
    """What only the library can make stands for nothing when a program makes it, and says so."""

    def test_calls_are_refused(self):
        process, session = Devbox.Process(), Devbox.Session()
        for function, *arguments in ((process.refresh_sync,), (process.wait_sync,), (process.force_exit_sync,), (session.refresh_sync,),
                                     (session.run_sync, "true", 1000), (session.set_environ_sync, ["A=b"]), (session.terminate_sync,)):
            with self.subTest(function=function.__name__):
                with self.assertRaises(GLib.Error) as caught:
                    function(*arguments)
                self.assertTrue(caught.exception.matches(Devbox.error_quark(), Devbox.Error.VALIDATION_ERROR))


tap.main()
