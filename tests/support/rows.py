# SPDX-License-Identifier: LGPL-2.1-or-later
"""docs/wire.md as a list of what is to be tested: the rows of its tables, and the tests that are named after them."""
import glob
import importlib
import os
import re
import unittest

import tap

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")


def read_section(heading):
    with open(os.path.join(TOP, "docs", "wire.md")) as file:
        return re.search(rf"^#+ {heading}\n(.*?)(?=^#)", file.read(), re.M | re.S).group(1)


def read_rows(text):
    """The cells of each row of the tables in it, without their heads."""
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if re.match(r"\| [`\d]", line)]


def read_test_names(folder):
    """What the tests of a folder say of themselves, those included that are made from a table."""
    names = []
    for path in glob.glob(os.path.join(folder, "test_*.py")):
        module = importlib.import_module(os.path.basename(path)[:-3])
        for suite in unittest.defaultTestLoader.loadTestsFromModule(module):
            names += filter(None, map(tap.name_of_row, suite))
    return names


def is_tested(row, names):
    return any(re.match(re.escape(row) + r"([:,? ]|$)", name) for name in names)


def read_source_routes(*folder):
    """Those that the tables in a folder of the source hold, as (method, path)."""
    routes = set()
    for path in glob.glob(os.path.join(TOP, *folder, "*.c")):
        with open(path) as file:
            text = file.read()
        for method, prefix, rest in re.findall(r'^  { "([A-Z]+)", (\w*)\s*(?:"(/[^"]*)")?, DEVBOX_HTTP_ROUTE', text, re.M):
            routes.add((method, ("/api/v1/devbox" if prefix else "") + rest))
    return routes
