#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every parser of foreign bytes has a target, and every target a dictionary and a small corpus: SOURCES (TARGET=FILE|TARGET+FILE)…"""
import re
import sys
import unittest
from pathlib import Path

import tap

SOURCES = Path(sys.argv[1])
HERE = SOURCES / "tests" / "fuzz"
MAX_CORPUS_SIZE = 64 * 1024

# What a file is called that reads foreign bytes.
PARSER = re.compile(r"(base64|chunks|credential|frames|wire-kubeconfig|yaml|head|http-multipart|path-walk|query|reader|shell-words|content-writer|write-request|write-item"
                    r"|batch-request|json-(number|reader|string)|(log|watch)-message|box-record-(check|json)|box-request|monitor-range)\.c$")

# In the client, whatever takes a member out of a document that came from elsewhere, whatever it is called, and what reads other forms.
CLIENT_PARSER = re.compile(r"-(parser|trace)\.c$")
READS = re.compile(r"\b(devbox_wire_json_get_|devbox_agent_read_|devbox_platform_reply_(get|dup|find)_)")
CLIENT = [f"devbox-glib/{folder}" for folder in ("client", "instance", "pool", "requests")]

TARGETS = {}
for pair in sys.argv[2:]:
    target, _, parser = re.split("([=+])", pair, maxsplit=1)
    TARGETS.setdefault(target, []).append(parser)
del sys.argv[1:]


def find_parsers():
    for folder in ("devbox-glib/wire", "devbox-server"):
        yield from (path for path in (SOURCES / folder).rglob("*.c") if PARSER.search(path.name))
    for folder in CLIENT:
        yield from (path for path in (SOURCES / folder).rglob("*.c") if CLIENT_PARSER.search(path.name) or READS.search(path.read_text()))


class Targets(unittest.TestCase):
    def test_every_parser_has_a_target(self):
        parsers = [str(path.relative_to(SOURCES)) for path in find_parsers()]
        self.assertGreater(len(parsers), 8)
        self.assertGreater(len([parser for parser in parsers if parser.startswith(tuple(CLIENT))]), 8)
        claimed = {parser for parsers in TARGETS.values() for parser in parsers}
        self.assertEqual([parser for parser in sorted(parsers) if parser not in claimed], [])
        self.assertEqual([parser for parser in sorted(claimed) if not (SOURCES / parser).is_file()], [])

    def test_every_target_is_complete(self):
        sources = {path.stem.removeprefix("fuzz-") for path in HERE.glob("fuzz-*.c")} - {"standalone"}
        dictionaries = {path.stem for path in HERE.glob("*.dict")}
        corpora = {path.name for path in (HERE / "corpus").iterdir()}
        self.assertEqual(sources, set(TARGETS))
        self.assertEqual(dictionaries, set(TARGETS))
        self.assertEqual(corpora, set(TARGETS))

    def test_every_dictionary_says_something(self):
        for target in TARGETS:
            entries = re.findall(r'^(?:\w+=)?"(?:[^"\\]|\\.)+"$', (HERE / f"{target}.dict").read_text(), re.M)
            self.assertGreater(len(entries), 3, target)

    def test_every_corpus_is_small(self):
        for target in TARGETS:
            inputs = list((HERE / "corpus" / target).iterdir())
            self.assertGreater(len(inputs), 4, target)
            self.assertLess(sum(path.stat().st_size for path in inputs), MAX_CORPUS_SIZE, target)


if __name__ == "__main__":
    tap.main()
