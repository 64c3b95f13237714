#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every C file is as clang-format 14 writes it."""
import os
import subprocess
import unittest
from pathlib import Path

import tap

SOURCES = Path(os.environ["SOURCES"])
FOLDERS = ("devbox-glib", "devbox-server", "examples", "tests")


def files_that_differ(paths):
    """Those that clang-format would write otherwise."""
    differ = []
    pieces = [paths[i::2] for i in range(2)]
    running = [subprocess.Popen(["clang-format", "--dry-run", *piece], stderr=subprocess.PIPE, text=True) for piece in pieces if piece]
    for process in running:
        errors = process.communicate()[1]
        if process.returncode != 0:
            raise AssertionError(errors)
        differ += {line.split(":", 1)[0] for line in errors.splitlines() if "[-Wclang-format-violations]" in line}
    return sorted(os.path.relpath(path, SOURCES) for path in differ)


class Format(unittest.TestCase):
    def test_version(self):
        said = subprocess.run(["clang-format", "--version"], check=True, capture_output=True, text=True).stdout
        self.assertIn("version 14.", said, "other versions write other things")

    def test_every_file(self):
        paths = [path for folder in FOLDERS for path in (SOURCES / folder).rglob("*.[ch]")]
        self.assertGreater(len(paths), 200)
        self.assertEqual(files_that_differ(paths), [], "clang-format -i writes them as they should be")

    def test_a_broken_file_is_seen(self):
        path = SOURCES / "devbox-glib" / "wire" / "devbox-wire-base64.c"
        formatted = path.read_text()
        for right, wrong in (("prepare_places (void)", "prepare_places(void)"), ("  gsize done;", "   gsize done;"), ("guint8 *out", "guint8* out")):
            self.assertIn(right, formatted)
            broken = formatted.replace(right, wrong, 1)
            said = subprocess.run(["clang-format", "--dry-run", f"--assume-filename={path}"], input=broken, capture_output=True, text=True)
            self.assertIn("[-Wclang-format-violations]", said.stderr, wrong)


if __name__ == "__main__":
    tap.main()
