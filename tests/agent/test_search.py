#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""/api/v1/files/search, find and replace of the current dialect, against the program."""
import json
import os
import stat
import threading
import time
import unittest

import tap
from agent import Agent

PREFIX = "/api/v1/files/"
PIECE = 256 * 1024


class SearchTestCase(unittest.TestCase):
    options = ()

    def setUp(self):
        self.agent = Agent(*self.options)
        self.addCleanup(self.agent.stop)

    def post(self, route, **members):
        return self.agent.post(PREFIX + route, members)

    def assert_failure(self, reply, status):
        self.assertEqual(reply.status, 200, reply.body)
        answer = reply.json()
        self.assertEqual(answer["status"], status, answer)
        self.assertTrue(answer["message"])
        self.assertEqual(set(answer), {"status", "message"})

    def assert_rejected(self, reply, http_status):
        self.assertEqual(reply.status, http_status, reply.body)

    def files(self, route, **members):
        """The paths below the workspace."""
        reply = self.post(route, **members)
        self.assertEqual(reply.status, 200, reply.body)
        answer = reply.json()
        self.assertEqual((answer["status"], answer["message"]), (0, "success"), answer)
        self.assertNotIn("truncated", answer)
        prefix = os.path.realpath(self.agent.workspace) + "/"
        for path in answer["files"]:
            self.assertTrue(path.startswith(prefix), path)
        return [path.removeprefix(prefix) for path in answer["files"]]

    def check_common_failures(self, route, member):
        """Those of the rows search and find."""
        self.agent.write("file", b"x")
        self.agent.write("../outside/file", b"x")
        os.symlink("../outside", self.agent.path("way-out"))

        self.assert_failure(self.post(route, dir=".", **{member: ""}), 1422)
        self.assert_failure(self.post(route, dir="missing", **{member: "x"}), 1404)
        self.assert_failure(self.post(route, dir="file", **{member: "x"}), 1422)
        for folder in ("..", "/etc", "../outside", "way-out", "a/../../outside", self.agent.workspace + "-other"):
            self.assert_failure(self.post(route, dir=folder, **{member: "x"}), 1403)

    def check_common_rejections(self, route, members):
        """Malformed JSON, wrong and missing members, another content type, another method."""
        for name in members:
            self.assert_rejected(self.post(route, **{key: value for key, value in members.items() if key != name}), 422)
            for wrong in (7, None, True, {}, [1]):
                self.assert_rejected(self.post(route, **{**members, name: wrong}), 422)
        path = PREFIX + route
        headers = {"Content-Type": "application/json"}
        for body in ("", "{", "[]", "null", '"text"', '{"a":1}x', "[" * 100_000):
            self.assert_rejected(self.agent.request("POST", path, body, headers), 400)
        self.assert_rejected(self.agent.request("POST", path, json.dumps(members), {"Content-Type": "text/plain"}), 415)
        reply = self.agent.request("GET", path)
        self.assertEqual((reply.status, reply.body, reply.headers["Allow"]), (405, b"", "POST"))


class NamesTest(SearchTestCase):
    def test_names(self):
        """current: POST /files/search: case-insensitive part of the name"""
        for name in ("src/Main.c", "src/lib/MAIN.txt", "main/other", ".mainrc", "Übersicht.md"):
            self.agent.write(name)
        self.assertEqual(self.files("search", dir=".", pattern="main"), [".mainrc", "src/Main.c", "src/lib/MAIN.txt"])
        self.assertEqual(self.files("search", dir="src", pattern="MAIN."), ["src/Main.c", "src/lib/MAIN.txt"])
        self.assertEqual(self.files("search", dir="", pattern="über"), ["Übersicht.md"])
        self.assertEqual(self.files("search", dir=self.agent.workspace + "/src/lib/", pattern="t"), ["src/lib/MAIN.txt"])
        self.assertEqual(self.files("search", dir=".", pattern="no such name"), [])

    def test_left_out(self):
        """current: POST /files/search: links, and what find leaves out, are left out"""
        self.agent.write("node_modules/needle")
        self.agent.write(".git/needle")
        self.agent.write("../outside/needle")
        self.agent.write("src/needle")
        os.symlink("needle", self.agent.path("src/needle-link"))
        os.symlink("../outside", self.agent.path("way-out"))
        self.assertEqual(self.files("search", dir=".", pattern="needle"), ["src/needle"])
        self.assertEqual(self.files("search", dir="node_modules", pattern="needle"), ["node_modules/needle"])

    def test_odd_names(self):
        """current: POST /files/search: names of any bytes are told in valid JSON"""
        for name in (b"odd\xff\xfe", b"odd\nline", b'odd"quote', b"-odd", b"odd\x1b]0;x\x07"):
            with open(os.path.join(os.fsencode(self.agent.workspace), name), "wb"):
                pass
        self.assertEqual(self.files("search", dir=".", pattern="ODD"),
                         ["-odd", "odd\nline", "odd\x1b]0;x\x07", 'odd"quote', "odd\ufffd\ufffd"])

    def test_failures(self):
        """current: POST /files/search: empty 1422, no dir 1404, outside 1403"""
        self.check_common_failures("search", "pattern")

    def test_rejections(self):
        """current: POST /files/search: rejected before the handler"""
        self.check_common_rejections("search", {"dir": ".", "pattern": "x"})

    def test_truncated(self):
        """current: POST /files/search: more than 8 MiB of paths are told as truncated"""
        folder = os.open(self.agent.workspace, os.O_RDONLY)
        for _ in range(15):
            os.mkdir("d" * 250, dir_fd=folder)
            below = os.open("d" * 250, os.O_RDONLY, dir_fd=folder)
            os.close(folder)
            folder = below

        def make(first, last):
            for i in range(first, last):
                os.close(os.open(f"{i:05}", os.O_CREAT, dir_fd=folder))

        self.addCleanup(os.close, folder)
        make(0, 1000)
        answer = self.post("search", dir=".", pattern="0").json()
        self.assertEqual((len(answer["files"]), "truncated" in answer), (1000, False))
        make(1000, 2300)
        answer = self.post("search", dir=".", pattern="0").json()
        self.assertIs(answer["truncated"], True)
        self.assertGreater(len(answer["files"]), 1000)
        self.assertLess(sum(map(len, answer["files"])), 8 << 20)


class FindTest(SearchTestCase):
    def test_texts(self):
        """current: POST /files/find: text content"""
        self.agent.write("a/b/one", b"first\nwith a needle in it\n")
        self.agent.write("two", "一根针".encode())
        self.agent.write("three", b"Needle")
        self.agent.write("empty")
        self.assertEqual(self.files("find", dir=".", keyword="needle"), ["a/b/one"])
        self.assertEqual(self.files("find", dir="a", keyword="first\nwith"), ["a/b/one"])
        self.assertEqual(self.files("find", dir=".", keyword="针"), ["two"])
        self.assertEqual(self.files("find", dir=".", keyword="haystack"), [])

    def test_left_out(self):
        """current: POST /files/find: skips dot folders, links, binary files and the usual build and dependency folders"""
        for name in ("node_modules/x", ".git/x", "target/x", "dist/x", "build/x", "venv/x", "vendor/x", "__pycache__/x", "../outside/x"):
            self.agent.write(name, b"needle")
        self.agent.write("binary", b"needle\0")
        self.agent.write("latin-1", b"needle \xe9")
        self.agent.write("src/x", b"needle")
        self.agent.write(".env", b"needle")
        os.symlink("src/x", self.agent.path("link"))
        os.symlink("../outside", self.agent.path("way-out"))
        os.mkfifo(self.agent.path("fifo"))
        self.assertEqual(self.files("find", dir=".", keyword="needle"), [".env", "src/x"])

    def test_pieces(self):
        """current: POST /files/find: a keyword across the pieces in which a file is read"""
        for shift in (1, 5, 6, 7):
            self.agent.write("file", b"a" * (2 * PIECE - shift) + b"needle" + b"a" * PIECE)
            self.assertEqual(self.files("find", dir=".", keyword="needle"), ["file"])

    def test_many(self):
        """current: POST /files/find: many files, read several at a time"""
        expected = []
        for i in range(500):
            name = f"{i % 10}/{i:03}"
            self.agent.write(name, b"with a needle" if i % 7 == 0 else b"without")
            if i % 7 == 0:
                expected.append(name)
        self.assertEqual(self.files("find", dir=".", keyword="needle"), sorted(expected))

    def test_failures(self):
        """current: POST /files/find: empty 1422, no dir 1404, outside 1403"""
        self.check_common_failures("find", "keyword")

    def test_rejections(self):
        """current: POST /files/find: rejected before the handler"""
        self.check_common_rejections("find", {"dir": ".", "keyword": "x"})

    def test_cancelled(self):
        """current: POST /files/find: a client that goes away ends it"""
        for i in range(4):
            self.agent.write(f"{i}", b"a" * PIECE)
            os.truncate(self.agent.path(f"{i}"), 1 << 40)
        body = json.dumps({"dir": ".", "keyword": "needle"}).encode()
        request = (b"POST /api/v1/files/find HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                   b"Content-Length: %d\r\n\r\n" % len(body)) + body
        # More than there are threads for it: each of them would take minutes.
        connections = [self.agent.connect() for _ in range(8)]
        for connection in connections:
            connection.sendall(request)
        time.sleep(0.2)
        for connection in connections:
            connection.close()
        begin = time.monotonic()
        self.assertEqual(self.files("search", dir=".", pattern="3"), ["3"])
        self.assertLess(time.monotonic() - begin, 5)

    def test_others_meanwhile(self):
        """current: POST /files/find: the main loop has no part in it"""
        self.agent.write("file", b"a" * PIECE)
        os.truncate(self.agent.path("file"), 1 << 40)
        finder = self.agent.connect()
        body = json.dumps({"dir": ".", "keyword": "needle"}).encode()
        finder.sendall(b"POST /api/v1/files/find HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                       b"Content-Length: %d\r\n\r\n" % len(body) + body)
        slowest = 0
        for _ in range(50):
            begin = time.monotonic()
            self.assertEqual(self.agent.request("GET", "/health").status, 200)
            slowest = max(slowest, time.monotonic() - begin)
        finder.close()
        self.assertLess(slowest, 2)

    def test_memory(self):
        """current: POST /files/find, replace: memory does not grow with the file"""
        if self.agent.is_sanitized():
            return
        self.agent.write("file", b"a" * (96 << 20))
        before = self.agent.resident_kib()
        self.assertEqual(self.files("find", dir=".", keyword="needle"), [])
        results = self.post("replace", files=["file"], **{"from": "aaaaaaaa", "to": "bbbb"}).json()["results"]
        self.assertEqual(results, [{"file": "file", "status": "success", "replacements": 12 << 20}])
        self.assertLess(self.agent.resident_kib() - before, 8 * 1024)


class ReplaceTest(SearchTestCase):
    options = ("--max-file-size", "1000000")

    def replace(self, files, old, new):
        reply = self.post("replace", files=files, **{"from": old, "to": new})
        self.assertEqual(reply.status, 200, reply.body)
        answer = reply.json()
        self.assertEqual((answer["status"], answer["message"]), (0, "success"), answer)
        self.assertEqual([result["file"] for result in answer["results"]], files)
        return [(result["status"], result["replacements"], bool(result.get("error"))) for result in answer["results"]]

    def test_results(self):
        """current: POST /files/replace: success, skipped and error, each with its replacements"""
        self.agent.write("one", b"red, red and blue")
        self.agent.write("two", b"blue")
        self.agent.write("binary", b"red\0")
        self.agent.write("latin-1", b"red \xe9")
        self.agent.write("folder/x")
        files = ["one", "two", "binary", "latin-1", "folder", "missing", self.agent.workspace + "/one"]
        self.assertEqual(self.replace(files, "red", "红"),
                         [("success", 2, False), ("skipped", 0, False), ("skipped", 0, True), ("skipped", 0, True), ("error", 0, True),
                          ("error", 0, True), ("skipped", 0, False)])
        results = self.post("replace", files=files, **{"from": "red", "to": "红"}).json()["results"]
        self.assertEqual([result.get("code") for result in results], [None] * 4 + ["VALIDATION_ERROR", "FILE_NOT_FOUND", None])
        self.assertEqual(self.agent.read("one").decode(), "红, 红 and blue")
        self.assertEqual(self.agent.read("binary"), b"red\0")
        self.assertEqual(self.replace(["one"], "红", ""), [("success", 2, False)])
        self.assertEqual(self.agent.read("one"), b",  and blue")
        self.assertEqual(self.replace([], "a", "b"), [])

    def test_keeps(self):
        """current: POST /files/replace: mode, owner and links stay"""
        self.agent.write("file", b"red")
        os.chmod(self.agent.path("file"), 0o751)
        os.symlink("file", self.agent.path("link"))
        before = os.stat(self.agent.path("file"))
        self.assertEqual(self.replace(["link"], "red", "green"), [("success", 1, False)])
        after = os.stat(self.agent.path("file"))
        self.assertEqual((after.st_mode, after.st_uid, after.st_gid), (before.st_mode, before.st_uid, before.st_gid))
        self.assertTrue(stat.S_ISLNK(os.lstat(self.agent.path("link")).st_mode))
        self.assertEqual(self.agent.read("file"), b"green")
        self.assertEqual(sorted(os.listdir(self.agent.workspace)), ["file", "link"])

    def test_pieces(self):
        """current: POST /files/replace: across the pieces in which a file is read"""
        for shift in range(0, 8):
            content = b"a" * (PIECE - shift) + b"needle" + b"a" * (PIECE - 6) + b"needle" + b"a" * shift
            self.agent.write("file", content)
            self.assertEqual(self.replace(["file"], "needle", "thread and needle"), [("success", 2, False)])
            self.assertEqual(self.agent.read("file"), content.replace(b"needle", b"thread and needle"))

    def test_too_large(self):
        """current: POST /files/replace: MAX_FILE_SIZE holds for the result"""
        self.agent.write("file", b"ab" * 400_000)
        self.assertEqual(self.replace(["file"], "a", "abc"), [("error", 0, True)])
        self.assertEqual(self.agent.read("file"), b"ab" * 400_000)
        self.agent.write("file", b"ab" * 600_000)
        self.assertEqual(self.replace(["file"], "a", ""), [("success", 600_000, False)])

    def test_atomic(self):
        """current: POST /files/replace: a reader sees the old or the new file"""
        contents = [b"x" * 300_000, b"yy" * 300_000]
        self.agent.write("file", contents[0])
        seen = []
        stop = threading.Event()

        def look():
            while not stop.is_set():
                seen.append(self.agent.read("file") in contents)

        reader = threading.Thread(target=look)
        reader.start()
        for _ in range(10):
            self.replace(["file"], "x", "yy")
            self.replace(["file"], "yy", "x")
        stop.set()
        reader.join()
        self.assertTrue(seen and all(seen))

    def test_failures(self):
        """current: POST /files/replace: empty from 1422, outside 1403 and nothing changed"""
        self.agent.write("file", b"red")
        self.agent.write("../outside/file", b"red")
        os.symlink("../outside/file", self.agent.path("way-out"))
        self.assert_failure(self.post("replace", files=["file"], **{"from": "", "to": "x"}), 1422)
        self.assert_failure(self.post("replace", files=["x"] * 10_001, **{"from": "red", "to": "x"}), 1422)
        for path in ("../outside/file", "/etc/passwd", "way-out", "missing/../../outside/file"):
            self.assert_failure(self.post("replace", files=["file", path], **{"from": "red", "to": "x"}), 1403)
        self.assertEqual(self.agent.read("file"), b"red")
        self.assertEqual(self.agent.read("../outside/file"), b"red")

    def test_rejections(self):
        """current: POST /files/replace: rejected before the handler"""
        self.check_common_rejections("replace", {"files": ["x"], "from": "a", "to": "b"})
        self.assert_rejected(self.post("replace", files="x", **{"from": "a", "to": "b"}), 422)


class OptionTest(unittest.TestCase):
    def test_environment(self):
        """current: MAX_CONCURRENT_READS, and --max-concurrent-reads with a space"""
        for options, environment in (((), {"MAX_CONCURRENT_READS": "100000"}), (("--max-concurrent-reads", "2"), {}),
                                     (("--max-concurrent-reads=1",), {"MAX_CONCURRENT_READS": "nonsense"})):
            with Agent(*options, environment=environment) as agent:
                for i in range(100):
                    agent.write(f"{i}", b"needle")
                self.assertEqual(len(agent.post(PREFIX + "find", {"dir": ".", "keyword": "needle"}).json()["files"]), 100)


class StarvationTest(unittest.TestCase):
    def test_searches_hold_up_no_other_operation(self):
        """Each of them reads for minutes: a text whose end is a hole."""
        with Agent() as agent:
            agent.write("endless", b"text\n" * 100_000)
            os.truncate(agent.path("endless"), 1 << 40)
            body = json.dumps({"dir": ".", "keyword": "nowhere"})
            head = f"POST {PREFIX}find HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            searches = [agent.connect() for _ in range(8)]
            for search in searches:
                search.sendall((head + body).encode())
            self.assertEqual(agent.request("GET", "/health").status, 200)
            for reply in (agent.request("GET", PREFIX + "list?path=."), agent.post(PREFIX + "delete", {"path": "endless"})):
                self.assertEqual(reply.json()["status"], 0)
            for search in searches:
                search.close()


if __name__ == "__main__":
    tap.main()
