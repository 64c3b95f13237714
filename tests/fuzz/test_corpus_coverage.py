#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The corpus of each target covers at least 90 % of the lines of its parser, and a third of each file that it only reaches:
SOURCES BUILD (TARGET=FILE|TARGET+FILE)…

BUILD is instrumented. Each target writes its counters into a folder of its own, so that none counts what another one did.
"""
import gzip
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import tap

LEAST = 90.0
LEAST_REACHED = 33.0
SOURCES, BUILD = Path(sys.argv[1]), Path(sys.argv[2])
TARGETS, REACHED = {}, {}
for pair in sys.argv[3:]:
    target, kind, parser = re.split("([=+])", pair, maxsplit=1)
    (TARGETS if kind == "=" else REACHED).setdefault(target, []).append(parser)
del sys.argv[1:]


def run_target(target, folder):
    subprocess.run([BUILD / "tests" / "fuzz" / f"fuzz-{target}", SOURCES / "tests" / "fuzz" / "corpus" / target], check=True,
                   stdout=subprocess.DEVNULL, env={**os.environ, "GCOV_PREFIX": str(folder)})


def read_lines(folder):
    """Of each file the line numbers with how often each ran."""
    lines = {}
    for counters in folder.rglob("*.gcda"):
        notes = ("/" / counters.relative_to(folder)).with_suffix(".gcno")
        counters.with_suffix(".gcno").symlink_to(notes)
    subprocess.run(["gcov", "--json-format", "--hash-filenames", *folder.rglob("*.gcda")], check=True, cwd=folder, stdout=subprocess.DEVNULL)
    for report in folder.glob("*.gcov.json.gz"):
        with gzip.open(report) as file:
            content = json.load(file)
        for entry in content["files"]:
            path = os.path.normpath(os.path.join(content["current_working_directory"], entry["file"]))
            if path.startswith(f"{SOURCES}/"):
                counts = lines.setdefault(os.path.relpath(path, SOURCES), {})
                for line in entry["lines"]:
                    counts[line["line_number"]] = counts.get(line["line_number"], 0) + line["count"]
    return lines


class CorpusCoverage(unittest.TestCase):
    def count(self, target, parser, lines):
        self.assertIn(parser, lines, "the target does not reach it")
        missing = sorted(number for number, count in lines[parser].items() if count == 0)
        n_lines = len(lines[parser])
        print(f"# {target}: {parser}: {n_lines - len(missing)} of {n_lines} lines; not {missing}")
        return n_lines - len(missing), n_lines


def add_test(target, parsers):
    def test(self):
        with tempfile.TemporaryDirectory(prefix="devbox-fuzz-") as name:
            folder = Path(name)
            run_target(target, folder)
            lines = read_lines(folder)
        for parser in REACHED.get(target, []):
            n_covered, n_lines = self.count(target, parser, lines)
            self.assertGreaterEqual(100 * n_covered / n_lines, LEAST_REACHED, parser)
        counts = [self.count(target, parser, lines) for parser in parsers]
        covered, total = (sum(column) for column in zip(*counts))
        percent = 100 * covered / total
        print(f"# {target}: {percent:.1f} % of {total} lines")
        self.assertGreaterEqual(percent, LEAST)

    setattr(CorpusCoverage, f"test_{target}", test)


for target, parsers in TARGETS.items():
    add_test(target, parsers)

if __name__ == "__main__":
    tap.main()
