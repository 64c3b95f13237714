#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The same programs in C, Python, GJS and Vala: output and exit status are those of examples/expected-output-*, exactly."""
import os
import subprocess
import unittest

import tap
from agent import Agent
from local_platform import Platform

EXAMPLES = os.environ["DEVBOX_EXAMPLES"]
BUILT = os.environ["DEVBOX_EXAMPLES_BUILT"]


def command(language, name):
    return {
        "c": [os.path.join(BUILT, "c", name)],
        "python": ["/usr/bin/python3", os.path.join(EXAMPLES, "python", f"{name}.py")],
        "gjs": ["gjs", "-m", os.path.join(EXAMPLES, "gjs", f"{name}.js")],
        "vala": [os.path.join(BUILT, "vala", name)],
    }[language]


def run(language, name, *arguments, environment=None):
    return subprocess.run([*command(language, name), *arguments], env={**os.environ, **(environment or {})},
                          capture_output=True, text=True, timeout=60)


class ExamplesTest(unittest.TestCase):
    def assert_output(self, ended, name):
        with open(os.path.join(EXAMPLES, f"expected-output-{name}"), encoding="utf-8") as file:
            self.assertEqual((ended.stdout, ended.returncode), (file.read(), 0), ended.stderr)
        self.assertEqual(ended.stderr, "")


class HelloTest(ExamplesTest):
    """One agent, and no platform."""

    def check(self, language):
        with Agent() as agent:
            self.assert_output(run(language, "hello", agent.url), "hello")
        with Agent(environment={"TOKEN": "s3same"}) as agent:
            self.assert_output(run(language, "hello", agent.url, environment={"DEVBOX_TOKEN": "s3same"}), "hello")
            self.assertEqual(run(language, "hello", agent.url).returncode, 1)

    def test_c(self):
        self.check("c")

    def test_python(self):
        self.check("python")

    def test_gjs(self):
        self.check("gjs")

    def test_vala(self):
        self.check("vala")


    def test_nobody_listens(self):
        """All at once."""
        programs = [subprocess.Popen([*command(language, "hello"), "http://127.0.0.1:1"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                    for language in ("c", "python", "gjs", "vala")]
        for program in programs:
            output, errors = program.communicate(timeout=60)
            self.assertEqual((output, program.returncode), (b"", 1))
            self.assertNotEqual(errors, b"")


class LifeTest(ExamplesTest):
    """A platform, which each program finds by the kubeconfig that it leaves."""

    @classmethod
    def setUpClass(cls):
        cls.platform = Platform("--sample-interval", "1")
        cls.addClassCleanup(cls.platform.stop)

    def check(self, language):
        self.assert_output(run(language, "life", environment=self.platform.variables), "life")
        self.platform.create("hello")
        ended = run(language, "life", environment=self.platform.variables)
        self.assertEqual((ended.stdout, ended.returncode), ("", 1), ended.stderr)
        self.assertIn("life", ended.stderr)
        self.platform.delete("hello")

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
