#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""python-client.py URL TOKEN: our client from Python under asyncio; asked as contestant.c says."""
import asyncio
import sys
import time

import gi
gi.require_version("Devbox", "1")
from gi.repository import Devbox, Gio

PIECE_SIZE = 256 * 1024
SMALL_FILE = "small.bin"


class Timer:
    """Should fire each ms while a with block does something else."""

    async def __aenter__(self):
        self.delays = []
        self.task = asyncio.create_task(self.run())
        return self

    async def __aexit__(self, *exc_info):
        self.task.cancel()
        self.delays.sort()

    async def run(self):
        while True:
            due = time.perf_counter() + 0.001
            await asyncio.sleep(0.001)
            self.delays.append(max(0, time.perf_counter() - due) * 1e6)

    def figures(self):
        return {"count": len(self.delays), "median_us": self.delays[len(self.delays) // 2],
                "p999_us": self.delays[len(self.delays) * 999 // 1000], "most_us": self.delays[-1]}


class Client:
    def __init__(self, url, token):
        self.client = Devbox.Client.new()
        self.box = Devbox.Instance.new_for_agent_with_client(self.client, url, token)

    async def reads(self, count):
        for _ in range(int(count)):
            assert len(self.box.load_file_sync(SMALL_FILE)) == 1024

    async def reads_async(self, count):
        for _ in range(int(count)):
            assert len(await self.box.load_file_async(SMALL_FILE)) == 1024

    async def timer_rest(self, milliseconds):
        async with Timer() as timer:
            await asyncio.sleep(int(milliseconds) / 1000)
        return timer.figures()

    async def timer_download(self, name):
        size = 0
        async with Timer() as timer:
            stream = await self.box.open_file_async(name)
            while piece := (await asyncio.to_thread(stream.read_bytes, PIECE_SIZE)).get_size():
                size += piece
        return {"bytes": size, **timer.figures()}

    async def timer_upload(self, name, size):
        async with Timer() as timer:
            await self.box.replace_file_from_stream_async(name, Gio.File.new_for_path("/dev/zero").read(), int(size), 0)
        return {"bytes": int(size), **timer.figures()}

    async def timer_load(self, name):
        async with Timer() as timer:
            size = len(await self.box.load_file_async(name))
        return {"bytes": size, **timer.figures()}


def main():
    client = Client(*sys.argv[1:])
    for line in sys.stdin:
        name, *words = line.split()
        began, processor = time.perf_counter(), time.process_time()
        figures = asyncio.run(getattr(client, name.replace("-", "_"))(*words)) or {}
        figures.update(ms=(time.perf_counter() - began) * 1000, processor_ms=(time.process_time() - processor) * 1000)
        print(*(f"{key}={value}" for key, value in figures.items()), flush=True)
    client.client.close()


if __name__ == "__main__":
    main()
