#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every call that the introspection data knows, cancelled at every stage and against servers that stopped: it ends once, in time, and leaves nothing behind."""
import contextlib
import faulthandler
import gc
import os
import random
import signal
import threading
import time
import unittest

import gi
gi.require_version("Devbox", "1")
gi.require_version("DevboxTest", "1")
from gi.repository import Devbox, DevboxTest, Gio, GLib, GObject

import tap
from local_platform import Platform

PATIENCE = 20
TIMEOUT_MS = 300
# What a loaded machine may add to a deadline, beside the 100 ms that a call may be late.
SLACK_MS = 1000
LINE = "echo said; exec sleep 1000"
SEED = int(os.environ.get("DEVBOX_TEST_SEED") or random.randrange(1 << 32))

# Values of arguments, by name. What a function returns is made anew for each call.
ARGUMENTS = {
    "command": lambda world: Devbox.Command(argv=["true"], timeout=world.timeout_ms),
    "changes": lambda world: Devbox.InstanceSpec(cpu=500),
    "contents": b"contents",
    "context": None,
    "description": "described",
    "destination": lambda world: world.unique("moved"),
    "directory": ".",
    "end": None,
    "environment": ["A=B"],
    "file": lambda world: Gio.File.new_for_path(world.servers.platform.kubeconfig),
    "files": {"uploaded": b"1", "uploaded too": b"2"},
    "flags": 0,
    "format": Devbox.ArchiveFormat.TAR,
    "from_": "old",
    "identifier": lambda world: world.session.get_identifier(),
    "limit": 0,
    "line": "true",
    "mode": 0o644,
    "n_lines": 10,
    "name": "box",
    "new_name": lambda world: world.unique("deployed"),
    "offset": 0,
    "overwrite": True,
    "owner": lambda world: world.owner,
    "path": "file",
    "paths": ["file"],
    "pattern": "*",
    "pid": lambda world: world.process.get_pid(),
    "ports": lambda world: [Devbox.Port.new(8080, Devbox.PortProtocol.HTTP)],
    "recursive": False,
    "runtime": "bash",
    "shell": "/bin/sh",
    "signal_num": signal.SIGCONT,
    "size": 8,
    "source": lambda world: world.file("source"),
    "spec": lambda world: Devbox.InstanceSpec(name=world.unique("made"), runtime="bash", cpu=1000, memory=1024),
    "start": None,
    "status": Devbox.InstanceStatus.UNKNOWN,
    "step_ms": 0,
    "tag": lambda world: world.unique("tag"),
    "text": "contents",
    "timeout_ms": lambda world: world.timeout_ms,
    "to": "new",
    "working_directory": ".",
}
# The same for one method, and under "self" what is called.
SPECIAL = {
    "Client.delete_file": {"path": lambda world: world.file("deleted")},
    "Client.delete_instance": {"name": lambda world: world.spare()},
    "Client.delete_release": {"tag": lambda world: world.release()},
    "Client.deploy_release": {"tag": lambda world: world.release()},
    "Client.monitor_files": {"path": "."},
    "Client.pause_instance": {"name": "victim"},
    "Client.restart_instance": {"name": "victim"},
    "Client.set_autostart": {"command": "true"},
    "Client.shutdown_instance": {"name": "victim"},
    "Client.start_instance": {"name": "victim"},
    "Instance.delete": {"self": lambda world: world.client.get_instance_sync(world.spare()) if world.is_live else world.doomed},
    "Instance.delete_file": {"path": lambda world: world.file("deleted")},
    "Instance.delete_release": {"tag": lambda world: world.release()},
    "Instance.deploy_release": {"tag": lambda world: world.release()},
    "Instance.list_files": {"path": "."},
    "Instance.monitor_files": {"path": "."},
    "Instance.pause": {"self": lambda world: world.victim},
    "Instance.replace_file_from_stream": {"contents": lambda world: Gio.MemoryInputStream.new_from_bytes(GLib.Bytes.new(b"contents"))},
    "Instance.restart": {"self": lambda world: world.victim},
    "Instance.set_autostart": {"command": "true"},
    "Instance.shutdown": {"self": lambda world: world.victim},
    "Instance.start": {"self": lambda world: world.victim},
    "LogReader.next_entry": {"self": lambda world: world.process.open_log_sync(10) if world.is_live else world.reader},
    "Process.force_exit": {"self": lambda world: world.spawn(LINE)},
    "Process.wait": {"self": lambda world: world.spawn("sleep 0.02")},
    "Process.wait_check": {"self": lambda world: world.spawn("sleep 0.02")},
    "Session.change_directory": {"path": "."},
    "Session.terminate": {"self": lambda world: world.instance.create_session_sync(None, None, None) if world.is_live else world.session},
}
# Nobody but this machine is asked.
LOCAL = {"Kubeconfig.load_default", "Kubeconfig.load_file", "Pool.remove_unhealthy"}
# Those that may take longer than other calls, whatever their client says: a restart, and what waits for something to happen.
PATIENT = {"Client.restart_instance", "Instance.restart", "LogReader.next_entry"}
# The time of a command is its own, and a call's time comes on top.
RUNNING = {"Client.run", "Instance.run", "Session.run"}
# What no answer is one for.
HEALTH = {"Client.check_health", "Instance.is_healthy"}


class Operation:
    """An asynchronous method or function and, where there is one, its blocking twin."""

    def __init__(self, cls, info, methods):
        self.cls = cls
        self.name = info.get_name().removesuffix("_async")
        self.title = f"{cls.__name__}.{self.name}"
        self.is_method = info.is_method()
        self.has_sync = f"{self.name}_sync" in methods
        self.arguments = []
        for argument in info.get_arguments():
            if argument.get_name() == "cancellable":
                break
            self.arguments.append(argument.get_name())

    def missing_rules(self):
        known = {*ARGUMENTS, *SPECIAL.get(self.title, {})}
        missing = [f"{self.title} ({name})" for name in self.arguments if name not in known]
        return missing + ([f"a {self.cls.__name__} for {self.title}"] if self.is_method and self.cls.__name__ not in World.OBJECTS else [])

    def prepare(self, world):
        """What is called, and with what."""
        special = SPECIAL.get(self.title, {})
        values = [special.get(name, ARGUMENTS.get(name)) for name in self.arguments]
        source = self.cls
        if self.is_method:
            source = special["self"](world) if "self" in special else getattr(world, World.OBJECTS[self.cls.__name__])
        return source, [value(world) if callable(value) else value for value in values]


def find_operations():
    operations = []
    for name in dir(Devbox):
        cls = getattr(Devbox, name)
        if isinstance(cls, type) and issubclass(cls, GObject.Object):
            methods = {info.get_name(): info for info in cls.__info__.get_methods()}
            operations += [Operation(cls, info, methods) for name, info in methods.items() if name.endswith("_async")]
    return operations


OPERATIONS = find_operations()


def iterate_until(condition, what, patience=PATIENCE):
    end = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < end, f"{what() if callable(what) else what}"
        if not GLib.MainContext.default().iteration(False):
            time.sleep(0.0005)


def outcome_of(finish, *arguments):
    """What a call ended with: a word for its error, or "result"."""
    try:
        finish(*arguments)
    except GLib.Error as error:
        if error.matches(Gio.io_error_quark(), Gio.IOErrorEnum.CANCELLED):
            return "cancelled"
        if error.matches(Devbox.error_quark(), error.code):
            return Devbox.Error(error.code).value_nick
        return f"{error.domain} {error.code}: {error.message}"
    return "result"


class AsyncCall:
    def __init__(self, operation, world, before=lambda cancellable: None):
        self.operation = operation
        self.outcomes = []
        self.cancellable = Gio.Cancellable()
        source, values = operation.prepare(world)
        finish = getattr(source, f"{operation.name}_finish")

        def done(source, result):
            self.ended = time.monotonic()
            self.outcomes.append(outcome_of(finish, result))

        before(self.cancellable)
        self.began = time.monotonic()
        getattr(source, f"{operation.name}_async")(*values, self.cancellable, done)

    def has_ended(self):
        return len(self.outcomes) > 0

    def describe(self):
        return f"{self.operation.title} ({type(self).__name__})"

    def wait(self):
        iterate_until(self.has_ended, f"{self.describe()} hangs")
        return self

    def late_ms(self):
        return (self.ended - self.began) * 1000 - TIMEOUT_MS * (2 if self.operation.title in RUNNING else 1)


class SyncCall(AsyncCall):
    """In a thread of its own."""

    def __init__(self, operation, world, before=lambda cancellable: None):
        self.operation = operation
        self.outcomes = []
        self.cancellable = Gio.Cancellable()
        source, values = operation.prepare(world)
        before(self.cancellable)
        self.call = (getattr(source, f"{operation.name}_sync"), *values, self.cancellable)
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        call, self.call = self.call, None
        self.began = time.monotonic()
        outcome = outcome_of(*call)
        self.ended = time.monotonic()
        del call
        self.outcomes.append(outcome)

    def has_ended(self):
        return not self.thread.is_alive()


FORMS = [AsyncCall, SyncCall]


def operations_of(form):
    return [operation for operation in OPERATIONS if form is AsyncCall or operation.has_sync]


def is_stopped(pid):
    """Or will be before it does anything: when it waits for a child in the kernel, or is of a box that is paused."""
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/status") as file:
                status = dict(line.split(":\t", 1) for line in file.read().splitlines() if ":\t" in line)
            if status["State"][0] not in "TZX" and not int(status["ShdPnd"], 16) & 1 << signal.SIGSTOP - 1:
                return False
    except (FileNotFoundError, ProcessLookupError):
        pass
    return True


class Servers:
    """A platform, and a box on it for most calls, and one that has to go on and off."""

    def __init__(self):
        self.platform = Platform("--sample-interval", "1")
        self.n_made = 0
        for name in ("box", "victim"):
            self.platform.create(name)
        for name in ("box", "victim"):
            self.platform.wait_ready(name)
        self.agent = self.platform.agent("box")
        self.owner = self.agent.output("id -un").strip()
        self.agent.write("file", "contents")
        self.agent.write("source", "contents")
        self.released = self.release()
        self.stopped = []
        os.environ["KUBECONFIG"] = self.platform.kubeconfig

    def unique(self, word):
        self.n_made += 1
        return f"{word}-{self.n_made}"

    def release(self):
        tag = self.unique("v")
        self.platform.call("POST", "/box/release", {"tag": tag}, (200, 201, 202, 204))
        end = time.monotonic() + PATIENCE
        while self.platform.find_release("box", tag) != "Success":
            assert time.monotonic() < end, "no release"
            time.sleep(0.01)
        return tag

    def freeze(self):
        def stop_all():
            """Also those that the platform was just about to make or to wake up."""
            running = [pid for pid in self.platform.find_processes() if not is_stopped(pid)]
            self.stop(running)
            return not running

        iterate_until(stop_all, "the servers do not stop")

    def stop(self, pids):
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
        self.stopped += pids

    def thaw(self):
        for pid in self.stopped:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        self.stopped = []


class World:
    """A client, and one of each kind of object that has calls."""

    OBJECTS = {"Client": "client", "Instance": "instance", "InstanceList": "instances", "LogReader": "reader", "Pool": "pool", "Process": "process", "Session": "session"}

    def __init__(self, servers, is_live):
        self.servers = servers
        self.is_live = is_live
        self.timeout_ms = PATIENCE * 1000
        self.owner = servers.owner
        platform = servers.platform
        self.client = Devbox.Client.new_with_kubeconfig(Devbox.Kubeconfig.new_for_token(platform.url, platform.user.token))
        self.client.set_max_retries(0 if is_live else 3)
        self.pool = self.client.get_pool()
        self.instance = self.client.get_instance_sync("box")
        self.victim = self.client.get_instance_sync("victim")
        self.instances = self.client.list_instances_sync()
        self.process = self.spawn(LINE)
        self.session = self.instance.create_session_sync(None, None, None)
        self.reader = self.process.open_log_sync(0)
        if not is_live:
            self.doomed = self.client.create_instance_sync(Devbox.InstanceSpec(name=self.unique("doomed"), runtime="bash", cpu=1000, memory=1024))
            assert self.process.open_log_sync(1).next_entry_sync().get_text()
            self.reader.next_entry_sync()

    def unique(self, word):
        return self.servers.unique(word)

    def spawn(self, line):
        if not self.is_live and hasattr(self, "process"):
            return self.process
        return self.instance.spawn_sync(Devbox.Command.new_for_shell(line))

    def file(self, word):
        if not self.is_live:
            return word
        name = self.unique(word)
        self.servers.agent.write(name, "contents")
        return name

    def spare(self):
        """A box that will be deleted."""
        name = self.unique("spare")
        if self.is_live:
            self.servers.platform.create(name)
        return name

    def release(self):
        return self.servers.release() if self.is_live else self.servers.released

    def close(self):
        pool = self.pool
        self.client.close()
        iterate_until(lambda: pool.get_n_total() == 0, lambda: f"{pool.get_n_total()} connections are left in the pool")
        assert pool.get_n_active() == 0
        self.__dict__.clear()


def note_error():
    """Each thread keeps the story of its last error: there shall be one whenever objects are counted."""
    outcome = outcome_of(Devbox.Kubeconfig.load_file_sync, Gio.File.new_for_path("/none"))
    assert outcome == "invalid-kubeconfig", outcome


def settle():
    """Waits until nothing is left that was not there at the mark."""
    note_error()

    def is_settled():
        gc.collect()
        return DevboxTest.describe_leftovers(0) is None

    iterate_until(is_settled, lambda: DevboxTest.describe_leftovers(0))


# What may become of calls that go on at the same time, or a moment after one that was cancelled but came through.
CROSSED = {"conflict", "devbox-not-found", "devbox-not-ready", "devbox-operation-failed", "file-not-found", "process-not-found"}


class RulesTest(unittest.TestCase):
    def test_every_argument_has_a_rule(self):
        self.assertGreater(len(OPERATIONS), 80)
        self.assertEqual([missing for operation in OPERATIONS for missing in operation.missing_rules()], [])
        titles = {operation.title for operation in OPERATIONS}
        self.assertEqual(({*SPECIAL} | LOCAL | PATIENT | RUNNING | HEALTH) - titles, set())

    def test_every_call_has_a_blocking_twin(self):
        self.assertEqual([operation.title for operation in OPERATIONS if not operation.has_sync], [])


class CancelTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        print(f"# DEVBOX_TEST_SEED={SEED}, {len(OPERATIONS)} calls", flush=True)
        cls.random = random.Random(SEED)
        cls.servers = Servers()
        cls.addClassCleanup(cls.servers.platform.stop)
        DevboxTest.mark()
        # Every type is there, and every thread of GLib's, before anything is counted.
        world = World(cls.servers, True)
        for operation in OPERATIONS:
            AsyncCall(operation, world).wait()
        world.close()
        del world
        gc.collect()

    def setUp(self):
        self.worlds = []
        note_error()
        DevboxTest.mark()

    def tearDown(self):
        self.servers.thaw()
        for world in self.worlds:
            if world.__dict__:
                world.close()
        settle()

    def test_what_is_left_is_seen(self):
        world = self.world()
        source = GLib.timeout_add_seconds(1000, lambda: None)
        try:
            for word in ("1 DevboxClient;", "1 DevboxLogReader;", " SoupConnection;", " sources;", "socket:", " threads;"):
                self.assertIn(word, DevboxTest.describe_leftovers(0))
        finally:
            GLib.source_remove(source)
        world.close()

    def world(self, is_live=False):
        world = World(self.servers, is_live)
        self.worlds.append(world)
        return world

    def check(self, calls, allowed, without_answer=frozenset()):
        """Each ended once, with one of these; or as it may where a result needs no answer."""
        for call in calls:
            with self.subTest(call.describe()):
                self.assertEqual(len(call.outcomes), 1)
                self.assertIn(call.outcomes[0], allowed | without_answer if call.operation.title in LOCAL | HEALTH else allowed)

    def start(self, form, world, **options):
        return [form(operation, world, **options) for operation in operations_of(form)]

    def wait_all(self, calls):
        iterate_until(lambda: all(call.has_ended() for call in calls), lambda: f"hangs: {[call.describe() for call in calls if not call.has_ended()]}")

    def test_cancelled_before(self):
        world = self.world()
        calls = [call for form in FORMS for call in self.start(form, world, before=Gio.Cancellable.cancel)]
        self.wait_all(calls)
        world.close()
        self.check(calls, {"cancelled"})

    def test_cancelled_at_some_moment(self):
        """Of calls that go on: what was cancelled too late, or makes no difference to a call that came to nothing, has its result."""
        world = self.world(is_live=True)
        calls = []
        for form in FORMS:
            for operation in operations_of(form):
                delay = self.random.expovariate(1) * 0.001
                call = form(operation, world)
                end = time.monotonic() + delay
                while time.monotonic() < end:
                    GLib.MainContext.default().iteration(False)
                call.cancellable.cancel()
                calls.append(call.wait())
        world.close()
        print(f"# {sum(call.outcomes == ['cancelled'] for call in calls)} of {len(calls)} were cancelled in time")
        self.check(calls, {"cancelled", "result", *CROSSED})

    def test_cancelled_after(self):
        for form in FORMS:
            world = self.world(is_live=True)
            calls = []
            for operation in operations_of(form):
                call = form(operation, world).wait()
                call.cancellable.cancel()
                calls.append(call)
            while GLib.MainContext.default().iteration(False):
                pass
            self.assertTrue(world.client.test_auth_sync())
            world.close()
            self.check(calls, {"result"})

    def cancel_stopped(self, choose_delay):
        worlds = {form: self.world() for form in FORMS}
        self.servers.freeze()
        calls = [call for form, world in worlds.items() for call in self.start(form, world)]
        for call in self.random.sample(calls, len(calls)):
            end = time.monotonic() + choose_delay()
            while time.monotonic() < end:
                GLib.MainContext.default().iteration(False)
            call.cancellable.cancel()
        self.wait_all(calls)
        for world in worlds.values():
            world.close()
        self.check(calls, {"cancelled"}, without_answer={"result"})

    def test_cancelled_at_once_while_stopped(self):
        self.cancel_stopped(lambda: 0)

    def test_cancelled_some_time_while_stopped(self):
        self.cancel_stopped(lambda: self.random.expovariate(1) * 0.002)

    def test_stopped_in_the_middle(self):
        """Some calls have their result by then, some half of it, some wait for a connection."""
        for _ in range(4):
            worlds = {form: self.world() for form in FORMS}
            pids = list(self.servers.platform.find_processes())
            todo = [(form, operation) for form in FORMS for operation in operations_of(form)]
            self.random.shuffle(todo)
            calls = []
            moment = self.random.randrange(len(todo))
            for i, (form, operation) in enumerate(todo):
                calls.append(form(operation, worlds[form]))
                if i == moment:
                    self.servers.stop(pids)
            self.servers.freeze()
            for call in calls:
                call.cancellable.cancel()
            self.wait_all(calls)
            for world in worlds.values():
                world.close()
            print(f"# {sum(call.outcomes == ['cancelled'] for call in calls)} of {len(calls)} were cancelled in time, stopped after {moment}")
            self.servers.thaw()
            self.check(calls, {"cancelled", "result", *CROSSED})

    def test_stopped(self):
        """The deadline of a call that nobody answers."""
        for form in FORMS:
            world = self.world()
            world.timeout_ms = TIMEOUT_MS
            world.client.set_timeout(TIMEOUT_MS)
            self.servers.freeze()
            calls = self.start(form, world)
            patient = [call for call in calls if call.operation.title in PATIENT]
            hasty = [call for call in calls if call not in patient]
            self.wait_all(hasty)
            self.assertEqual([call.describe() for call in patient if call.has_ended()], [])
            for call in patient:
                call.cancellable.cancel()
            self.wait_all(patient)
            world.close()
            self.servers.thaw()

            late = sorted((call.late_ms(), call.operation.title) for call in hasty if call.operation.title not in LOCAL)
            print(f"# {form.__name__}: late by {late[len(late) // 2][0]:.1f} ms in the middle, by {late[-1][0]:.1f} ms at worst ({late[-1][1]})")
            self.check(hasty, {"operation-timeout"}, without_answer={"result"})
            self.check(patient, {"cancelled"})
            self.assertGreaterEqual(late[0][0], -5, late[0])
            self.assertLess(late[-1][0], 100 + SLACK_MS, late[-1])


if __name__ == "__main__":
    faulthandler.dump_traceback_later(150, exit=True)
    tap.main()
