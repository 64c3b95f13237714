#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is installed works where it is installed: headers, pkg-config, both kinds of libraries, typelibs, overrides, vapis, program and launcher.

It is built in a folder of its own, since the libraries know their prefix; the first time takes some seconds.
"""
import os
import shlex
import shutil
import subprocess
import tempfile
import unittest

import tap

HERE = os.path.dirname(os.path.abspath(__file__))
EXAMPLES = os.environ["DEVBOX_EXAMPLES"]
SOURCE = os.path.dirname(EXAMPLES)
BUILD = os.environ["DEVBOX_INSTALLED_BUILD"]
PREFIX = os.path.join(BUILD, "prefix")
LIBRARIES = os.path.join(PREFIX, "lib")

# Only what a user of the prefix has.
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith(("DEVBOX_", "GI_", "GJS_", "LD_", "PYTHON"))}
INSTALLED = {
    **ENVIRONMENT,
    "LD_LIBRARY_PATH": LIBRARIES,
    "PKG_CONFIG_PATH": os.path.join(LIBRARIES, "pkgconfig"),
    "GI_TYPELIB_PATH": os.path.join(LIBRARIES, "girepository-1.0"),
    "PYTHONPATH": os.path.join(LIBRARIES, "python3", "dist-packages"),
    "PYTHONDONTWRITEBYTECODE": "1",
    "GJS_PATH": os.path.join(PREFIX, "share", "gjs-1.0"),
}

os.environ["DEVBOX_SERVER"] = os.path.join(PREFIX, "bin", "devbox-server")
os.environ["LD_LIBRARY_PATH"] = LIBRARIES
os.environ["DEVBOX_PLATFORM"] = os.path.join(PREFIX, "bin", "devbox-platform")
os.environ.pop("DEVBOX_LAUNCHER", None)
from agent import Agent
from local_platform import Platform


def run(*arguments, environment=INSTALLED):
    ended = subprocess.run(arguments, env=environment, capture_output=True, text=True, timeout=300)
    if ended.returncode != 0:
        raise AssertionError(f"{shlex.join(arguments)}: {ended.returncode}\n{ended.stdout}{ended.stderr}")
    return ended.stdout


def pkg_config(*arguments):
    return run("pkg-config", *arguments).split()


def setUpModule():
    if not os.path.exists(os.path.join(BUILD, "build.ninja")):
        run("meson", "setup", BUILD, SOURCE, f"--prefix={PREFIX}", "--libdir=lib", "--buildtype=plain", "-Dtests=false", "-Dnls=false",
            environment=ENVIRONMENT)
    shutil.rmtree(PREFIX, ignore_errors=True)
    run("meson", "install", "-C", BUILD, environment=ENVIRONMENT)


class InstalledTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="devbox-test-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.program = os.path.join(self.folder, "program")
        self.workspace = os.path.join(self.folder, "workspace")
        os.mkdir(self.workspace)

    def compile(self, source, *packages, static=False):
        libraries = pkg_config("--libs", *packages)
        if static:  # ours alone: Debian has no static libsoup
            libraries = [f"-l:lib{word[2:]}.a" if word.startswith("-ldevbox-") else word for word in libraries]
            required = {line.split()[0] for line in run("pkg-config", "--print-requires-private", *packages).splitlines()}
            libraries += [*pkg_config("--libs", *sorted(required)), "-lm", "-pthread"]
        run("cc", "-std=gnu11", "-Wall", "-Wextra", "-Wno-unused-parameter", "-Werror", source, "-o", self.program, *pkg_config("--cflags", *packages), *libraries)
        needed = run("readelf", "-d", self.program)
        self.assertEqual("libdevbox" in needed, not static, needed)

    def compile_vala(self, source, *packages):
        vapis = os.path.join(PREFIX, "share", "vala", "vapi")
        run("valac", "--fatal-warnings", f"--vapidir={vapis}", *(f"--pkg={package}" for package in packages), "-o", self.program, "-X", "-w", source)

    def check_hello(self, *command, environment=INSTALLED):
        with open(os.path.join(EXAMPLES, "expected-output-hello"), encoding="utf-8") as file:
            expected = file.read()
        with Agent() as agent:
            self.assertEqual(run(*command, agent.url, environment=environment), expected)

    def test_c(self):
        self.compile(os.path.join(EXAMPLES, "c", "hello.c"), "devbox-glib-1")
        self.check_hello(self.program)

    def test_c_static(self):
        self.compile(os.path.join(EXAMPLES, "c", "hello.c"), "devbox-glib-1", static=True)
        self.check_hello(self.program, environment=ENVIRONMENT)

    def test_vala(self):
        self.compile_vala(os.path.join(EXAMPLES, "vala", "hello.vala"), "devbox-glib-1")
        self.check_hello(self.program)

    def test_python(self):
        self.check_hello("/usr/bin/python3", os.path.join(EXAMPLES, "python", "hello.py"))

    def test_gjs(self):
        self.check_hello("gjs", "-m", os.path.join(EXAMPLES, "gjs", "hello.js"))

    def test_platform(self):
        """It finds its agent, and that its launcher, without being told."""
        server = os.environ.pop("DEVBOX_SERVER")
        self.addCleanup(os.environ.__setitem__, "DEVBOX_SERVER", server)
        with Platform("--sample-interval", "1") as platform:
            printed = run("/usr/bin/python3", os.path.join(EXAMPLES, "python", "life.py"), environment={**INSTALLED, "XDG_CONFIG_HOME": platform.config})
            self.assertEqual(printed.splitlines()[-1], "Deleted. Devboxes left: 0.")

    def test_embedded_c(self):
        for static in (False, True):
            with self.subTest(static=static):
                self.compile(os.path.join(HERE, "embedded.c"), "devbox-glib-1", "devbox-server-1", static=static)
                self.assertEqual(run(self.program, self.workspace, environment=ENVIRONMENT if static else INSTALLED), "embedded\n")

    def test_embedded_vala(self):
        self.compile_vala(os.path.join(HERE, "embedded.vala"), "devbox-glib-1", "devbox-server-1")
        self.assertEqual(run(self.program, self.workspace), "embedded\n3 bytes\n2 of 2, c\nFILE_NOT_FOUND, 404, missing\n15 connections\n")

    def test_headers_stand_alone(self):
        for package in ("devbox-glib-1", "devbox-server-1"):
            folder = os.path.join(PREFIX, "include", package)
            for header in sorted(os.listdir(folder)):
                with self.subTest(header):
                    run("cc", "-x", "c", "-std=c11", "-pedantic", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", *pkg_config("--cflags", package),
                        "-include", header, "/dev/null")


if __name__ == "__main__":
    tap.main()
