#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The pool's rules and counters, as a Python program sees them."""
import asyncio
import gc
import time
import unittest
import weakref

import gi
gi.require_version("Devbox", "1")
from gi.repository import Devbox, GLib

import scripted_agent
import tap

COUNTERS = ("n-total", "n-active", "n-healthy", "n-unhealthy", "n-operations", "bytes-transferred", "average-lifetime", "reuse-rate")


class Pool(unittest.TestCase):
    def setUp(self):
        self.agent = scripted_agent.ScriptedAgent()
        self.addCleanup(self.agent.stop)
        self.pool = Devbox.Pool.new()
        self.client = Devbox.Client(pool=self.pool)
        self.addCleanup(self.client.close)
        self.box = Devbox.Instance.new_for_agent_with_client(self.client, self.agent.url, None)

    def iterate_until(self, condition):
        end = time.monotonic() + 20
        while not condition():
            self.assertLess(time.monotonic(), end)
            if not GLib.MainContext.default().iteration(False):
                time.sleep(0.001)

    def test_rules(self):
        rules = {"max-size": 15, "connection-timeout": 30_000, "keep-alive-interval": 60_000,
                 "health-check-interval": 60_000, "max-idle-time": 300_000, "strategy": Devbox.PoolStrategy.LEAST_USED}
        self.assertEqual({name: self.pool.get_property(name) for name in rules}, rules)
        changed = []
        self.pool.connect("notify", lambda pool, spec: changed.append(spec.name))
        for name, value in rules.items():
            self.pool.set_property(name, value)
        self.assertEqual(changed, [])
        self.pool.set_keep_alive_interval(0)
        self.pool.props.health_check_interval = 10
        self.pool.props.strategy = Devbox.PoolStrategy.RANDOM
        self.assertEqual(changed, ["keep-alive-interval", "health-check-interval", "strategy"])

    def test_counters(self):
        told = {}
        self.pool.connect("notify", lambda pool, spec: told.update({spec.name: pool.get_property(spec.name)}))
        for _ in range(10):
            self.assertTrue(self.box.is_healthy_sync())
        stats = self.pool.get_stats()
        self.assertIsInstance(stats, Devbox.PoolStats)
        self.assertEqual((stats.get_n_total(), stats.get_n_active(), stats.get_n_unhealthy()), (1, 0, 0))
        self.assertGreaterEqual(stats.props.n_operations, 10)
        self.assertGreater(stats.props.reuse_rate, 0.8)
        self.assertEqual(set(COUNTERS), {spec.name for spec in stats.list_properties()})
        self.iterate_until(lambda: told.get("n-operations") == stats.get_n_operations())
        self.iterate_until(lambda: told.get("reuse-rate") == stats.get_reuse_rate())
        for name in COUNTERS:
            self.assertEqual(self.pool.get_property(name), stats.get_property(name), name)

        self.pool.close_all()
        self.iterate_until(lambda: told.get("n-total") == 0 and told.get("average-lifetime") is not None)
        self.assertEqual(stats.get_n_total(), 1)

    def test_remove_unhealthy(self):
        async def main():
            await self.box.is_healthy_async()
            return await self.pool.remove_unhealthy_async()
        self.assertEqual(asyncio.run(main()), 0)
        self.assertEqual(self.pool.remove_unhealthy_sync(), 0)
        self.assertEqual(self.pool.get_n_total(), 1)

    def test_goes(self):
        pool = Devbox.Pool.new()
        gone = weakref.ref(pool)
        pool.remove_unhealthy_sync()
        del pool
        gc.collect()
        self.assertIsNone(gone())


if __name__ == "__main__":
    tap.main()
