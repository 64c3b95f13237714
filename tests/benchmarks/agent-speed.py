#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The agent beside Bun and nginx in one run: rounds are interleaved, medians are compared.

Needs wrk; peers that are not there are left out by name: nginx (Debian nginx-light), and Bun as $BUN, on the PATH, or brought by npm
into the folder that --bun-folder names.
"""
import argparse
import http.client
import json
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

from agent import Agent

HERE = os.path.dirname(os.path.abspath(__file__))


def find_bun(folder):
    for candidate in (os.environ.get("BUN"), shutil.which("bun"), folder and os.path.join(folder, "node_modules/.bin/bun")):
        if candidate and os.access(candidate, os.X_OK):
            return candidate
    if folder and shutil.which("npm"):
        os.makedirs(folder, exist_ok=True)
        subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--prefix", folder, "bun@1"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        candidate = os.path.join(folder, "node_modules/.bin/bun")
        if os.access(candidate, os.X_OK):
            return candidate
    return None


def tree_of(pid):
    """The process and all its descendants."""
    found = [pid]
    for parent in found:
        for task in os.listdir(f"/proc/{parent}/task"):
            with open(f"/proc/{parent}/task/{task}/children") as file:
                found += [int(child) for child in file.read().split()]
    return found


def memory_kib(pid, field="Rss"):
    total = 0
    for member in tree_of(pid):
        with open(f"/proc/{member}/smaps_rollup") as file:
            total += int(re.search(rf"^{field}:\s+(\d+)", file.read(), re.M).group(1))
    return total


class Peer:
    def __init__(self, name, port, pid):
        self.name, self.port, self.pid = name, port, pid

    def wrk(self, connections, path, seconds):
        output = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", f"http://127.0.0.1:{self.port}{path}"],
                                capture_output=True, text=True, check=True).stdout
        if "Non-2xx" in output or "Socket errors" in output:
            raise RuntimeError(f"{self.name}: {output}")
        return float(re.search(r"Requests/sec:\s+([\d.]+)", output).group(1))

    def call(self, connection, path, body):
        connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        reply = connection.getresponse()
        content = reply.read()
        if reply.status != 200:
            raise RuntimeError(f"{self.name}: {reply.status} {content[:200]}")

    def round_trips(self, path, body, count):
        """Milliseconds a call, one after the other on one connection."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        self.call(connection, path, body)
        began = time.perf_counter()
        for _ in range(count):
            self.call(connection, path, body)
        connection.close()
        return (time.perf_counter() - began) * 1000 / count


def start_bun(program, workspace):
    process = subprocess.Popen([program, os.path.join(HERE, "peer-bun.js"), workspace], stdout=subprocess.PIPE, text=True)
    return process, Peer("bun", int(process.stdout.readline().rsplit(":", 1)[1]), process.pid)


def start_nginx(folder):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    configuration = os.path.join(folder, "nginx.conf")
    body = json.dumps({"status": "healthy", "timestamp": "2026-01-01T00:00:00.000Z", "version": "1.0.0", "uptime": 1.0})
    with open(configuration, "w") as file:
        file.write(f"""daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/nginx.log; worker_processes 1;
events {{ worker_connections 4096; }}
http {{ access_log off; keepalive_requests 1000000000; client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
uwsgi_temp_path {folder}; scgi_temp_path {folder};
server {{ listen 127.0.0.1:{port}; location = /health {{ default_type application/json; return 200 '{body}'; }} }} }}""")
    process = subprocess.Popen(["nginx", "-c", configuration, "-e", f"{folder}/nginx.log"])
    time.sleep(0.5)
    return process, Peer("nginx", port, process.pid)


def ready_times(rounds):
    """Milliseconds from start to the first answer."""
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        agent = Agent()
        agent.request("GET", "/health")
        times.append((time.perf_counter() - began) * 1000)
        agent.stop()
    return statistics.median(times)


def compare(title, peers, measure, rounds, better="more"):
    """One row: the median of each peer, and our ratio to the others (above 1 is better for us)."""
    figures = {peer.name: [] for peer in peers}
    for _ in range(rounds):
        for peer in peers:
            figures[peer.name].append(measure(peer))
    medians = {name: statistics.median(values) for name, values in figures.items()}
    ours = medians["agent"]
    ratios = {name: (ours / value if better == "more" else value / ours) for name, value in medians.items() if name != "agent"}
    columns = "  ".join(f"{name} {value:10.2f}" for name, value in medians.items())
    print(f"{title:44} {columns}   " + "  ".join(f"×{name} {ratio:.2f}" for name, ratio in ratios.items()), flush=True)
    return ratios


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--bun-folder", default=os.environ.get("BUN_FOLDER"))
    options = parser.parse_args()
    if not shutil.which("wrk"):
        print("skipped: wrk is not installed (Debian package wrk)")
        return 77

    program = os.environ["DEVBOX_SERVER"]
    stripped = tempfile.NamedTemporaryFile()
    sizes = []
    for name in (program, os.environ["DEVBOX_SERVER_LIBRARY"], os.environ["DEVBOX_LAUNCHER"]):
        subprocess.run(["strip", "-o", stripped.name, os.path.realpath(name)], check=True)
        sizes.append(os.path.getsize(stripped.name) / 1024)
    print(f"stripped size: program {sizes[0]:.0f} KiB, its library {sizes[1]:.0f} KiB, launcher {sizes[2]:.0f} KiB, together {sum(sizes):.0f} KiB")
    print(f"start to the first answer: {ready_times(15):.1f} ms")

    with tempfile.TemporaryDirectory() as folder, Agent() as agent:
        agent.write("small.txt", b"x" * 1024)
        print(f"idle memory of agent and launcher: {memory_kib(agent.process.pid) / 1024:.1f} MiB resident, "
              f"{memory_kib(agent.process.pid, 'Pss') / 1024:.1f} MiB proportional")
        peers = [Peer("agent", agent.port, agent.process.pid)]
        processes = []
        bun = find_bun(options.bun_folder)
        if bun:
            process, peer = start_bun(bun, agent.workspace)
            processes.append(process)
            peers.append(peer)
        else:
            print("left out: Bun (npm package bun)")
        with_bun = list(peers)
        if shutil.which("nginx"):
            process, peer = start_nginx(folder)
            processes.append(process)
            peers.append(peer)
        else:
            print("left out: nginx (Debian package nginx-light)")

        try:
            for connections in (1, 64):
                compare(f"GET /health, {connections} connections, requests/s", peers,
                        lambda peer: peer.wrk(connections, "/health", options.seconds), options.rounds)
            compare("exec true, ms a round trip", with_bun,
                    lambda peer: peer.round_trips("/process/exec", {"command": "true"}, 200), options.rounds, "less")
            compare("read 1 KiB, ms a round trip", with_bun,
                    lambda peer: peer.round_trips("/files/read", {"path": "small.txt"}, 1000), options.rounds, "less")
            compare("write 1 KiB, ms a round trip", with_bun,
                    lambda peer: peer.round_trips("/files/write", {"path": f"{peer.name}.txt", "content": "x" * 1024}, 500), options.rounds, "less")
            for peer in peers:
                print(f"memory after the load: {peer.name} {memory_kib(peer.pid) / 1024:.1f} MiB resident")
        finally:
            for process in processes:
                process.send_signal(signal.SIGTERM)
                process.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
