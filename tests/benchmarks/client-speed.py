#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The client beside the npm client, libcurl, libsoup and bare sockets, against one agent in one run."""
import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

from agent import Agent
from node import find_node
from peers import HERE, MEMORY, MIB, Contestant, compare, memory_mib

LARGE = 256 * MIB
HUGE = 1024 * MIB
SMALL_READS = 5000
TOKEN = os.urandom(16).hex()


class Client(Contestant):
    """A program that does what it is asked, as contestant.c says."""

    def __init__(self, name, agent, *command):
        self.command = [*command, agent.url, TOKEN]
        began = time.perf_counter()
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        super().__init__(name, self.process.pid)
        self.ask("reads 1")
        self.start_ms = (time.perf_counter() - began) * 1000

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError(f"{self.name} ended: {line}")
        return {key: float(value) for key, value in (figure.split("=") for figure in answer.split())}

    def stop(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


class View(Contestant):
    """One of the ways of a client."""

    def __init__(self, name, client, operation):
        super().__init__(name, client.pid)
        self.ask, self.operation = client.ask, operation


class Clients:
    """All that could be started, for a with block, ours first."""

    def __init__(self, agent):
        self.agent = agent
        self.started = []
        self.commands = {"ours": [os.environ["DEVBOX_CLIENT"]]}
        self.add_commands()
        for name in self.commands:
            setattr(self, name, self.start(name))

    def add_commands(self):
        self.npm = self.python = self.curl = None
        node = find_node("@labring/devbox-sdk@1.1.2")
        if node:
            self.commands["npm"] = [node, os.path.join(HERE, "npm-client.mjs")]
        else:
            print("left out: the npm client (npm packages @labring/devbox-sdk and node)")
        if "GI_TYPELIB_PATH" in os.environ:
            self.commands["python"] = [sys.executable, os.path.join(HERE, "python-client.py")]
        else:
            print("left out: our client from Python (built without introspection)")
        if "CURL_CLIENT" in os.environ:
            self.commands["curl"] = [os.environ["CURL_CLIENT"]]
        else:
            print("left out: libcurl (Debian package libcurl4-openssl-dev)")
        self.commands["soup"] = [os.environ["SOUP_CLIENT"]]
        self.commands["bare"] = [os.environ["BARE_CLIENT"]]

    def start(self, name):
        client = Client(name, self.agent, *self.commands[name])
        self.started.append(client)
        return client

    def start_time(self, name):
        client = Client(name, self.agent, *self.commands[name])
        client.stop()
        return client.start_ms

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        for client in self.started:
            client.stop()


def present(*clients):
    return [client for client in clients if client]


def measure_reads(clients, rounds):
    views = [View("ours", clients.ours, "reads"), View("ours async", clients.ours, "reads-async")]
    if clients.npm:
        views += [View("npm", clients.npm, "reads"), View("fetch", clients.npm, "reads-fetch")]
    if clients.python:
        views += [View("Python", clients.python, "reads"), View("asyncio", clients.python, "reads-async")]
    if clients.curl:
        views += [View("libcurl", clients.curl, "reads")]
    views += [View("libsoup", clients.soup, "reads"), View("libsoup async", clients.soup, "reads-async"), View("bare", clients.bare, "reads")]

    processor = {view.name: [] for view in views}
    reuse = []

    def measure(view):
        figures = view.ask(f"{view.operation} {SMALL_READS}")
        processor[view.name].append(figures["processor_ms"] * 1000 / SMALL_READS)
        reuse.append(figures.get("reuse", 1))
        return figures["ms"] * 1000 / SMALL_READS

    for view in views:
        view.ask(f"{view.operation} 500")
    compare(f"read 1 KiB, {SMALL_READS:,} one by one, µs", views, measure, rounds, "less", 1)
    print(f"{'  of it processor time, µs':46} " + "  ".join(f"{name} {statistics.median(values):9,.1f}" for name, values in processor.items()))
    print(f"{'  connections reused':46} {min(reuse):.4%} at least")


def measure_crowd(clients, rounds):
    for client in present(clients.ours, clients.npm):
        answers = [client.ask("crowd 1000 8") for _ in range(rounds)]
        medians = {name: statistics.median(answer[name] for answer in answers) for name in answers[0]}
        print(f"1,000 reads at once, {'8 connections' if client is clients.ours else 'fetch'}, {client.name:10} half after {medians['median_ms']:.1f} ms, "
              f"all after {medians['last_ms']:.1f} ms: the last waits {medians['last_ms'] / medians['median_ms']:.2f} × as long as the median", end="")
        if "farthest" in medians:
            print(f"; begun in {medians['begun_ms']:.1f} ms; farthest from its turn {max(answer['farthest'] for answer in answers):.0f}; "
                  f"reuse {medians['reuse']:.4f}", end="")
        print()


def measure_transfers(clients, rounds):
    def rate(line):
        def measure(client):
            figures = client.ask(line)
            assert figures["bytes"] == LARGE
            return figures["bytes"] / MIB / figures["ms"] * 1000
        return measure

    idle = {client.name: memory_mib(client.pid) for client in clients.started}
    everybody = present(clients.ours, clients.npm, clients.curl, clients.bare)
    print("memory before: " + ", ".join(f"{client.name} {idle[client.name]:.1f} MiB" for client in everybody))
    compare("download 256 MiB as a stream (npm: whole), MiB/s", everybody, rate("download large.bin"), rounds)
    compare("upload 256 MiB as a stream (npm: whole), MiB/s", everybody, rate(f"upload copy.bin {LARGE}"), rounds)
    load = View("ours", clients.ours, "load")
    others = [View("npm", clients.npm, "download")] if clients.npm else []
    compare("read a file of 256 MiB whole, MiB/s", [load, *others], lambda view: rate(f"{view.operation} large.bin")(view), rounds)


def measure_batch(clients, agent, rounds):
    def measure(client):
        shutil.rmtree(agent.path("batch"), ignore_errors=True)
        elapsed = client.ask("batch batch 1000 4096")["ms"]
        count = sum(len(files) for _, _, files in os.walk(agent.path("batch")))
        assert count == 1000, count
        return elapsed
    compare("upload 1,000 files of 4 KiB, ms", present(clients.ours, clients.npm), measure, rounds, "less", 1)


def measure_timers(clients, rounds):
    """A timer of 1 ms in the context that waits for a transfer; at rest it shows what else the machine does."""
    transfers = {"at rest": "timer-rest 2000", "1 GiB down": "timer-download huge.bin", "1 GiB up": f"timer-upload copy.bin {HUGE}",
                 "1 GiB read whole": "timer-load huge.bin"}
    for client in present(clients.ours, clients.python):
        answers = {title: [] for title in transfers}
        for _ in range(rounds):
            for title, line in transfers.items():
                answers[title].append(client.ask(line))
        for title, figures in answers.items():
            medians = {name: statistics.median(answer[name] for answer in figures) for name in figures[0]}
            assert medians.get("bytes", 0) in (0, HUGE)
            print(f"a timer of 1 ms, {title:17} {client.name:8} late by {medians['median_us'] / 1000:.2f} ms at the median, "
                  f"{medians['p999_us'] / 1000:.2f} ms at p99.9, {max(answer['most_us'] for answer in figures) / 1000:.2f} ms at most; "
                  f"{medians['count']:.0f} times", end="")
            print(f", {HUGE / MIB / medians['ms'] * 1000:.0f} MiB/s" if medians.get("bytes") else "")


def python_memory(*imports):
    """What a Python program has that only imports, in MiB."""
    program = "import gi\n" + "".join(f"gi.require_version('{name}', '{version}')\nfrom gi.repository import {name}\n" for name, version in imports)
    with subprocess.Popen([sys.executable, "-c", program + "print(flush=True)\ninput()"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        process.stdout.readline()
        figures = [memory_mib(process.pid, field) for field in ("Rss", "Pss")]
        process.communicate("\n")
    return figures


def measure_start(clients, rounds):
    names = list(clients.commands)
    times = {name: [] for name in names}
    for _ in range(3 * rounds):
        for name in names:
            times[name].append(clients.start_time(name))
    print("start to the first answer, ms: " + ", ".join(f"{name} {statistics.median(values):.1f}" for name, values in times.items()))

    print("idle memory after a call, resident / proportional MiB: "
          + ", ".join(f"{client.name} {memory_mib(client.pid):.1f} / {memory_mib(client.pid, 'Pss'):.1f}" for client in map(clients.start, names)), end="")
    if clients.python:
        for title, imports in (("Python with Gio alone", [("Gio", "2.0")]), ("Python with Devbox imported", [("Devbox", "1")])):
            print(f", {title} {' / '.join(f'{figure:.1f}' for figure in python_memory(*imports))}", end="")
    print()
    with tempfile.NamedTemporaryFile() as stripped:
        subprocess.run(["strip", "-o", stripped.name, os.path.realpath(os.environ["DEVBOX_CLIENT_LIBRARY"])], check=True)
        print(f"the library, stripped: {os.path.getsize(stripped.name) / 1024:.0f} KiB")


def make_file(agent, name, size):
    block = os.urandom(MIB)
    with open(agent.path(name), "wb") as file:
        for left in range(size, 0, -MIB):
            file.write(block[:left])


PARTS = ("start", "reads", "crowd", "batch", "transfers", "timers")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--part", choices=PARTS, action="append")
    options = parser.parse_args()
    parts, rounds = options.part or PARTS, options.rounds

    with tempfile.TemporaryDirectory(prefix="devbox-benchmark-", dir=MEMORY) as workspace, Agent("--max-file-size", "0", workspace=workspace, environment={"TOKEN": TOKEN}) as agent:
        print(f"files are kept {'in memory' if MEMORY else 'on disk: /dev/shm is not there'}; load {os.getloadavg()[0]:.1f}")
        make_file(agent, "small.bin", 1024)
        with Clients(agent) as clients:
            if "start" in parts:
                measure_start(clients, rounds)
            if "reads" in parts:
                measure_reads(clients, rounds)
            if "crowd" in parts:
                measure_crowd(clients, rounds)
            if "batch" in parts:
                measure_batch(clients, agent, rounds)
            if "transfers" in parts:
                make_file(agent, "large.bin", LARGE)
                measure_transfers(clients, rounds)
            if "timers" in parts:
                make_file(agent, "huge.bin", HUGE)
                measure_timers(clients, rounds)
        print(f"load {os.getloadavg()[0]:.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
