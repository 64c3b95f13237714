#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The life of devboxes through the client library, against the program devbox-platform."""
import asyncio
import datetime
import threading
import time
import unittest

import gi
gi.require_version("Devbox", "1")
from gi.repository import Devbox, Gio, GLib

import tap
from local_platform import Platform
from platform_test import wait_for

DOMAIN = Devbox.error_quark()
Status = Devbox.InstanceStatus
STATES = [("pause", Status.STOPPED), ("start", Status.RUNNING), ("shutdown", Status.SHUTDOWN), ("start", Status.RUNNING),
          ("restart", Status.RUNNING)]


def spin(context=None):
    """Everything that waits in a main context."""
    while (context or GLib.MainContext.default()).iteration(False):
        pass


def spec(name, **properties):
    made = Devbox.InstanceSpec.new(name, "bash")
    for property_name, value in {"cpu": 1000, "memory": 1024, **properties}.items():
        made.set_property(property_name, value)
    return made


class ClientTest(unittest.TestCase):
    """One platform for all tests of a class."""

    @classmethod
    def setUpClass(cls):
        cls.platform = Platform("--sample-interval", "1")
        cls.addClassCleanup(cls.platform.stop)

    def setUp(self):
        self.client = self.make_client()

    def make_client(self, token=None, **properties):
        client = Devbox.Client.new_with_kubeconfig(Devbox.Kubeconfig.new_for_token(self.platform.url, token or self.platform.user.token))
        for name, value in properties.items():
            client.set_property(name, value)
        self.addCleanup(client.close)
        return client

    def make(self, name, **properties):
        instance = self.client.create_instance_sync(spec(name, **properties))
        self.addCleanup(self.remove, name)
        return instance

    def make_ready(self, name, **properties):
        instance = self.make(name, **properties)
        instance.wait_ready_sync(30000)
        return instance

    def remove(self, name):
        if any(box["name"] == name for box in self.platform.list()):
            self.platform.delete(name)

    def assert_fails(self, code, call, *arguments):
        with self.assertRaises(GLib.Error) as caught:
            call(*arguments)
        self.assertTrue(caught.exception.matches(DOMAIN, code), caught.exception)
        return caught.exception

    def record(self, instance):
        """The names of the properties that are told to have changed, as they come."""
        told = []
        instance.connect("notify", lambda instance, pspec: told.append(pspec.name))
        return told

    def names(self, instances):
        return [instance.get_name() for instance in instances]


class LifeTest(ClientTest):
    def test_by_instance(self):
        instance = self.make("life")
        told = self.record(instance)
        self.assertIn(instance.get_status(), (Status.PENDING, Status.CREATING, Status.RUNNING))
        self.assertTrue(instance.wait_ready_sync(30000))
        self.assertEqual(instance.get_status(), Status.RUNNING)
        self.assertTrue(instance.is_healthy_sync())
        self.assertEqual(instance.run_sync(Devbox.Command.new(["echo", "here"])).get_stdout_text(), "here\n")
        for action, status in STATES:
            with self.subTest(action=action):
                told.clear()
                self.assertTrue(getattr(instance, f"{action}_sync")())
                self.assertEqual(instance.get_status(), status)
                self.assertEqual(instance.props.status_text, self.platform.get("life")["status"])
                self.assertEqual({"status", "status-text"} <= set(told), action != "restart", told)
        self.assertEqual(instance.run_sync(Devbox.Command.new(["echo", "still"])).get_stdout_text(), "still\n")
        self.assertTrue(instance.delete_sync())
        self.assertEqual(instance.get_status(), Status.DELETING)
        self.assert_fails(Devbox.Error.DEVBOX_NOT_FOUND, instance.refresh_sync)

    def test_by_name(self):
        self.make_ready("by-name")
        for action, status in STATES:
            with self.subTest(action=action):
                self.assertTrue(getattr(self.client, f"{action}_instance_sync")("by-name"))
                self.assertEqual(self.client.get_instance_sync("by-name").get_status(), status)
        self.assertTrue(self.client.check_health_sync("by-name"))
        self.client.pause_instance_sync("by-name")
        self.assertTrue(self.client.delete_instance_sync("by-name"))
        self.assert_fails(Devbox.Error.DEVBOX_NOT_FOUND, self.client.get_instance_sync, "by-name")

    def test_asynchronous(self):
        async def live():
            instance = await self.client.create_instance_async(spec("async"))
            await instance.wait_ready_async(30000)
            for action, status in STATES:
                self.assertTrue(await getattr(instance, f"{action}_async")())
                self.assertEqual(instance.get_status(), status)
            self.assertTrue(await instance.refresh_async())
            info = await instance.get_info_async()
            self.assertEqual((info.get_name(), info.get_status()), ("async", Status.RUNNING))
            for action, status in STATES:
                self.assertTrue(await getattr(self.client, f"{action}_instance_async")("async"))
                self.assertEqual((await self.client.get_instance_async("async")).get_status(), status)
            self.assertEqual(self.names(await self.client.list_instances_async(runtime="bash")), ["async"])
            self.assertTrue(await self.client.check_health_async("async"))
            self.assertEqual(await self.client.get_server_url_async("async"), instance.props.agent_url)
            self.assertTrue(await self.client.test_auth_async())
            self.assertTrue(await self.client.set_autostart_async("async", "true"))
            self.assertTrue(await self.client.update_instance_async("async", Devbox.InstanceSpec(cpu=500)))
            self.assertTrue(await instance.delete_async())

        asyncio.run(live())

    def test_nobody_waits_for_the_end(self):
        """A call that is never finished brings the properties up to date as well."""
        instance = self.make_ready("nobody")
        instance.pause_async(None, lambda *unused: None)
        self.assertTrue(wait_for(lambda: spin() or instance.get_status() == Status.STOPPED))

    def test_wait_ready(self):
        instance = self.make_ready("ready")
        instance.pause_sync()
        began = time.monotonic()
        self.assert_fails(Devbox.Error.OPERATION_TIMEOUT, instance.wait_ready_sync, 300)
        self.assertLess(time.monotonic() - began, 1)
        cancellable = Gio.Cancellable()
        threading.Timer(0.1, cancellable.cancel).start()
        with self.assertRaises(GLib.Error) as caught:
            instance.wait_ready_sync(30000, cancellable)
        self.assertTrue(caught.exception.matches(Gio.io_error_quark(), Gio.IOErrorEnum.CANCELLED))
        threading.Timer(0.1, self.platform.act, ("ready", "start")).start()
        self.assertTrue(instance.wait_ready_sync(30000))
        self.assertEqual(instance.get_status(), Status.RUNNING)
        instance.delete_sync()
        self.assert_fails(Devbox.Error.DEVBOX_NOT_FOUND, instance.wait_ready_sync, 30000)


class PropertiesTest(ClientTest):
    def test_all(self):
        instance = self.make_ready("all", environ=["GREETING=hello", "EMPTY="])
        detail = self.platform.get("all")
        self.assertEqual(instance.get_name(), "all")
        self.assertEqual(instance.props.name, "all")
        self.assertEqual(instance.props.uid, detail["uid"])
        self.assertEqual((instance.props.status, instance.props.status_text, instance.props.reason), (Status.RUNNING, "Running", None))
        self.assertEqual(instance.props.runtime, "bash")
        self.assertEqual((instance.props.cpu, instance.props.memory), (1000, 1024))
        self.assertEqual(instance.props.pod_ip, detail["podIP"])
        self.assertEqual(set(instance.props.environ), {"GREETING=hello", "EMPTY="})
        self.assertEqual(instance.props.agent_url, detail["ports"][0]["publicAddress"])
        self.assertEqual(instance.props.ssh.get_host(), detail["ssh"]["host"])
        self.assertEqual([port.get_number() for port in instance.props.ports], [port["number"] for port in detail["ports"]])
        self.assertLess(abs(time.time() - instance.props.created.to_unix()), 60)
        for name in ("uid", "status_text", "runtime", "pod_ip", "agent_url", "reason", "image"):
            self.assertEqual(getattr(instance, f"dup_{name}")(), getattr(instance.props, name))
        self.assertEqual((instance.get_cpu(), instance.get_memory()), (1000, 1024))
        self.assertEqual(instance.dup_environ(), instance.props.environ)
        self.assertTrue(instance.dup_created().equal(instance.props.created))
        self.assertEqual(instance.dup_ssh(), instance.props.ssh)
        self.assertEqual(instance.dup_ports(), instance.props.ports)

    def test_changes_from_elsewhere(self):
        """Only what is different is told, once."""
        instance = self.make_ready("elsewhere")
        told = self.record(instance)
        instance.refresh_sync()
        self.assertEqual(told, [])
        self.platform.call("PATCH", "/elsewhere", {"resource": {"cpu": 0.5, "memory": 2}})
        self.platform.act("elsewhere", "pause")
        self.assertEqual(instance.get_status(), Status.RUNNING)
        instance.refresh_sync()
        self.assertEqual((instance.get_status(), instance.get_cpu(), instance.get_memory()), (Status.STOPPED, 500, 2048))
        self.assertEqual(len(told), len(set(told)))
        self.assertTrue({"status", "status-text", "cpu", "memory"} <= set(told), told)
        self.assertFalse({"name", "uid", "runtime", "environ", "created", "agent-url"} & set(told), told)

    def test_update(self):
        instance = self.make_ready("update")
        told = self.record(instance)
        self.assertTrue(instance.update_sync(Devbox.InstanceSpec(cpu=200, memory=512)))
        self.assertEqual((instance.get_cpu(), instance.get_memory()), (200, 512))
        self.assertEqual(told, ["cpu", "memory"])
        self.assertTrue(self.client.update_instance_sync("update", Devbox.InstanceSpec(cpu=300)))
        self.assertEqual(self.platform.get("update")["resources"], {"cpu": 0.3, "memory": 0.5})
        self.assert_fails(Devbox.Error.VALIDATION_ERROR, instance.update_sync, Devbox.InstanceSpec(runtime="python"))

    def test_ports(self):
        instance = self.make_ready("ports")
        told = self.record(instance)
        numbers = lambda: {port.get_number() for port in instance.props.ports}
        before = numbers()
        self.assertTrue(instance.set_ports_sync([Devbox.Port.new(8080, Devbox.PortProtocol.HTTP), Devbox.Port.new(8081, Devbox.PortProtocol.TCP)]))
        self.assertTrue({8080, 8081} <= numbers())
        self.assertEqual(told, ["ports"])
        self.assertTrue(self.client.set_ports_sync("ports", []))
        instance.refresh_sync()
        self.assertEqual(numbers(), before)
        self.assert_fails(Devbox.Error.VALIDATION_ERROR, instance.set_ports_sync, [Devbox.Port.new(1, 0), Devbox.Port.new(1, 0)])

    def test_autostart(self):
        instance = self.make_ready("autostart")
        self.assertTrue(instance.set_autostart_sync("echo one >> started"))
        self.assertEqual(self.platform.get("autostart")["autostart"], {"execCommand": "echo one >> started"})
        instance.restart_sync()
        self.assertTrue(wait_for(lambda: instance.run_sync(Devbox.Command.new_for_shell("cat started 2>/dev/null")).get_stdout_text() == "one\n"))
        self.assertTrue(self.client.set_autostart_sync("autostart", ""))
        self.assertNotIn("autostart", self.platform.get("autostart"))

    def test_agent_info(self):
        instance = self.make_ready("agent-info")
        info = instance.get_agent_info_sync()
        self.assertTrue(info.props.healthy)
        self.assertTrue({"classic", "current"} <= set(info.get_capabilities()))
        self.assertRegex(info.get_version(), r"^\d+\.\d+")
        self.assertLess(info.get_uptime(), 60000)
        time.sleep(0.01)
        self.assertGreater(instance.get_agent_info_sync().get_uptime(), info.get_uptime())


class ListTest(ClientTest):
    def listen(self, instances):
        told = []
        instances.connect("items-changed", lambda instances, *change: told.append(change))
        instances.connect("notify::n-items", lambda *unused: told.append("n-items"))
        return told

    def test_refresh(self):
        for name in "abc":
            self.make_ready(name)
        instances = self.client.list_instances_sync()
        told = self.listen(instances)
        before = list(instances)
        self.assertEqual(self.names(instances), ["a", "b", "c"])
        self.assertEqual((len(instances), instances.props.n_items, instances[1], instances[-1]), (3, 3, before[1], before[2]))
        self.assertEqual(instances.get_item_type(), Devbox.Instance.__gtype__)
        with self.assertRaises(IndexError):
            instances[3]

        status = self.record(before[1])
        self.platform.act("b", "pause")
        self.assertTrue(instances.refresh_sync())
        self.assertEqual((told, list(instances)), ([], before))
        self.assertEqual((status, before[1].get_status()), (["status", "status-text"], Status.STOPPED))

        self.make("bb")
        self.platform.delete("a")
        instances.refresh_sync()
        self.assertEqual(self.names(instances), ["b", "bb", "c"])
        self.assertEqual(told, [(0, 1, 0), (1, 0, 1)])
        self.assertEqual([instances[0], instances[2]], before[1:])

        told.clear()
        self.platform.delete("c")
        self.make("c")
        instances.refresh_sync()
        self.assertIsNot(instances[2], before[2])
        self.assertNotEqual(instances[2].props.uid, before[2].props.uid)
        self.platform.delete("bb")
        instances.refresh_sync()
        self.assertEqual(told[-2:], [(1, 1, 0), "n-items"])

    def test_what_a_list_does_not_tell_is_not_forgotten(self):
        self.make_ready("known")
        instances = self.client.list_instances_sync()
        instance = instances[0]
        self.assertIsNone(instance.props.pod_ip)
        instance.refresh_sync()
        pod_ip = instance.props.pod_ip
        told = self.record(instance)
        instances.refresh_sync()
        self.assertEqual((told, instance.props.pod_ip), ([], pod_ip))
        self.assertEqual(instance.run_sync(Devbox.Command.new(["echo", "x"])).get_stdout_text(), "x\n")

    def test_an_instance_of_a_list_finds_its_agent(self):
        self.make_ready("found")
        instance = self.client.list_instances_sync()[0]
        self.assertEqual(instance.run_sync(Devbox.Command.new(["echo", "x"])).get_stdout_text(), "x\n")

    def test_filters(self):
        self.make_ready("runs")
        self.make_ready("stands").pause_sync()
        running = self.client.list_instances_sync(Status.RUNNING)
        stopped = self.client.list_instances_sync(Status.STOPPED, "bash")
        self.assertEqual((self.names(running), self.names(stopped)), (["runs"], ["stands"]))
        self.assertEqual((running.props.status, running.props.runtime), (Status.RUNNING, None))
        self.assertEqual((stopped.get_status(), stopped.get_runtime()), (Status.STOPPED, "bash"))
        self.assertIs(running.props.client, self.client)
        self.assertEqual(len(self.client.list_instances_sync(runtime="python")), 0)
        for status in set(Status.__enum_values__.values()) - {Status.UNKNOWN, Status.RUNNING, Status.STOPPED}:
            self.assertEqual(len(self.client.list_instances_sync(status)), 0, status)

        self.client.start_instance_sync("stands")
        running.refresh_sync()
        stopped.refresh_sync()
        self.assertEqual((self.names(running), self.names(stopped)), (["runs", "stands"], []))

    def test_another_context(self):
        """A list and its instances tell in the thread-default context of the thread that made them, whoever refreshes it."""
        self.make_ready("elsewhere")
        lists, told, ready = [], [], threading.Event()

        def tell(*unused):
            told.append(threading.current_thread())

        def use():
            context = GLib.MainContext.new()
            context.push_thread_default()
            self.client.list_instances_async(Status.UNKNOWN, None, None, lambda client, result: lists.append(client.list_instances_finish(result)))
            while not lists:
                context.iteration(True)
            lists[0].connect("items-changed", tell)
            lists[0][0].connect("notify::status", tell)
            ready.set()
            while len(told) < 2:
                context.iteration(True)
            context.pop_thread_default()

        thread = threading.Thread(target=use)
        thread.start()
        self.assertTrue(ready.wait(30))
        self.make("new")
        self.platform.act("elsewhere", "pause")
        self.assertTrue(lists[0].refresh_sync())
        thread.join(30)
        self.assertEqual(told, [thread, thread])
        self.assertEqual(self.names(lists[0]), ["elsewhere", "new"])


class OthersTest(ClientTest):
    def test_releases(self):
        instance = self.make_ready("origin")
        instance.replace_file_sync("file", "kept")
        release = instance.create_release_sync("v1", "the first one")
        self.assertEqual((release.get_tag(), release.get_description()), ("v1", "the first one"))
        self.assert_fails(Devbox.Error.CONFLICT, instance.create_release_sync, "v1")
        done = lambda: instance.list_releases_sync()[0].get_status() == Devbox.ReleaseStatus.SUCCESS
        self.assertTrue(wait_for(done))
        self.assertEqual(self.client.create_release_sync("origin", "v2", None).get_tag(), "v2")
        self.assertTrue(wait_for(done))
        self.assertEqual({each.get_tag() for each in self.client.list_releases_sync("origin")}, {"v1", "v2"})

        copy = instance.deploy_release_sync("v1", "copy")
        self.addCleanup(self.remove, "copy")
        copy.wait_ready_sync(30000)
        self.assertEqual(copy.load_file_sync("file"), b"kept")
        other = self.client.deploy_release_sync("origin", "v2")
        self.addCleanup(self.remove, other.get_name())
        self.assertEqual(other.get_name(), "origin-v2")
        other.wait_ready_sync(30000)

        self.assertTrue(instance.delete_release_sync("v1"))
        self.assertTrue(self.client.delete_release_sync("origin", "v2"))
        self.assertEqual(len(instance.list_releases_sync()), 0)
        self.assert_fails(Devbox.Error.FILE_NOT_FOUND, instance.delete_release_sync, "v1")

    def test_samples(self):
        instance = self.make_ready("samples")
        began = GLib.DateTime.new_now_utc().add_seconds(-60)
        self.assertTrue(wait_for(lambda: len(instance.list_samples_sync()) > 0))
        sample, *_ = instance.list_samples_sync(began, GLib.DateTime.new_now_utc().add_seconds(60), 1000)
        self.assertLess(abs(time.time() - sample.get_timestamp().to_unix()), 60)
        self.assertGreater(sample.get_disk_total(), 0)
        self.assertGreater(len(self.client.list_samples_sync("samples", began)), 0)
        self.assertEqual(len(self.client.list_samples_sync("samples", None, began)), 0)
        self.assert_fails(Devbox.Error.VALIDATION_ERROR, instance.list_samples_sync, GLib.DateTime.new_now_utc(), began)

        # Python's own times, aware and naive.
        for now in (datetime.datetime.now(datetime.timezone.utc), datetime.datetime.now()):
            minute = datetime.timedelta(minutes=1)
            self.assertGreater(len(instance.list_samples_sync(now - minute, now + minute)), 0)
            self.assertEqual(len(instance.list_samples_sync(now - 20 * minute, now - 10 * minute)), 0)

    def test_templates(self):
        templates = {template.get_name(): template for template in self.client.list_templates_sync()}
        self.assertTrue(templates["bash"].get_available())
        self.assertGreater(len(templates), 10)

    def test_server_url(self):
        self.make_ready("url")
        self.assertEqual(self.client.get_server_url_sync("url"), self.platform.get("url")["ports"][0]["publicAddress"])
        self.assert_fails(Devbox.Error.DEVBOX_NOT_FOUND, self.client.get_server_url_sync, "none")

    def test_health(self):
        instance = self.make_ready("health")
        self.assertTrue(self.client.check_health_sync("health"))
        instance.shutdown_sync()
        self.client.set_max_retries(0)
        self.assertFalse(self.client.check_health_sync("health"))
        self.assertFalse(instance.is_healthy_sync())
        self.assert_fails(Devbox.Error.DEVBOX_NOT_FOUND, self.client.check_health_sync, "none")
        self.assert_fails(Devbox.Error.VALIDATION_ERROR, self.client.check_health_sync, "../x")


class FilesTest(ClientTest):
    """The files of a devbox that is known by its name."""

    def test_by_name(self):
        self.make_ready("files")
        client = self.make_client()
        self.assertTrue(client.replace_file_sync("files", "tool", "#!/bin/sh\n", 0o755))
        self.assertEqual(client.load_file_sync("files", "tool"), b"#!/bin/sh\n")
        self.assertEqual(client.upload_files_sync("files", {"a/1": b"1", "a/2": "2"}).get_n_processed(), 2)
        self.assertTrue(client.delete_file_sync("files", "a", True))
        self.assert_fails(Devbox.Error.FILE_NOT_FOUND, client.load_file_sync, "files", "a/1")
        self.assert_fails(Devbox.Error.PATH_TRAVERSAL_DETECTED, client.load_file_sync, "files", "../x")
        self.assert_fails(Devbox.Error.DEVBOX_NOT_FOUND, client.load_file_sync, "nobody", "a")

    def test_monitor_by_name(self):
        self.make_ready("watched")

        async def run(client):
            monitor = await client.monitor_files_async("watched", ".")
            seen = asyncio.get_running_loop().create_future()
            monitor.connect("changed", lambda monitor, path, old_path, event: seen.done() or seen.set_result(path))
            await client.replace_file_async("watched", "new", "x")
            self.assertEqual(await asyncio.wait_for(seen, 10), "new")
            monitor.cancel()

        asyncio.run(run(self.make_client()))
        monitor = self.make_client().monitor_files_sync("watched", ".")
        self.assertFalse(monitor.is_cancelled())
        monitor.cancel()
        self.assert_fails(Devbox.Error.DEVBOX_NOT_FOUND, self.make_client().monitor_files_sync, "nobody", ".")


class FailuresTest(ClientTest):
    BY_NAME = [("get_instance",), ("update_instance", Devbox.InstanceSpec(cpu=500)), ("start_instance",), ("pause_instance",), ("restart_instance",), ("shutdown_instance",),
               ("delete_instance",), ("set_ports", []), ("set_autostart", "true"), ("list_releases",), ("create_release", "v1", None),
               ("list_samples", None, None, 0), ("get_server_url",)]
    OF_INSTANCE = [("refresh",), ("get_info",), ("update", Devbox.InstanceSpec(cpu=500)), ("start",), ("pause",), ("restart",), ("shutdown",), ("delete",), ("set_ports", []),
                   ("set_autostart", "true"), ("list_releases",), ("create_release", "v1", None), ("delete_release", "v1"), ("deploy_release", "v1", None),
                   ("list_samples", None, None, 0), ("wait_ready", 1000)]
    OF_PLATFORM = OF_INSTANCE[:-1]

    def test_no_such_devbox(self):
        for name, *arguments in self.BY_NAME:
            with self.subTest(name):
                error = self.assert_fails(Devbox.Error.DEVBOX_NOT_FOUND, getattr(self.client, f"{name}_sync"), "none", *arguments)
                self.assertEqual((error.info.props.http_status, error.info.props.path), (404, "none"))

    def test_no_such_name(self):
        for bad in ("", "../x", "a/b", "Upper", "a" * 64, "ö"):
            for name, *arguments in self.BY_NAME:
                with self.subTest(name, bad=bad):
                    self.assert_fails(Devbox.Error.VALIDATION_ERROR, getattr(self.client, f"{name}_sync"), bad, *arguments)

    def test_no_platform(self):
        instance = Devbox.Instance.new_for_agent("http://127.0.0.1:1", None)
        for name, *arguments in self.OF_PLATFORM:
            with self.subTest(name):
                self.assert_fails(Devbox.Error.VALIDATION_ERROR, getattr(instance, f"{name}_sync"), *arguments)

    def test_wrong_token(self):
        client = self.make_client("x" * 40)
        self.assert_fails(Devbox.Error.AUTHENTICATION_FAILED, client.test_auth_sync)
        self.assert_fails(Devbox.Error.AUTHENTICATION_FAILED, client.list_instances_sync)
        self.assert_fails(Devbox.Error.AUTHENTICATION_FAILED, client.create_instance_sync, spec("nobodys"))
        self.assert_fails(Devbox.Error.AUTHENTICATION_FAILED, client.check_health_sync, "nobodys")
        self.assertTrue(self.client.test_auth_sync())

    def test_conflict(self):
        self.make("taken")
        self.assert_fails(Devbox.Error.CONFLICT, self.client.create_instance_sync, spec("taken", memory=2048))
        self.assertEqual(self.client.get_instance_sync("taken").get_memory(), 1024)

    def test_what_cannot_be_made(self):
        self.assert_fails(Devbox.Error.VALIDATION_ERROR, self.client.create_instance_sync, spec("../x"))
        self.assert_fails(Devbox.Error.VALIDATION_ERROR, self.client.create_instance_sync, Devbox.InstanceSpec.new("x", "no-such-runtime"))
        self.assertEqual(len(self.client.list_instances_sync()), 0)

    def test_closed(self):
        instance = self.make_ready("closed")
        instances = self.client.list_instances_sync()
        self.client.close()
        for call in (instance.refresh_sync, instance.pause_sync, instances.refresh_sync, self.client.list_templates_sync, instance.wait_ready_sync):
            self.assert_fails(Devbox.Error.CONNECTION_FAILED, call)
        self.assert_fails(Devbox.Error.CONNECTION_FAILED, self.client.check_health_sync, "closed")
        self.assertEqual(self.names(instances), ["closed"])

    def test_cancelled(self):
        instance = self.make_ready("cancelled")
        cancellable = Gio.Cancellable()
        cancellable.cancel()
        for name, *arguments in self.OF_INSTANCE:
            with self.subTest(name), self.assertRaises(GLib.Error) as caught:
                getattr(instance, f"{name}_sync")(*arguments, cancellable)
            self.assertTrue(caught.exception.matches(Gio.io_error_quark(), Gio.IOErrorEnum.CANCELLED), caught.exception)
        self.assertEqual(self.platform.get("cancelled")["status"], "Running")

    def test_two_clients(self):
        instance = self.make_ready("shared")
        other = self.make_client()
        again = other.get_instance_sync("shared")
        self.assertEqual(again.props.uid, instance.props.uid)
        again.pause_sync()
        self.assertEqual(instance.get_status(), Status.RUNNING)
        instance.refresh_sync()
        self.assertEqual(instance.get_status(), Status.STOPPED)
        other.close()
        self.assertTrue(instance.start_sync())

    def test_from_a_thread(self):
        """A blocking call in a thread tells in the main context, once that runs, and values are there at once."""
        instance = self.make_ready("thread")
        told = []
        instance.connect("notify::status", lambda *unused: told.append(threading.current_thread()))
        loop = GLib.MainLoop()
        seen = []

        def pause():
            instance.pause_sync()
            seen.append(instance.get_status())
            GLib.idle_add(loop.quit)

        thread = threading.Thread(target=pause)
        GLib.idle_add(lambda: thread.start() or GLib.SOURCE_REMOVE)
        loop.run()
        thread.join()
        self.assertEqual((seen, told), ([Status.STOPPED], [threading.main_thread()]))


if __name__ == "__main__":
    tap.main()
