#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The same program in C, Python, GJS and Vala against one agent: output and exit status are those of examples/expected-output, exactly."""
import os
import subprocess
import unittest

import tap
from agent import Agent

EXAMPLES = os.environ["DEVBOX_EXAMPLES"]
BUILT = os.environ["DEVBOX_EXAMPLES_BUILT"]
PROGRAMS = {
    "c": [os.path.join(BUILT, "c", "hello")],
    "python": ["/usr/bin/python3", os.path.join(EXAMPLES, "python", "hello.py")],
    "gjs": ["gjs", "-m", os.path.join(EXAMPLES, "gjs", "hello.js")],
    "vala": [os.path.join(BUILT, "vala", "hello")],
}


class ExamplesTest(unittest.TestCase):
    def run_example(self, language, *arguments, environment=None):
        return subprocess.run([*PROGRAMS[language], *arguments], env={**os.environ, **(environment or {})},
                              capture_output=True, text=True, timeout=60)

    def check(self, language):
        with open(os.path.join(EXAMPLES, "expected-output"), encoding="utf-8") as file:
            expected = file.read()
        with Agent() as agent:
            ended = self.run_example(language, agent.url)
            self.assertEqual((ended.stdout, ended.returncode), (expected, 0), ended.stderr)
        with Agent(environment={"TOKEN": "s3same"}) as agent:
            ended = self.run_example(language, agent.url, environment={"DEVBOX_TOKEN": "s3same"})
            self.assertEqual((ended.stdout, ended.returncode), (expected, 0), ended.stderr)
            self.assertEqual(self.run_example(language, agent.url).returncode, 1)
        self.assertEqual(self.run_example(language, "http://127.0.0.1:1").returncode, 1)

    def test_c(self):
        self.check("c")

    def test_python(self):
        self.check("python")

    def test_gjs(self):
        self.check("gjs")

    def test_vala(self):
        self.check("vala")


if __name__ == "__main__":
    tap.main()
