#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Large transfers and many small files: the agent beside Bun and nginx in one run."""
import argparse
import base64
import http.client
import json
import os
import shutil
import sys
import threading
import time

from peers import MIB, Servers, compare

LARGE = 256 * MIB


def json_write(peer, name, size):
    """MiB a second of content, written as base64 in JSON."""
    body = json.dumps({"path": name, "content": base64.b64encode(os.urandom(size)).decode(), "encoding": "base64"}).encode()
    connection = http.client.HTTPConnection("127.0.0.1", peer.port, timeout=120)
    began = time.perf_counter()
    peer.call(connection, ("POST", "/files/write", body, "application/json"))
    elapsed = time.perf_counter() - began
    connection.close()
    if os.path.getsize(os.path.join(peer.folder, name)) != size:
        raise RuntimeError(f"{peer.name}: the file is not whole")
    return size / MIB / elapsed


def multipart_batch(names, content):
    boundary = "--------------------------a-boundary-of-the-benchmark"
    parts = b"".join(b"--%b\r\nContent-Disposition: form-data; name=\"files\"; filename=\"%b\"\r\nContent-Type: application/octet-stream\r\n\r\n%b\r\n"
                     % (boundary.encode(), name.encode(), content) for name in names)
    return "POST", "/api/v1/files/batch-upload", parts + b"--" + boundary.encode() + b"--\r\n", f"multipart/form-data; boundary={boundary}"


def json_batch(names, content):
    files = [{"path": name, "content": content.decode()} for name in names]
    return "POST", "/files/batch-upload", json.dumps({"files": files}).encode(), "application/json"


def write_batch(peer, count, make_request):
    """Files a second."""
    folder = os.path.join(peer.folder, "batch")
    shutil.rmtree(folder, ignore_errors=True)
    request = make_request([f"batch/{i % 100}/file-{i}.txt" for i in range(count)], b"x" * 4096)
    connection = http.client.HTTPConnection("127.0.0.1", peer.port, timeout=120)
    began = time.perf_counter()
    peer.call(connection, request)
    elapsed = time.perf_counter() - began
    connection.close()
    if sum(len(files) for _, _, files in os.walk(folder)) != count:
        raise RuntimeError(f"{peer.name}: files are missing")
    return count / elapsed


def health_beside(peer, transfer):
    """The 99th percentile of GET /health in ms, while two clients transfer without a pause."""
    going = True

    def go_on(number):
        while going:
            transfer(peer, number)

    threads = [threading.Thread(target=go_on, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    time.sleep(0.2)
    times = []
    connection = http.client.HTTPConnection("127.0.0.1", peer.port, timeout=120)
    until = time.perf_counter() + 2
    while time.perf_counter() < until:
        began = time.perf_counter()
        peer.call(connection, ("GET", "/health", b"", None))
        times.append((time.perf_counter() - began) * 1000)
        time.sleep(0.002)
    going = False
    for thread in threads:
        thread.join()
    connection.close()
    return sorted(times)[len(times) * 99 // 100]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds

    with Servers() as servers:
        source = os.path.join(servers.root, "source")
        servers.peers[0].make_file("large.bin", LARGE)
        os.rename(os.path.join(servers.peers[0].folder, "large.bin"), source)
        for peer in servers.peers:
            shutil.copy(source, os.path.join(peer.folder, "large.bin"))

        compare("download 256 MiB, MiB/s", servers.peers, lambda peer: peer.download("large.bin") / MIB, rounds)
        compare("upload 256 MiB, MiB/s", servers.peers, lambda peer: peer.upload("upload.bin", source, LARGE) / MIB, rounds)
        for size in (10, 100):
            compare(f"write {size} MiB as JSON and base64, MiB/s", servers.with_bun, lambda peer: json_write(peer, "json.bin", size * MIB), rounds)
        for count in (1000, 10000):
            compare(f"{count:,} files of 4 KiB as JSON, files/s", servers.with_bun, lambda peer: write_batch(peer, count, json_batch), rounds)
            compare(f"{count:,} files of 4 KiB (ours multipart), files/s", servers.with_bun,
                    lambda peer: write_batch(peer, count, multipart_batch if peer.name == "agent" else json_batch), rounds)
        compare("GET /health beside two downloads, p99 in ms", servers.peers,
                lambda peer: health_beside(peer, lambda peer, number: peer.download("large.bin")), rounds, "less", 2)
        compare("GET /health beside two uploads, p99 in ms", servers.peers,
                lambda peer: health_beside(peer, lambda peer, number: peer.upload(f"upload-{number}.bin", source, LARGE)), rounds, "less", 2)
    return 0


if __name__ == "__main__":
    sys.exit(main())
