#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Many devboxes at once, and many after each other: nothing of them stays with the platform."""
import concurrent.futures
import time
import unittest

import tap
from local_platform import Platform
from platform_test import can_sandbox

AT_ONCE = 30
IN_TURN = 100
GROWTH_KIB = 1024


class Case(unittest.TestCase):
    def start(self, sandbox):
        self.platform = Platform(sandbox=sandbox)
        self.addCleanup(self.platform.stop)

    def for_all(self, func, names):
        with concurrent.futures.ThreadPoolExecutor(10) as executor:
            return list(executor.map(func, names))

    def create_ready(self, name):
        self.platform.create(name)
        return self.platform.wait_ready(name)

    def held(self):
        """What the platform has: processes, control groups, descriptors."""
        return len(self.platform.find_processes()), len(self.platform.find_groups()), self.platform.count_descriptors()

    def wait_for_held(self, expected):
        deadline = time.monotonic() + 10
        while self.held() != expected and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertEqual(self.held(), expected)

    def check(self, sandbox):
        self.start(sandbox)
        # What is opened once, and stays.
        self.create_ready("first")
        self.platform.delete("first")
        self.assertEqual(self.platform.settle(), [])
        before = self.held()
        self.assertEqual(before[:2], (1, 0))

        names = [f"many-{number}" for number in range(AT_ONCE)]
        agents = self.for_all(self.create_ready, names)
        self.assertEqual(len({agent.host for agent in agents}), AT_ONCE)
        self.assertEqual(len({agent.token for agent in agents}), AT_ONCE)
        self.assertEqual(self.for_all(lambda agent: agent.output("echo $((6 * 7))"), agents), ["42\n"] * AT_ONCE)
        self.assertGreater(self.held()[0], AT_ONCE)
        self.for_all(self.platform.delete, names)
        self.assertEqual(self.platform.settle(), [])
        self.wait_for_held(before)

    @unittest.skipUnless(can_sandbox(), "bubblewrap does not run here")
    def test_at_once_in_sandboxes(self):
        self.check("bubblewrap")

    def test_at_once_as_plain_processes(self):
        self.check("none")

    def test_one_after_the_other(self):
        self.start("none")

        def live(name):
            self.create_ready(name)
            self.platform.delete(name)

        self.for_all(live, [f"first-{number}" for number in range(AT_ONCE)])
        self.assertEqual(self.platform.settle(), [])
        descriptors, memory = self.platform.count_descriptors(), self.platform.resident_kib()
        self.for_all(live, [f"turn-{number}" for number in range(IN_TURN)])
        self.assertEqual(self.platform.settle(), [])
        self.wait_for_held((1, 0, descriptors))
        if not self.platform.is_sanitized():
            self.assertLess(self.platform.resident_kib() - memory, GROWTH_KIB)


if __name__ == "__main__":
    tap.main()
