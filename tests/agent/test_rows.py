#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""docs/wire.md, the agent and the tests of this folder name the same routes and errors: each row has a test that is named after it.

A test of a row begins its docstring, or that of its class, with the row: "current: POST /files/move: 1409 when the target exists".
"""
import importlib
import os
import re
import unittest

import tap
from agent import Agent
from rows import is_tested, read_rows, read_section, read_source_routes, read_test_names

HERE = os.path.dirname(os.path.abspath(__file__))
PREFIX = "/api/v1"
ROOT_ROUTES = ("/health", "/health/live", "/health/ready", "/ws")
OUR_METHOD = "BREW"  # which no route has


def read_routes():
    """Each route of the document as (dialect, "METHOD /path"), and whether the agent has it."""
    routes = {}
    for dialect, table in re.findall(r"^(Classic|Current|Native)\b.*?:\n\n(.*?)\n\n", read_section("Routes"), re.M | re.S):
        for route, where in read_rows(table):
            routes[dialect.lower(), route.strip("`")] = "not yet" not in where
    return routes


def full_path(dialect, path):
    return path if dialect == "classic" or path in ROOT_ROUTES else PREFIX + path


class RowsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.names = read_test_names(HERE)
        cls.routes = read_routes()

    def has_test(self, row):
        return is_tested(row, self.names)

    def test_routes_have_tests(self):
        for (dialect, route), is_there in self.routes.items():
            if is_there and dialect != "native":
                with self.subTest(route=f"{dialect}: {route}"):
                    self.assertTrue(self.has_test(f"{dialect}: {route.removesuffix('/{pid}')}"), "no test is named after it")

    def test_routes_are_there(self):
        """The agent has the routes that the document says it has, and not those that are said to be missing."""
        with Agent() as agent:
            for (dialect, route), is_there in self.routes.items():
                method, _, path = route.partition(" ")
                if not path:
                    continue
                reply = agent.request(OUR_METHOD, re.sub(r"{\w+}", "x", full_path(dialect, path)))
                methods = reply.headers.get("Allow", "").split(", ")
                with self.subTest(route=f"{dialect}: {route}"):
                    self.assertEqual(method.replace("WS", "GET") in methods, is_there)

    def test_options(self):
        with Agent("--enable-cors") as agent:
            reply = agent.request("OPTIONS", "/health", headers={"Origin": "http://localhost", "Access-Control-Request-Method": "GET"})
            self.assertEqual(reply.status == 204, self.routes["classic", "OPTIONS"])

    def test_no_route_is_left_out(self):
        """Those in the source are all in the document."""
        documented = {(re.sub(r"^WS", "GET", route.split()[0]), re.sub(r"{\w+}", "{}", full_path(dialect, route.split()[1])))
                      for dialect, route in self.routes if " " in route}
        in_source = read_source_routes("devbox-server", "dialects")
        self.assertGreater(len(in_source), 10)
        self.assertEqual(in_source - documented, set())

    def test_error_codes_have_tests(self):
        """Each code is told by a route, or it is said why not."""
        not_by_an_agent = importlib.import_module("test_errors").NOT_BY_AN_AGENT
        rows = read_rows(read_section("Error codes"))
        self.assertGreater(len(rows), 20)
        for code, status, _, _ in rows:
            code = code.strip("`")
            with self.subTest(code=code):
                self.assertNotEqual(self.has_test(f"classic: {status} {code}"), code in not_by_an_agent)
        self.assertEqual(set(not_by_an_agent) - {row[0].strip("`") for row in rows}, set())

    def test_statuses_of_the_envelope_have_tests(self):
        rows = read_rows(read_section("Envelope"))
        self.assertGreater(len(rows), 5)
        for status, _ in rows:
            if status != "0":
                with self.subTest(status=status):
                    self.assertTrue(self.has_test(f"current: {status}"))

    def read_statuses_of_others(self):
        """Of which no code is told by an agent."""
        not_by_an_agent = importlib.import_module("test_errors").NOT_BY_AN_AGENT
        rows = read_rows(read_section("Error codes"))
        return {row[1] for row in rows} - {row[1] for row in rows if row[0].strip("`") not in not_by_an_agent} - {"503"}

    def test_statuses_of_http_have_tests(self):
        """Those that the document lists under "Error bodies" and "Envelope"."""
        classic = re.search(r"Statuses that occur: (.*?)\. Where", read_section("Error bodies"), re.S).group(1)
        current = re.search(r"has another HTTP status: (.*?)An older agent", read_section("Envelope"), re.S).group(1)
        for dialect, text, least in (("classic", classic, 14), ("current", current, 7)):
            statuses = set(re.findall(r"\b[45]\d\d\b", text))
            self.assertGreaterEqual(len(statuses), least)
            for status in sorted(statuses - self.read_statuses_of_others()):
                with self.subTest(status=f"{dialect}: {status}"):
                    self.assertTrue(self.has_test(f"{dialect}: {status}"))


if __name__ == "__main__":
    tap.main()
