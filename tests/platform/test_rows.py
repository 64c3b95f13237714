#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""docs/wire.md, the platform and the tests of this folder name the same routes and errors: each row has a test that is named after it.

A test of a row begins its docstring, or that of its class, with the row: "platform: PUT /api/v1/devbox/{name}/ports: replaces all".
"""
import os
import re
import unittest

import tap
from local_platform import Platform
from rows import is_tested, read_rows, read_section, read_source_routes, read_test_names

HERE = os.path.dirname(os.path.abspath(__file__))
OUR_METHOD = "BREW"  # which no route has
# Rows of errors that no request can bring about in a test, and why.
NOT_IN_TESTS = {
    "429 RATE_LIMITED": "it takes 10,000 devboxes", "503 SERVER_UNAVAILABLE": "while the platform ends it takes no requests that could be told",
    "504 OPERATION_TIMEOUT": "it takes a minute, and a box that hangs", "507 DISK_FULL": "of the store: tests of that",
    "500 DEVBOX_OPERATION_FAILED": "it takes a box that cannot start: tests of that",
}


class RowsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.names = read_test_names(HERE)
        rows = read_rows(read_section("Routes of the platform"))
        cls.routes = [row[0].strip("`") for row in rows if len(row) == 3]
        cls.errors = [row[0].replace("`", "") for row in rows if len(row) == 2]

    def test_routes_have_tests(self):
        self.assertGreater(len(self.routes), 20)
        for route in self.routes:
            with self.subTest(route=route):
                self.assertTrue(is_tested(f"platform: {route}", self.names), "no test is named after it")

    def test_errors_have_tests(self):
        self.assertGreater(len(self.errors), 10)
        for error in self.errors:
            with self.subTest(error=error):
                self.assertNotEqual(is_tested(f"platform: {error}", self.names), error in NOT_IN_TESTS)
        self.assertEqual(set(NOT_IN_TESTS) - set(self.errors), set())

    def test_routes_are_there(self):
        with Platform() as platform:
            for route in self.routes:
                method, path = route.split()
                reply = platform.request(OUR_METHOD, re.sub(r"{\w+}", "x", path))
                with self.subTest(route=route):
                    self.assertEqual(reply.status, 405)
                    self.assertIn(method, reply.headers["Allow"].split(", "))

    def test_no_route_is_left_out(self):
        """Those in the source are all in the document."""
        documented = {tuple(re.sub(r"{\w+}", "{}", route).split()) for route in self.routes}
        in_source = read_source_routes("devbox-server", "platform")
        self.assertGreater(len(in_source), 20)
        self.assertEqual(in_source - documented, set())


if __name__ == "__main__":
    tap.main()
