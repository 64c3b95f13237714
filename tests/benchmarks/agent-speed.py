#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Small requests: the agent beside Bun and nginx in one run. Needs wrk."""
import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

from agent import Agent
from peers import HERE, Servers, compare, memory_mib


def start_times(rounds, start):
    """Milliseconds from start to the first answer."""
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        stop = start()
        times.append((time.perf_counter() - began) * 1000)
        stop()
    return statistics.median(times)


def start_agent():
    agent = Agent()
    agent.request("GET", "/health")
    return agent.stop


def start_peer(command):
    def start():
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        process.stdout.readline()

        def stop():
            process.kill()
            process.wait()
        return stop
    return start


def print_sizes():
    sizes = []
    with tempfile.NamedTemporaryFile() as stripped:
        for name in (os.environ["DEVBOX_SERVER"], os.environ["DEVBOX_SERVER_LIBRARY"], os.environ["DEVBOX_LAUNCHER"]):
            subprocess.run(["strip", "-o", stripped.name, os.path.realpath(name)], check=True)
            sizes.append(os.path.getsize(stripped.name) / 1024)
    print(f"stripped size: program {sizes[0]:.0f} KiB, its library {sizes[1]:.0f} KiB, launcher {sizes[2]:.0f} KiB, together {sum(sizes):.0f} KiB")


def print_start_times(servers):
    print(f"start to the first answer, ms: agent {start_times(15, start_agent):.1f}", end="")
    if servers.bun:
        print(f", bun {start_times(7, start_peer([servers.bun, os.path.join(HERE, 'peer-bun.js'), servers.root])):.1f}", end="")
    if shutil.which("node"):
        program = "require ('http').createServer ((q, r) => r.end ()).listen (0, '127.0.0.1', () => console.log ('up'))"
        print(f", an empty node server {start_times(7, start_peer(['node', '-e', program])):.1f}", end="")
    print()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2)
    options = parser.parse_args()
    if not shutil.which("wrk"):
        print("skipped: wrk is not installed (Debian package wrk)")
        return 77

    print_sizes()
    with Servers() as servers:
        print_start_times(servers)
        for peer in servers.peers:
            print(f"idle memory: {peer.name} {memory_mib(peer.pid):.1f} MiB resident, {memory_mib(peer.pid, 'Pss'):.1f} MiB proportional")
            peer.make_file("small.txt", 1024)

        def write_request(peer):
            if peer.name == "nginx":
                return "PUT", "/raw/written.txt", b"x" * 1024, "application/octet-stream"
            return "POST", "/files/write", json.dumps({"path": "written.txt", "content": "x" * 1024}).encode(), "application/json"

        rounds, seconds = options.rounds, options.seconds
        for connections in (1, 64):
            compare(f"GET /health, {connections} connections, requests/s", servers.peers,
                    lambda peer: peer.wrk(connections, seconds, ("GET", "/health", b"", None)), rounds)
            compare(f"read 1 KiB, {connections} connections, requests/s", servers.peers,
                    lambda peer: peer.wrk(connections, seconds, peer.read_request("small.txt")), rounds)
            compare(f"write 1 KiB, {connections} connections, requests/s", servers.peers,
                    lambda peer: peer.wrk(connections, seconds, write_request(peer)), rounds)
        exec_request = ("POST", "/process/exec", json.dumps({"command": "true"}).encode(), "application/json")
        compare("exec true, ms a round trip", servers.with_bun, lambda peer: peer.round_trips(exec_request, 200), rounds, "less", 2)
    return 0


if __name__ == "__main__":
    sys.exit(main())
