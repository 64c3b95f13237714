# SPDX-License-Identifier: LGPL-2.1-or-later
"""The agent and its peers in one run: Bun with the same routes, and nginx, each with a folder of its own in memory.

Rounds are interleaved and medians are compared, so that what else the machine does falls on all of them. A peer that is not there is
left out by name: nginx (Debian nginx-light), and Bun as $BUN, on the PATH, or brought by npm into $BUN_FOLDER.
"""
import http.client
import json
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import tempfile
import time

from agent import Agent

HERE = os.path.dirname(os.path.abspath(__file__))
MEMORY = "/dev/shm" if os.path.ismount("/dev/shm") else None
MIB = 1024 * 1024


def tree_of(pid):
    """The process and all its descendants."""
    found = [pid]
    for parent in found:
        try:
            for task in os.listdir(f"/proc/{parent}/task"):
                with open(f"/proc/{parent}/task/{task}/children") as file:
                    found += [int(child) for child in file.read().split()]
        except OSError:
            pass
    return found


def read_kib(path, field):
    try:
        with open(path) as file:
            found = re.search(rf"^{field}:\s+(\d+)", file.read(), re.M)
            return int(found.group(1)) if found else 0
    except OSError:
        return 0


def memory_mib(pid, field="Rss"):
    """Resident memory of the process and its descendants now."""
    return sum(read_kib(f"/proc/{member}/smaps_rollup", field) for member in tree_of(pid)) / 1024


class Contestant:
    """A process under comparison, whose peak memory over a stretch of work is its own and that of all its descendants."""

    def __init__(self, name, pid):
        self.name, self.pid = name, pid

    def forget_peak(self):
        for member in tree_of(self.pid):
            try:
                with open(f"/proc/{member}/clear_refs", "w") as file:
                    file.write("5")
            except OSError:
                pass

    def peak_mib(self):
        return sum(read_kib(f"/proc/{member}/status", "VmHWM") for member in tree_of(self.pid)) / 1024


class Peer(Contestant):
    """A server under comparison, and how each of the operations is asked of it."""

    def __init__(self, name, port, pid, folder):
        super().__init__(name, pid)
        self.port, self.folder = port, folder

    def make_file(self, name, size):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            block = os.urandom(MIB)
            while size > 0:
                file.write(block[:size])
                size -= len(block)

    # Where an operation lives, and what it is asked with
    def read_request(self, name):
        return "POST", "/files/read", json.dumps({"path": name}).encode(), "application/json"

    def download_request(self, name):
        return "GET", {"agent": f"/api/v1/files/read?path={name}", "bun": f"/raw/{name}"}[self.name], b"", None

    def upload_target(self, name):
        return {"agent": ("POST", f"/api/v1/files/write?path={name}"), "bun": ("PUT", f"/raw/{name}")}[self.name]

    # Ways of asking
    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), 120)

    def wrk(self, connections, seconds, request):
        method, path, body, content_type = request
        script = tempfile.NamedTemporaryFile("w", suffix=".lua")
        script.write(f'wrk.method = "{method}"\n')
        if body:
            script.write(f"wrk.body = {lua_string(body)}\n")
            script.write(f'wrk.headers["Content-Type"] = "{content_type}"\n')
        script.flush()
        output = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", script.name, f"http://127.0.0.1:{self.port}{path}"],
                                capture_output=True, text=True, check=True).stdout
        if "Non-2xx" in output or "Socket errors" in output:
            raise RuntimeError(f"{self.name}: {output}")
        return float(re.search(r"Requests/sec:\s+([\d.]+)", output).group(1))

    def call(self, connection, request):
        method, path, body, content_type = request
        connection.request(method, path, body, {"Content-Type": content_type} if content_type else {})
        reply = connection.getresponse()
        content = reply.read()
        if reply.status not in (200, 201, 204):
            raise RuntimeError(f"{self.name}: {path}: {reply.status} {content[:200]}")
        return content

    def round_trips(self, request, count):
        """Milliseconds a call, one after the other on one connection."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        self.call(connection, request)
        began = time.perf_counter()
        for _ in range(count):
            self.call(connection, request)
        elapsed = time.perf_counter() - began
        connection.close()
        return elapsed * 1000 / count

    def download(self, name, sink=None):
        """Bytes a second; the kernel drops what comes, so that the client costs next to nothing."""
        method, path, _, _ = self.download_request(name)
        with self.connect() as connection:
            began = time.perf_counter()
            connection.sendall(f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
            head = b""
            while b"\r\n\r\n" not in head:
                head += connection.recv(65536)
            head, start = head.split(b"\r\n\r\n", 1)
            if b" 200 " not in head.split(b"\r\n")[0]:
                raise RuntimeError(f"{self.name}: {head[:200]}")
            length = int(re.search(rb"content-length:\s*(\d+)", head, re.I).group(1))
            got = len(start)
            scratch = bytearray(MIB)
            while got < length:
                size = connection.recv_into(scratch, min(MIB, length - got), socket.MSG_TRUNC)
                if size == 0:
                    raise RuntimeError(f"{self.name}: the download was cut off")
                got += size
            return length / (time.perf_counter() - began)

    def upload(self, name, source, size):
        """Bytes a second, sent by sendfile from a file in memory."""
        method, path = self.upload_target(name)
        with self.connect() as connection, open(source, "rb") as file:
            began = time.perf_counter()
            connection.sendall(f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/octet-stream\r\n"
                               f"Content-Length: {size}\r\nConnection: close\r\n\r\n".encode())
            connection.sendfile(file, 0, size)
            reply = connection.recv(65536)
            elapsed = time.perf_counter() - began
            if reply[9:10] != b"2":
                raise RuntimeError(f"{self.name}: {reply[:200]}")
        if os.path.getsize(os.path.join(self.folder, name)) != size:
            raise RuntimeError(f"{self.name}: the upload is not whole")
        return size / elapsed


class Nginx(Peer):
    def read_request(self, name):
        return "GET", f"/raw/{name}", b"", None

    download_request = read_request

    def upload_target(self, name):
        return "PUT", f"/raw/{name}"


def lua_string(data):
    return '"' + "".join(f"\\{byte:03d}" if byte < 32 or byte > 126 or byte in b'"\\' else chr(byte) for byte in data) + '"'


def find_bun(*packages):
    """The program, after npm brought it and the packages; None where it cannot be had."""
    folder = os.environ.get("BUN_FOLDER")
    programs = [os.environ.get("BUN"), shutil.which("bun")]
    if folder and shutil.which("npm"):
        wanted = [package for package in ("bun", *packages) if not os.path.isdir(os.path.join(folder, "node_modules", package))]
        if wanted:
            os.makedirs(folder, exist_ok=True)
            subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--prefix", folder, *wanted], stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)
        programs.append(os.path.join(folder, "node_modules/.bin/bun"))
    return next((program for program in programs if program and os.access(program, os.X_OK)), None)


class Servers:
    """All of them, for a with block: `peers` has those that could be started, the agent first."""

    def __init__(self, packages=()):
        self.root = tempfile.mkdtemp(prefix="devbox-benchmark-", dir=MEMORY)
        self.processes = []
        self.agent = Agent("--max-file-size", "0", workspace=self.make_folder("agent"))
        self.peers = [Peer("agent", self.agent.port, self.agent.process.pid, self.agent.workspace)]
        print(f"files are kept {'in memory' if MEMORY else 'on disk: /dev/shm is not there'}")

        self.bun = find_bun(*packages)
        if self.bun:
            self.add_bun()
        else:
            print("left out: Bun (npm package bun)")
        self.with_bun = list(self.peers)
        if shutil.which("nginx"):
            self.add_nginx()
        else:
            print("left out: nginx (Debian package nginx-light)")

    def make_folder(self, name):
        folder = os.path.join(self.root, name)
        os.makedirs(folder, mode=0o755)
        return folder

    def add_bun(self):
        folder = self.make_folder("bun")
        process = subprocess.Popen([self.bun, os.path.join(HERE, "peer-bun.js"), folder], stdout=subprocess.PIPE, text=True)
        self.processes.append(process)
        self.peers.append(Peer("bun", int(process.stdout.readline().rsplit(":", 1)[1]), process.pid, folder))

    def add_nginx(self):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        own = self.make_folder("nginx-own")
        folder = self.make_folder("nginx")
        os.makedirs(os.path.join(folder, "raw"))
        health = json.dumps({"status": "healthy", "timestamp": "2026-01-01T00:00:00.000Z", "version": "1.0.0", "uptime": 1.0})
        with open(os.path.join(own, "nginx.conf"), "w") as file:
            file.write(f"""daemon off; master_process off; pid {own}/nginx.pid; error_log {own}/nginx.log; worker_processes 1;
{'user root;' if os.getuid() == 0 else ''}
events {{ worker_connections 4096; }}
http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000; client_max_body_size 0;
client_body_temp_path {own}/bodies; proxy_temp_path {own}; fastcgi_temp_path {own}; uwsgi_temp_path {own}; scgi_temp_path {own};
server {{ listen 127.0.0.1:{port}; root {folder};
location = /health {{ default_type application/json; return 200 '{health}'; }}
location /raw/ {{ dav_methods PUT; create_full_put_path on; }} }} }}""")
        process = subprocess.Popen(["nginx", "-c", os.path.join(own, "nginx.conf"), "-e", f"{own}/nginx.log"])
        self.processes.append(process)
        time.sleep(0.5)
        peer = Nginx("nginx", port, process.pid, os.path.join(folder, "raw"))
        self.peers.append(peer)

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
            process.wait()
        self.agent.stop()
        shutil.rmtree(self.root, ignore_errors=True)


def compare(title, peers, measure, rounds, better="more", digits=0):
    """One row: the median of each peer with its peak memory, and the ratio of the first, which is ours, to the others (above 1 is better
    for us)."""
    figures = {peer.name: [] for peer in peers}
    peaks = dict.fromkeys(figures, 0)
    for _ in range(rounds):
        for peer in peers:
            peer.forget_peak()
            figures[peer.name].append(measure(peer))
            peaks[peer.name] = max(peaks[peer.name], peer.peak_mib())

    medians = {name: statistics.median(values) for name, values in figures.items()}
    ours = medians[peers[0].name]
    columns = "  ".join(f"{name} {value:9,.{digits}f} ({peaks[name]:5.1f} MiB)" for name, value in medians.items())
    ratios = "  ".join(f"{ours / value if better == 'more' else value / ours:.2f} × {name}" for name, value in medians.items() if name != peers[0].name)
    print(f"{title:46} {columns}   {ratios}", flush=True)
