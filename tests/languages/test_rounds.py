#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Clients that come and go in Python, beside an agent: nothing of them stays."""
import asyncio
import gc
import time
import unittest

import gi
gi.require_version("Devbox", "1")
gi.require_version("DevboxTest", "1")
from gi.repository import Devbox, DevboxTest, GLib

import tap
from agent import Agent

N_ROUNDS = 1000
N_WARM_UP = 10
N_IN_FLIGHT = 8
MAX_GROWTH_KIB = 16 * 1024
DOMAIN = Devbox.error_quark()
SLEEP = ["sleep", "0.01"]


class RoundsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.agent = Agent()
        cls.addClassCleanup(cls.agent.stop)
        cls.agent.write("file", b"contents")
        DevboxTest.mark()

    def run_rounds(self, one_round, n_rounds):
        for _ in range(N_WARM_UP):
            one_round()
        self.settle(0.2)  # some things are made once and stay
        DevboxTest.mark()
        start = time.monotonic()
        for _ in range(n_rounds):
            one_round()
        self.settle()
        print(f"# {n_rounds} rounds in {(time.monotonic() - start) * 1000:.0f} ms, grown by {DevboxTest.get_growth()} KiB", flush=True)
        self.assertIsNone(DevboxTest.describe_leftovers(MAX_GROWTH_KIB))

    def settle(self, patience=20):
        end = time.monotonic() + patience
        while True:
            while GLib.MainContext.default().iteration(False):
                pass
            gc.collect()
            if not DevboxTest.describe_leftovers(0) or time.monotonic() > end:
                break
            time.sleep(0.001)

    def instance_of(self, client):
        return Devbox.Instance.new_for_agent_with_client(client, self.agent.url, None)

    def test_one_call(self):
        def one_round():
            with Devbox.Client() as client:
                self.assertEqual(self.instance_of(client).load_file_sync("file"), b"contents")

        self.run_rounds(one_round, N_ROUNDS)

    def test_one_awaited_call(self):
        async def one_round():
            with Devbox.Client() as client:
                self.assertEqual(await self.instance_of(client).load_file_async("file"), b"contents")

        async def main():
            for _ in range(N_ROUNDS // 4):
                await one_round()

        self.run_rounds(lambda: asyncio.run(one_round()), N_ROUNDS // 4)
        self.run_rounds(lambda: asyncio.run(main()), 1)

    def test_never_closed(self):
        self.run_rounds(lambda: self.assertTrue(self.instance_of(Devbox.Client()).is_healthy_sync()), N_ROUNDS // 2)

    def test_calls_in_flight(self):
        async def one_round():
            with Devbox.Client() as client:
                instance = self.instance_of(client)
                calls = [instance.run_async(Devbox.Command.new(SLEEP)) for _ in range(N_IN_FLIGHT)]
                await asyncio.sleep(0.002)
            for result in await asyncio.gather(*calls, return_exceptions=True):
                if not isinstance(result, Devbox.CommandResult):  # which came in time
                    self.assertTrue(result.matches(DOMAIN, Devbox.Error.CONNECTION_FAILED), result)

        self.run_rounds(lambda: asyncio.run(one_round()), N_ROUNDS // 20)

    def test_cancelled_tasks(self):
        async def one_round():
            instance = self.instance_of(Devbox.Client())
            calls = [asyncio.ensure_future(instance.run_async(Devbox.Command.new(SLEEP))) for _ in range(N_IN_FLIGHT)]
            await asyncio.sleep(0.001)
            for call in calls:
                call.cancel()
            for result in await asyncio.gather(*calls, return_exceptions=True):
                self.assertIsInstance(result, (asyncio.CancelledError, Devbox.CommandResult))

        self.run_rounds(lambda: asyncio.run(one_round()), N_ROUNDS // 20)

    def test_forgotten_calls(self):
        """A loop that ends before its calls do."""
        async def one_round():
            instance = self.instance_of(Devbox.Client())
            for _ in range(N_IN_FLIGHT):
                instance.run_async(Devbox.Command.new(SLEEP))

        def whole_round():
            asyncio.run(one_round())
            time.sleep(0.002)

        self.run_rounds(whole_round, N_ROUNDS // 20)

    def open_things(self, client):
        instance = self.instance_of(client)
        process = instance.spawn_sync(Devbox.Command.new(SLEEP))
        return (instance.monitor_files_sync("."), instance.open_file_sync("file"), process.open_log_sync(0),
                instance.run_streamed_sync(Devbox.Command.new(SLEEP)))

    def test_things_open(self):
        def one_round():
            with Devbox.Client() as client:
                things = self.open_things(client)
            del things

        self.run_rounds(one_round, N_ROUNDS // 20)

    def test_things_open_never_closed(self):
        self.run_rounds(lambda: self.open_things(Devbox.Client()), N_ROUNDS // 20)

    def test_followed_things(self):
        """What goes through a monitor and a log is left in the middle."""
        async def follow(things):
            async for _ in things:
                pass

        async def one_round():
            with Devbox.Client() as client:
                monitor, _, log, streamed = self.open_things(client)
                followers = [asyncio.ensure_future(follow(things)) for things in (monitor, log, streamed)]
                await asyncio.sleep(0.001)
            await asyncio.wait(followers, timeout=0.002)
            for follower in followers:
                follower.cancel()
            await asyncio.gather(*followers, return_exceptions=True)

        self.run_rounds(lambda: asyncio.run(one_round()), N_ROUNDS // 20)


if __name__ == "__main__":
    tap.main()
