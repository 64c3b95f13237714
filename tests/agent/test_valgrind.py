#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The agent under valgrind, with 1,000 mixed requests: no invalid access, nothing definitely lost."""
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

import request_mix
import tap
from agent import Agent

SOURCES = os.environ["SOURCES"]
N_REQUESTS = int(os.environ.get("DEVBOX_TEST_REQUESTS") or 1000)
FAILED = 99
OPTIONS = ("--quiet", f"--error-exitcode={FAILED}", "--leak-check=full", "--show-leak-kinds=definite", "--errors-for-leak-kinds=definite", "--num-callers=30",
           "--suppressions=/usr/share/glib-2.0/valgrind/glib.supp")


class ValgrindTest(unittest.TestCase):
    def test_every_route_has_a_row(self):
        self.assertEqual(request_mix.check_rows(SOURCES), [], "tests/support/request_mix.py")

    def test_mixed_requests(self):
        seed = request_mix.choose_seed()
        with tempfile.TemporaryDirectory(prefix="devbox-test-") as folder:
            log = Path(folder, "valgrind")
            agent = Agent(wrapper=("valgrind", *OPTIONS, f"--log-file={log}"))
            try:
                mix = request_mix.Mix(agent, seed, SOURCES)
                mix.run(N_REQUESTS)
                health = agent.request("GET", "/health", timeout=60)
            finally:
                status = agent.stop()
            for name, outcomes in sorted(mix.statuses.items()):
                print(f"# {name}: {outcomes}")
            # Lines with -- tell of system calls that valgrind refuses, which the agent does without.
            found = [line for line in log.read_text().splitlines() if line.startswith("==")]
        self.assertEqual((status, found), (0, []))
        self.assertEqual(health.status, 200)
        self.assertEqual(sum(sum(outcomes.values()) for outcomes in mix.statuses.values()), N_REQUESTS)
        self.assertEqual(mix.internal_errors(), [])
        self.assertTrue(any(200 in outcomes for outcomes in mix.statuses.values()))

    def test_a_leak_is_seen(self):
        """What valgrind is asked for is what it tells: the same options, a program that loses memory."""
        with tempfile.TemporaryDirectory(prefix="devbox-test-") as folder:
            source, program = Path(folder, "leak.c"), Path(folder, "leak")
            source.write_text("#include <stdlib.h>\nint main (void) { char *volatile lost = malloc (10); lost = 0; return lost != 0; }\n")
            for command, expected in ((["cc", "-O0", source, "-o", program], 0), (["valgrind", *OPTIONS, "--log-file=/dev/null", program], FAILED)):
                self.assertEqual(subprocess.run(command).returncode, expected)


if __name__ == "__main__":
    tap.main()
