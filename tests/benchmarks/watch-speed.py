#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""File events: the agent beside chokidar behind a WebSocket on Bun, in one run."""
import argparse
import os
import select
import sys
import time

from agent import WebSocket
from peers import Servers, compare

WATCHERS = 100
EVENTS = 1000
BURST = 100


class Watcher:
    """Counts the events that come, and leaves the rest of them unread."""

    def __init__(self, peer):
        socket = WebSocket(peer, {})
        if not socket.ask({"type": "watch", "path": "."})["success"]:
            raise RuntimeError(f"{peer.name}: it does not watch")
        self.connection = socket.socket
        self.connection.setblocking(False)
        self.seen = 0
        self.rest = b""

    def read(self):
        data = self.rest + self.connection.recv(1 << 20)
        self.seen += data.count(b'"file-change"')
        self.rest = data[-12:] if not data.endswith(b"}") else b""


def write(peer, name):
    with open(os.path.join(peer.folder, name), "w"):
        pass


def wait_for(watchers, count):
    waiting = {watcher.connection.fileno(): watcher for watcher in watchers if watcher.seen < count}
    poll = select.epoll()
    for descriptor in waiting:
        poll.register(descriptor, select.EPOLLIN)
    until = time.perf_counter() + 60
    while waiting:
        for descriptor, _ in poll.poll(1):
            waiting[descriptor].read()
            if waiting[descriptor].seen >= count:
                poll.unregister(descriptor)
                del waiting[descriptor]
        if time.perf_counter() > until:
            raise RuntimeError(f"{len(waiting)} watchers have not seen {count} events")
    poll.close()


def latency(peer, state={}):
    """ms from a new file to its event, the median of 100."""
    watcher = Watcher(peer)
    times = []
    for i in range(100):
        state[peer.name] = state.get(peer.name, 0) + 1
        began = time.perf_counter()
        write(peer, f"one-{state[peer.name]}")
        wait_for([watcher], i + 1)
        times.append((time.perf_counter() - began) * 1000)
        time.sleep(0.01)
    watcher.connection.close()
    return sorted(times)[50]


def fan_out(peer, state={}):
    """Events a second that reach somebody."""
    watchers = [Watcher(peer) for _ in range(WATCHERS)]
    state[peer.name] = state.get(peer.name, 0) + 1
    began = time.perf_counter()
    for burst in range(EVENTS // BURST):
        for i in range(BURST):
            write(peer, f"many-{state[peer.name]}-{burst}-{i}")
        wait_for(watchers, (burst + 1) * BURST)
    elapsed = time.perf_counter() - began
    for watcher in watchers:
        watcher.connection.close()
    return EVENTS * WATCHERS / elapsed


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds

    with Servers(packages=["chokidar"]) as servers:
        compare("a file event, ms from the write to the client", servers.with_bun, latency, rounds, "less", 2)
        compare("1,000 events to 100 watchers, events/s", servers.with_bun, fan_out, rounds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
