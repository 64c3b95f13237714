#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a program in a box can reach and use up: rows 21 and 23 of the scorecard, and the boxes of others."""
import json
import os
import re
import threading
import time
import unittest

import tap
from local_platform import Platform
from platform_test import can_sandbox

# Run inside a box. Prints what it found, as JSON; arguments: address and port of another box, port of the platform, its pid, its data folder.
PROBE = r"""
import ctypes, json, os, socket, sys
address, port, platform_port, platform_pid, data = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), sys.argv[5]
found = {}

def status(name):
    for line in open("/proc/self/status"):
        if line.startswith(name + ":"):
            return line.split(":")[1].strip()

def attempt(function):
    try:
        return function() or "done"
    except (OSError, KeyError) as error:
        return type(error).__name__

def read(path):
    with open(path, "rb") as file:
        return file.read(64).decode(errors="replace")

def connect(host, number):
    with socket.create_connection((host, number), 2):
        return "connected"

def bind_all(family):
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as peer:
        peer.connect("\0" + family)

def write(path):
    with open(path, "w"):
        return "written"

libc = ctypes.CDLL(None, use_errno=True)
def unshare(flags):
    pid = os.fork()
    if pid == 0:
        os._exit(libc.unshare(flags) == 0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

found["capabilities"] = {name: int(status(name), 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")}
found["no new privileges"] = status("NoNewPrivs")
found["processes"] = sorted(int(name) for name in os.listdir("/proc") if name.isdigit())
found["kill"] = attempt(lambda: os.kill(platform_pid, 0))
found["root"] = sorted(os.listdir("/"))
found["writable"] = [path for path in ("/x", "/usr/x", "/etc/x", "/etc/passwd", "/usr/bin/env", "/proc/sys/kernel/hostname", "/proc/sysrq-trigger", "/sys/x") if attempt(lambda: write(path)) == "written"]
found["unshare"] = {name: unshare(flag) for name, flag in (("user", 0x10000000), ("mount", 0x00020000), ("net", 0x40000000), ("pid", 0x20000000))}
found["other box"] = attempt(lambda: connect(address, port))
found["platform"] = attempt(lambda: connect("127.0.0.1", platform_port))
found["interfaces"] = sorted(os.listdir("/sys/class/net")) if os.path.isdir("/sys/class/net") else [name for _, name in socket.if_nameindex()]
found["data"] = attempt(lambda: os.listdir(data))
found["shadow"] = attempt(lambda: read("/etc/shadow"))
found["devices"] = sorted(os.listdir("/dev"))
found["memory"] = attempt(lambda: read("/dev/mem")), attempt(lambda: read("/proc/kcore"))
found["mount"] = libc.mount(b"none", b"/tmp", b"tmpfs", 0, None)
found["descriptors"] = sorted(int(name) for name in os.listdir("/proc/self/fd"))
found["host name"] = os.uname().nodename
found["namespaces"] = {name: os.readlink("/proc/self/ns/" + name) for name in ("user", "pid", "ipc", "uts", "net", "mnt")}
found["environment"] = sorted(os.environ)

PTRACE_SEIZE, PIDFD_GETFD = 0x4206, 438
def take(pid):
    pidfd = os.pidfd_open(pid)
    return {
        "trace": libc.ptrace(PTRACE_SEIZE, pid, None, None),
        "descriptors": [fd for fd in range(64) if libc.syscall(PIDFD_GETFD, pidfd, fd, 0) >= 0],
        "memory": attempt(lambda: open("/proc/%d/mem" % pid, "r+b").close()),
        "environment": attempt(lambda: read("/proc/%d/environ" % pid)),
        "links": attempt(lambda: os.readlink("/proc/%d/fd/0" % pid)),
    }
found["agents"] = [take(pid) for pid in found["processes"] if attempt(lambda: read("/proc/%d/comm" % pid)) == "devbox-server\n"]
print(json.dumps(found))
"""

HOG = "x = []\nwhile True: x.append(bytearray(b\"x\" * (1 << 20)))"
# Children that stay, and try again where there may be no more of them.
BOMB = "import os, time\nwhile True:\n  try: os.fork()\n  except OSError: time.sleep(0.01)"

AGENT_LIMIT_KIB = 20 * 1024
PROCESS_LIMIT = 256


def percentile(values, share):
    return sorted(values)[int((len(values) - 1) * share)]


@unittest.skipUnless(can_sandbox(), "bubblewrap does not run here")
class EscapeTest(unittest.TestCase):
    """Row 23: a program in a box looks for a way out."""

    @classmethod
    def setUpClass(cls):
        cls.platform = Platform(sandbox="bubblewrap")
        cls.addClassCleanup(cls.platform.stop)
        cls.box = cls.platform.create_ready("probe")
        cls.other_user = cls.platform.add_user("neighbour")
        cls.other = cls.platform.create_ready("other", user=cls.other_user)
        cls.other.write("private-of-neighbour", "text")
        cls.box.write("probe.py", PROBE)
        arguments = [cls.other.host, str(cls.other.port), str(cls.platform.port), str(cls.platform.process.pid), cls.platform.data]
        cls.found = json.loads(cls.box.output("python3", "probe.py", *arguments))

    def test_row_23_no_capabilities(self):
        self.assertEqual(set(self.found["capabilities"].values()), {0}, self.found["capabilities"])
        self.assertEqual(self.found["no new privileges"], "1")

    def test_row_23_no_processes_of_the_host(self):
        self.assertLess(len(self.found["processes"]), 10, self.found["processes"])
        self.assertLess(self.found["processes"][-1], 1000, self.found["processes"])
        self.assertEqual(self.found["kill"], "ProcessLookupError")

    def test_row_23_no_files_of_the_host(self):
        usual = {"bin", "dev", "etc", "home", "lib", "lib32", "lib64", "libx32", "opt", "proc", "root", "run", "sbin", "tmp", "usr", "var", "workspace", "mnt", "media", "srv", "sys", "boot"}
        # A platform that is not installed brings its agent from where it was built, which may be below any folder.
        build = os.path.dirname(os.path.realpath(os.environ.get("DEVBOX_SERVER", "/usr/bin/devbox-server")))
        top = build.split("/")[1]
        self.assertLessEqual(set(self.found["root"]), usual | {top})
        private = " ".join(sorted({"home", "root", "mnt", "media", "srv", "boot", "tmp", "run", "opt", "var", top} - {"usr"}))
        files = self.box.output(f"cd /; find {private} -type f -printf '/%p\\n' 2>/dev/null || true").split("\n")[:-1]
        # What a build that counts its lines writes in there is not the host's.
        self.assertEqual([path for path in files if not path.startswith((build, "/home/devbox/")) and not path.endswith(".gcda")], [])
        self.assertEqual(self.found["data"], "FileNotFoundError")
        self.assertIn(self.found["shadow"], ("FileNotFoundError", "PermissionError"))

    def test_row_23_what_is_shared_is_read_only(self):
        self.assertEqual(self.found["writable"], [])

    def test_row_23_no_namespaces_of_its_own(self):
        self.assertEqual(self.found["unshare"], {"user": 0, "mount": 0, "net": 0, "pid": 0})
        self.assertEqual(self.found["mount"], -1)

    def test_row_23_all_namespaces_are_others(self):
        ours = {name: os.readlink(f"/proc/self/ns/{name}") for name in self.found["namespaces"]}
        self.assertEqual({name for name in ours if ours[name] == self.found["namespaces"][name]}, set())

    def test_row_23_nobody_is_reached(self):
        self.assertIn(self.found["other box"], ("ConnectionRefusedError", "TimeoutError", "OSError"))
        self.assertIn(self.found["platform"], ("ConnectionRefusedError", "TimeoutError", "OSError"))
        self.assertEqual(self.found["interfaces"], ["lo"])
        self.assertEqual(self.other.health().status, 200)

    def test_row_23_no_devices(self):
        self.assertLessEqual(set(self.found["devices"]), {"console", "core", "fd", "full", "null", "ptmx", "pts", "random", "shm", "stderr", "stdin", "stdout", "tty", "urandom", "zero"})
        self.assertEqual([each for each in self.found["memory"] if not each.endswith("Error")], [])

    def test_row_23_no_descriptors(self):
        self.assertLessEqual(set(self.found["descriptors"]), {0, 1, 2, 3}, "one of them is that of the listing")

    def test_row_23_nothing_of_the_platform_in_the_environment(self):
        self.assertEqual([name for name in self.found["environment"] if name.startswith(("DEVBOX", "XDG", "TEST", "LD_", "G_"))], [])

    def test_row_23_the_agent_cannot_be_taken_over(self):
        """It has sockets that were made outside: whoever got one of them could connect to the host's addresses with it."""
        refused = {"trace": -1, "descriptors": [], "memory": "PermissionError", "environment": "PermissionError", "links": "PermissionError"}
        self.assertEqual(self.found["agents"], [refused])

    def test_row_23_the_agent_cannot_be_taken_over_by_links(self):
        """Nor does the platform follow what a box leaves in its folder."""
        self.box.output(f"ln -s {self.platform.data} way; ln -s /proc/1/root root; ln -s / slash")
        for path in ("way/state.sqlite", "root/etc/hostname", "slash/etc/hostname"):
            self.assertIn(self.box.request("POST", "/files/read", {"path": path}).status, (403, 404))
        self.platform.call("POST", "/probe/release", {"tag": "links"}, (200, 201))
        while self.platform.find_release("probe", "links") == "Building":
            time.sleep(0.01)
        made = self.platform.create_ready("made", release={"name": "probe", "tag": "links"})
        self.assertEqual(made.output("readlink way root slash"), f"{self.platform.data}\n/proc/1/root\n/\n")
        self.platform.delete("made")
        self.assertTrue(os.path.exists(self.platform.path("state.sqlite")))

    def test_row_23_the_other_users_folder(self):
        uid = self.other.detail["uid"]
        self.assertEqual(self.box.output(f"find / -path /proc -prune -o -name '*{uid}*' -print -o -name 'private-of-*' -print 2>/dev/null || true"), "")
        self.assertNotEqual(self.box.run(f"cat {self.platform.path('boxes', uid, 'workspace', 'private-of-neighbour')}")["exitCode"], 0)


class NeighbourTest(unittest.TestCase):
    """Row 21: what one box does is no matter to the next one."""

    SECONDS = 2
    PATIENCE = 20

    @classmethod
    def setUpClass(cls):
        cls.platform = Platform()
        cls.addClassCleanup(cls.platform.stop)
        cls.neighbour = cls.platform.create_ready("neighbour")
        # Where none can be made, what a whole box takes has no limit.
        cls.has_groups = bool(cls.platform.find_groups())

    def setUp(self):
        self.box = self.platform.create_ready("wild", resource={"cpu": 1, "memory": 0.25})
        self.uid = self.box.detail["uid"]

    def tearDown(self):
        began = time.monotonic()
        self.platform.delete("wild")
        self.assertEqual(self.platform.settle(), [])
        self.assertLess(time.monotonic() - began, 5)

    def processes(self):
        return [pid for pid, (_, words) in self.platform.find_processes().items() if self.uid in words and pid != self.platform.process.pid]

    def resident(self):
        """What its processes take in KiB; a page that some share counts once."""
        total = 0
        for pid in self.processes():
            try:
                with open(f"/proc/{pid}/smaps_rollup") as file:
                    total += int(re.search(r"^Pss:\s+(\d+)", file.read(), re.M).group(1))
            except (OSError, AttributeError):
                pass  # it has ended
        return total

    def agent_pid(self):
        """The one that serves, not bubblewrap, which has its command line too."""
        return next(pid for pid, (_, words) in self.platform.find_processes().items() if self.uid in words and self.is_agent(pid))

    def is_agent(self, pid):
        try:
            with open(f"/proc/{pid}/comm") as file:
                return file.read().startswith("devbox-server")
        except OSError:
            return False

    def measure(self, watch, is_wild=lambda: True):
        """What the neighbour's /health takes while the box is wild, in ms; watch () is called now and then. It may take a while to become wild where others are busy."""
        times, statuses, stop = [], set(), threading.Event()

        def ask():
            while not stop.is_set():
                began = time.perf_counter()
                statuses.add(self.neighbour.health().status)
                times.append((time.perf_counter() - began) * 1000)
                time.sleep(0.005)

        thread = threading.Thread(target=ask)
        thread.start()
        began = time.monotonic()
        try:
            while (passed := time.monotonic() - began) < self.SECONDS or (not is_wild() and passed < self.PATIENCE):
                watch()
                time.sleep(0.2)
        finally:
            stop.set()
            thread.join()
        print(f"# {self.id().rsplit('.', 1)[1]}: the neighbour's health p99 {percentile(times, 0.99):.1f} ms of {len(times)}")
        self.assertEqual(statuses, {200})
        self.assertGreater(len(times), 20)
        return percentile(times, 0.99)

    def test_row_21_fork_bomb(self):
        counts = []
        self.box.spawn("python3", "-c", BOMB)
        p99 = self.measure(lambda: counts.append(len(self.processes())), lambda: max(counts) > 50)
        print(f"# {max(counts)} processes")
        self.assertGreater(max(counts), 50, "it is no bomb")
        if self.has_groups:
            self.assertLessEqual(max(counts), PROCESS_LIMIT + 2, "with bubblewrap outside")
        self.assertLess(p99, 100)

    def test_row_21_memory_hog(self):
        most = []
        agent = self.agent_pid()
        self.box.spawn("sh", "-c", f"while :; do python3 -c '{HOG}'; done")
        p99 = self.measure(lambda: most.append(self.resident()), lambda: max(most) > 100 * 1024)
        print(f"# {max(most) // 1024} MiB")
        self.assertGreater(max(most), 100 * 1024, "it is no hog")
        if self.has_groups:
            self.assertLessEqual(max(most), 256 * 1024 * 1.1, "and what it reads of files that others have in memory")
        self.assertLess(p99, 100)
        self.assertEqual(self.box.health().status, 200)
        self.assertEqual(self.agent_pid(), agent, "the agent was killed in its stead")

    def test_row_21_commands_go_first_where_memory_runs_out(self):
        """However little each of them has: the agent lives."""
        agent = self.agent_pid()
        self.assertEqual(self.box.output("cat /proc/self/oom_score_adj"), "500\n")
        self.box.spawn("python3", "-c", "import os, time\nfor number in range(200):\n  if os.fork() == 0:\n    x = bytearray(b'x' * (4 << 20)); time.sleep(60)\ntime.sleep(60)")
        time.sleep(1.5)
        self.assertEqual(self.box.health().status, 200)
        self.assertEqual(self.agent_pid(), agent)

    def test_a_large_workspace(self):
        """What takes long for one user keeps nobody from a new box."""
        self.box.output("mkdir m; cd m; seq 20000 | xargs touch")
        tags = [f"v{i}" for i in range(6)]
        for tag in tags:
            self.platform.call("POST", "/wild/release", {"tag": tag}, (200, 201))
        began = time.monotonic()
        self.platform.create_ready("quick")
        print(f"# {(time.monotonic() - began) * 1000:.0f} ms")
        self.assertIn("Building", [self.platform.find_release("wild", tag) for tag in tags])
        for tag in tags:
            self.platform.call("DELETE", f"/wild/release/{tag}")
        self.platform.delete("quick")

    def test_row_21_flood_of_output(self):
        if self.platform.is_sanitized():
            # The sanitizer keeps 256 MiB of what was freed.
            self.platform.call("PATCH", "/wild", {"resource": {"memory": 2}})
        agent = self.agent_pid()
        most = []
        self.box.spawn("yes")
        p99 = self.measure(lambda: most.append(self.platform.resident_kib(agent)))
        print(f"# the agent took {max(most) / 1024:.1f} MiB")
        self.assertLess(p99, 100)
        if not self.platform.is_sanitized():
            self.assertLess(max(most), AGENT_LIMIT_KIB)
        self.assertEqual(self.box.health().status, 200)


if __name__ == "__main__":
    tap.main()
