#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The life of devboxes on the local platform: how fast and how large, with bubblewrap and as plain processes."""
import argparse
import concurrent.futures
import http.client
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

from box import Box
from local_platform import API, BoxAgent, Platform
from peers import MIB, memory_mib, read_kib, tree_of

POLL = 0.001
# About what the platform asks of bubblewrap.
BARE = ("bwrap", "--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-net", "--die-with-parent", "--new-session", "--dev-bind", "/", "/")


class Connection:
    """One that is kept, as the user of the platform or of an agent."""

    def __init__(self, host, port, headers):
        self.headers = {"Content-Type": "application/json", **headers}
        self.connection = http.client.HTTPConnection(host, port, timeout=60)

    def call(self, method, path, body=None):
        self.connection.request(method, path, json.dumps(body) if body is not None else None, self.headers)
        reply = self.connection.getresponse()
        content = reply.read()
        if reply.status not in (200, 201):
            raise RuntimeError(f"{method} {path}: {reply.status} {content[:500]}")
        return content

    def close(self):
        self.connection.close()


class Measured(Platform):
    """A platform, and what it is asked with as little beside it as can be."""

    def __init__(self, sandbox):
        super().__init__(sandbox=sandbox)
        self.sandbox = sandbox
        self.local = threading.local()

    def fast_call(self, method, path="", body=None):
        if not hasattr(self.local, "connection"):
            self.local.connection = Connection("127.0.0.1", self.port, self.user.headers("bearer"))
        return self.local.connection.call(method, API + path, body)

    def make(self, name, **members):
        self.fast_call("POST", "", {"name": name, "runtime": "bash", "resource": {"cpu": 1, "memory": 1}, **members})

    def wait_answer(self, name):
        """Until the platform says Running and the agent answers."""
        while (detail := json.loads(self.fast_call("GET", f"/{name}"))["data"])["status"] != "Running":
            if detail["status"] == "Error":
                raise RuntimeError(f"{name}: {detail['reason']}")
            time.sleep(POLL)
        return self.ask(detail)

    def ask(self, detail):
        agent = BoxAgent(detail)
        connection = Connection(agent.host, agent.port, agent.headers)
        connection.call("GET", "/health")
        connection.close()
        return agent


class Times:
    """Milliseconds of each step, by its name."""

    def __init__(self):
        self.values = {}

    def take(self, name, func):
        began = time.perf_counter()
        result = func()
        self.values.setdefault(name, []).append((time.perf_counter() - began) * 1000)
        return result

    def print(self, title):
        for name, values in self.values.items():
            print(f"{title:11} {name:44} {statistics.median(values):8.2f} ms   (best {min(values):.2f}, worst {max(values):.2f}, of {len(values)})", flush=True)


def load():
    return f"load {os.getloadavg()[0]:.1f}"


def processor_seconds(pids):
    """Of all their threads."""
    total = 0
    for pid in pids:
        try:
            for task in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{task}/schedstat") as file:
                    total += int(file.read().split()[0])
        except OSError:
            pass
    return total / 1e9


def switches(pids):
    """How often all their threads went to sleep."""
    return sum(read_kib(f"/proc/{pid}/task/{task}/status", "voluntary_ctxt_switches") for pid in pids for task in os.listdir(f"/proc/{pid}/task"))


def wait_gone(platform):
    while len(tree_of(platform.process.pid)) > 1:
        time.sleep(POLL)


def measure_life(platform, rounds):
    """One box at a time, each step of its life until it is answered."""
    times = Times()
    for number in range(rounds):
        name = f"life-{number}"

        def create():
            platform.make(name)
            return platform.wait_answer(name)

        def resume():
            platform.fast_call("POST", f"/{name}/start")
            agent.health()

        agent = times.take("create to ready, with the agent's first answer", create)
        times.take("get", lambda: platform.fast_call("GET", f"/{name}"))
        times.take("pause", lambda: platform.fast_call("POST", f"/{name}/pause"))
        times.take("resume, to the agent's first answer", resume)
        times.take("shutdown", lambda: platform.fast_call("POST", f"/{name}/shutdown"))
        times.take("start after it, to the agent's first answer", resume)
        times.take("restart", lambda: platform.fast_call("POST", f"/{name}/restart"))
        times.take("delete", lambda: platform.fast_call("DELETE", f"/{name}"))
        wait_gone(platform)
    times.print(platform.sandbox)


def measure_bare(sandbox, rounds):
    """The same programs with nothing around them: what no platform can be faster than."""
    times = Times()
    wrapper = BARE if sandbox == "bubblewrap" else ()
    for _ in range(rounds):
        box = times.take("  bare limit: the same programs to ready", lambda: Box(wrapper=wrapper))
        box.stop()
        if wrapper:
            times.take("  bare limit: bwrap true", lambda: subprocess.run([*wrapper, "true"], check=True))
        with tempfile.TemporaryFile(dir=tempfile.gettempdir()) as file:
            file.write(b"x" * 4096)
            file.flush()
            times.take("  bare limit: fsync of 4 KiB", lambda: os.fsync(file.fileno()))
    times.print(sandbox)


def measure_list(platform, count):
    """Of boxes that do not run."""
    names = [f"listed-{number:04}" for number in range(count)]

    def make(name):
        platform.make(name)
        platform.fast_call("POST", f"/{name}/shutdown")

    began = time.perf_counter()
    with concurrent.futures.ThreadPoolExecutor(32) as executor:
        list(executor.map(make, names))
    made = time.perf_counter() - began
    times = Times()
    for _ in range(15):
        reply = times.take(f"list of {count:,}", lambda: platform.fast_call("GET"))
        times.take(f"get of one of {count:,}", lambda: platform.fast_call("GET", f"/{names[count // 2]}"))
    assert len(json.loads(reply)["data"]) == count
    times.print(platform.sandbox)
    print(f"{platform.sandbox:11} {count:,} made and shut down in {made:.1f} s; the list has {len(reply) / 1024:.0f} KiB; "
          f"the platform has {memory_mib(platform.process.pid):.1f} MiB resident, {memory_mib(platform.process.pid, 'Pss'):.1f} proportional")
    began = time.perf_counter()
    with concurrent.futures.ThreadPoolExecutor(32) as executor:
        list(executor.map(lambda name: platform.fast_call("DELETE", f"/{name}"), names))
    print(f"{platform.sandbox:11} {count:,} deleted in {time.perf_counter() - began:.1f} s")


def print_memory(title, groups):
    """The medians over groups of processes."""
    figures = {field: statistics.median(sum(read_kib(f"/proc/{pid}/smaps_rollup", field) for pid in pids) / 1024 for pids in groups)
               for field in ("Rss", "Pss", "Private_Dirty")}
    print(f"{title} resident {figures['Rss']:.2f} MiB, proportional {figures['Pss']:.2f} MiB, its own written pages {figures['Private_Dirty']:.2f} MiB")


def measure_many(platform, count):
    """All at once, and what they cost while they do nothing."""
    pid = platform.process.pid
    print_memory(f"{platform.sandbox:11} idle platform:", [[pid]])
    names = [f"many-{number:03}" for number in range(count)]
    began = time.perf_counter()
    with concurrent.futures.ThreadPoolExecutor(16) as executor:
        list(executor.map(platform.make, names))
        accepted = time.perf_counter() - began
        list(executor.map(platform.wait_answer, names))
    ready = time.perf_counter() - began
    print(f"{platform.sandbox:11} {count} at once: accepted after {accepted:.2f} s, all answer after {ready:.2f} s, {ready * 1000 / count:.1f} ms each; {load()}")

    boxes = [tree_of(int(child)) for child in read_children(pid)]
    assert len(boxes) == count
    print_memory(f"{platform.sandbox:11} platform with {count}:", [[pid]])
    print_memory(f"{platform.sandbox:11} each idle box ({len(boxes[0])} processes):", boxes)
    for position in range(len(boxes[0])):
        with open(f"/proc/{boxes[0][position]}/comm") as file:
            print_memory(f"{'':11}   of which {file.read().strip()}:", [[box[position]] for box in boxes])

    everything = [pid, *(member for box in boxes for member in box)]
    time.sleep(1)
    began, slept = [processor_seconds([pid]), processor_seconds(everything)], [switches([pid]), switches(everything)]
    time.sleep(10)
    print(f"{platform.sandbox:11} idle with {count} for 10 s: processor {(processor_seconds(everything) - began[1]) * 1000:.0f} ms, of it the platform "
          f"{(processor_seconds([pid]) - began[0]) * 1000:.0f} ms; wake-ups a second: platform {(switches([pid]) - slept[0]) / 10:.1f}, "
          f"each box {(switches(everything) - switches([pid]) - slept[1] + slept[0]) / 10 / count:.2f}")

    began = time.perf_counter()
    with concurrent.futures.ThreadPoolExecutor(16) as executor:
        list(executor.map(lambda name: platform.fast_call("DELETE", f"/{name}"), names))
    print(f"{platform.sandbox:11} {count} at once deleted after {time.perf_counter() - began:.2f} s")


def read_children(pid):
    children = []
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/children") as file:
            children += file.read().split()
    return children


ECHO = """
import socket, threading
server = socket.create_server(("127.0.0.1", 7000))
def serve(connection):
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if connection.recv(1) == b"e":
        while piece := connection.recv(65536):
            connection.sendall(piece)
    else:
        block = bytes(1 << 20)
        try:
            while True:
                connection.sendall(block)
        except OSError:
            pass
while True:
    threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()
"""


def open_port(address):
    deadline = time.monotonic() + 10
    while True:
        try:
            connection = socket.create_connection(address, 10)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.sendall(b"e")
            connection.sendall(b"!")
            if connection.recv(1) == b"!":
                return connection
        except OSError:
            pass
        if time.monotonic() > deadline:
            raise RuntimeError("the program in the box does not answer")
        time.sleep(0.02)


def echo_time(address, count):
    with open_port(address) as connection:
        began = time.perf_counter()
        for _ in range(count):
            connection.sendall(b"x")
            connection.recv(1)
        return (time.perf_counter() - began) * 1e6 / count


def connect_time(address, count):
    began = time.perf_counter()
    for _ in range(count):
        with socket.create_connection(address, 10) as connection:
            connection.sendall(b"ee")
            connection.recv(1)
    return (time.perf_counter() - began) * 1e6 / count


def throughput(address, seconds):
    with socket.create_connection(address, 10) as connection:
        connection.sendall(b"t")
        scratch = bytearray(1 << 20)
        got, began = 0, time.perf_counter()
        while time.perf_counter() - began < seconds:
            got += connection.recv_into(scratch, 1 << 20, socket.MSG_TRUNC)
        return got / (time.perf_counter() - began) / MIB


def measure_port(platform, rounds):
    """A program's port through the platform, beside the same program reached directly."""
    platform.make("port", ports=[{"number": 7000}])
    agent = platform.wait_answer("port")
    agent.write("echo.py", ECHO)
    agent.spawn("python3 echo.py")
    address = urllib.parse.urlsplit(next(port["publicAddress"] for port in agent.detail["ports"] if port["number"] == 7000))
    direct = subprocess.Popen([sys.executable, "-c", ECHO.replace('"127.0.0.1"', '"127.0.0.9"')])
    try:
        ways = {"directly": ("127.0.0.9", 7000), "through the port": (address.hostname, address.port)}
        for way in ways.values():
            open_port(way).close()
        for title, measure, unit in (("round trip of a byte", lambda way: echo_time(way, 3000), "µs"), ("connect and round trip", lambda way: connect_time(way, 500), "µs"),
                                     ("download", lambda way: throughput(way, 1), "MiB/s")):
            figures = {name: [] for name in ways}
            for _ in range(rounds):
                for name, way in ways.items():
                    figures[name].append(measure(way))
            print(f"{platform.sandbox:11} {title:24} " + ", ".join(f"{name} {statistics.median(values):,.1f} {unit}" for name, values in figures.items()), flush=True)
    finally:
        direct.kill()
        direct.wait()
    platform.fast_call("DELETE", "/port")


PARTS = ("life", "bare", "many", "list", "port")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sandbox", choices=("bubblewrap", "none"), action="append")
    parser.add_argument("--part", choices=PARTS, action="append")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--boxes", type=int, default=100)
    parser.add_argument("--listed", type=int, default=1000)
    options = parser.parse_args()
    parts = options.part or PARTS

    for sandbox in options.sandbox or ("bubblewrap", "none"):
        if sandbox == "bubblewrap" and not shutil.which("bwrap"):
            print("left out: bubblewrap (Debian package bubblewrap)")
            continue
        began = time.perf_counter()
        platform = Measured(sandbox)
        print(f"{sandbox:11} start of the platform, to its screen: {(time.perf_counter() - began) * 1000:.0f} ms; {load()}")
        print_memory(f"{sandbox:11} platform just started:", [[platform.process.pid]])
        with platform:
            if "many" in parts:
                measure_many(platform, options.boxes)
            if "life" in parts:
                measure_life(platform, options.rounds)
            if "bare" in parts:
                measure_bare(sandbox, options.rounds)
            if "port" in parts:
                measure_port(platform, 5)
            if "list" in parts:
                measure_list(platform, options.listed)
            platform.fast_call("GET")
            print(f"{sandbox:11} peak memory of the platform {platform.peak_kib() / 1024:.1f} MiB; {load()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
