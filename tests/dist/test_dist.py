#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""`meson dist` makes a tarball of all that is committed, and the tarball builds."""
import glob
import os
import subprocess
import tarfile
import tempfile
import unittest

import tap

SOURCES = os.environ["SOURCES"]
BUILD = os.environ["BUILD"]
# The checkout may belong to somebody else than who tests it.
ENVIRONMENT = {**os.environ, "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*"}


def run(*arguments, folder=None):
    ended = subprocess.run(arguments, cwd=folder, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if ended.returncode != 0:
        raise AssertionError(f"{' '.join(arguments)}: {ended.returncode}\n{ended.stdout}")
    return ended.stdout


class DistTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="devbox-test-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = folder.name
        if changes := run("git", "status", "--porcelain", folder=SOURCES):
            print(f"# not committed, and not in the tarball:\n{''.join(f'#   {line}' for line in changes.splitlines(True))}", flush=True)
        for old in glob.glob(os.path.join(BUILD, "meson-dist", "*")):
            os.unlink(old)
        run("meson", "dist", "-C", BUILD, "--no-tests", "--allow-dirty", "--formats", "xztar")
        cls.tarball, = glob.glob(os.path.join(BUILD, "meson-dist", "*.tar.xz"))
        with tarfile.open(cls.tarball) as archive:
            archive.extractall(cls.folder)
        cls.unpacked = os.path.join(cls.folder, os.path.basename(cls.tarball).removesuffix(".tar.xz"))

    def test_holds_all_that_is_committed(self):
        committed = run("git", "ls-tree", "-r", "--name-only", "-z", "HEAD", folder=SOURCES).split("\0")[:-1]
        found = [os.path.relpath(os.path.join(folder, name), self.unpacked) for folder, _, names in os.walk(self.unpacked) for name in names]
        self.assertEqual(sorted(found), sorted(committed))
        self.assertGreater(len(found), 300)

    def test_builds(self):
        """All of it is configured, also the tests; the agent is built and started."""
        build = os.path.join(self.folder, "build")
        run("meson", "setup", build, self.unpacked, "-Dintrospection=false", "--buildtype=plain")
        run("ninja", "-C", build, "devbox-server/devbox-server", "devbox-server/process/devbox-launcher")
        name, _, version = os.path.basename(self.unpacked).rpartition("-")
        self.assertEqual(name, "devbox-glib")
        self.assertEqual(run(os.path.join(build, "devbox-server", "devbox-server"), "--version"), f"devbox-server {version}\n")
        with open(os.path.join(self.unpacked, "NEWS"), encoding="utf-8") as news:
            self.assertIn(version, news.read())


if __name__ == "__main__":
    tap.main()
