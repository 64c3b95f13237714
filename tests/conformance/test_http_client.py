#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Python's http.client and urllib."""
import http.client
import io
import json
import os
import unittest
import urllib.error
import urllib.request

import tap
from agent import Agent

JSON = {"Content-Type": "application/json"}
LARGE = os.urandom(2 << 20)


class OldConnection(http.client.HTTPConnection):
    _http_vsn = 10
    _http_vsn_str = "HTTP/1.0"


class HttpClientTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.agent = Agent()
        cls.addClassCleanup(cls.agent.stop)
        cls.agent.write("large", LARGE)

    def connect(self, kind=http.client.HTTPConnection):
        connection = kind("127.0.0.1", self.agent.port, timeout=20)
        self.addCleanup(connection.close)
        return connection

    def test_one_connection_for_many(self):
        connection = self.connect()
        connection.connect()
        socket = connection.sock
        for number in range(200):
            connection.request("POST", "/files/write", json.dumps({"path": "f", "content": str(number)}), JSON)
            self.assertEqual(json.loads(connection.getresponse().read())["size"], len(str(number)))
            connection.request("POST", "/files/read", '{"path":"f"}', JSON)
            self.assertEqual(connection.getresponse().read(), str(number).encode())
        self.assertIs(connection.sock, socket)

    def test_bodies_of_all_kinds(self):
        text = json.dumps({"path": "f", "content": "x" * 300_000}).encode()
        bodies = {"bytes": text, "text": text.decode(), "file": io.BytesIO(text), "text file": io.StringIO(text.decode()),
                  "pieces": [text[i:i + 1000] for i in range(0, len(text), 1000)], "generator": (text[i:i + 7] for i in range(0, len(text), 7))}
        connection = self.connect()
        for name, body in bodies.items():
            with self.subTest(name=name):
                connection.request("POST", "/files/write", body, JSON, encode_chunked=isinstance(body, (io.IOBase, list)) or hasattr(body, "send"))
                response = connection.getresponse()
                self.assertEqual((response.status, json.loads(response.read())["size"]), (200, 300_000))

    def test_reading_in_pieces(self):
        connection = self.connect()
        connection.request("POST", "/files/read", '{"path":"large"}', JSON)
        response = connection.getresponse()
        self.assertEqual(int(response.headers["Content-Length"]), len(LARGE))
        read = bytearray()
        while piece := response.read(65537):
            read += piece
        self.assertEqual(bytes(read), LARGE)

    def test_streamed_reply(self):
        """The length of much output is not known when the reply begins."""
        connection = self.connect()
        connection.request("POST", "/process/exec", json.dumps({"command": "head -c 3000000 /dev/zero | tr '\\0' x", "shell": True}), JSON)
        response = connection.getresponse()
        self.assertEqual(json.loads(response.read())["stdout"], "x" * 3_000_000)
        connection.request("GET", "/health")
        self.assertEqual(connection.getresponse().status, 200)

    def test_http_1_0(self):
        for path, body, expected in (("/health", None, b'"healthy"'), ("/files/read", '{"path":"large"}', LARGE),
                                     ("/process/exec", '{"command":"echo","args":["hello"]}', b"hello")):
            connection = self.connect(OldConnection)
            connection.request("POST" if body else "GET", path, body, JSON if body else {})
            response = connection.getresponse()
            content = response.read()
            self.assertEqual(response.status, 200)
            self.assertTrue(response.will_close)
            self.assertNotIn("Transfer-Encoding", response.headers)
            self.assertIn(expected, content)

    def test_head(self):
        connection = self.connect()
        connection.request("HEAD", "/health")
        response = connection.getresponse()
        self.assertEqual((response.status, response.read()), (200, b""))
        self.assertGreater(int(response.headers["Content-Length"]), 0)
        connection.request("GET", "/health")
        self.assertEqual(connection.getresponse().status, 200)

    def test_connection_close(self):
        connection = self.connect()
        connection.request("GET", "/health", headers={"Connection": "close"})
        response = connection.getresponse()
        self.assertEqual(response.headers["Connection"], "close")
        self.assertTrue(response.will_close)

    def test_urllib(self):
        request = urllib.request.Request(self.agent.url + "/files/read", b'{"path":"large"}', JSON)
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=20) as response:
            self.assertEqual(response.read(), LARGE)
        request = urllib.request.Request(self.agent.url + "/files/read", b'{"path":"nothing"}', JSON)
        with self.assertRaises(urllib.error.HTTPError) as caught:
            urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=20)
        with caught.exception as error:
            self.assertEqual((error.code, json.loads(error.read())["code"]), (404, "FILE_NOT_FOUND"))

    def test_headers_and_methods(self):
        connection = self.connect()
        for method, path, status in (("GET", "/files/read", 405), ("DELETE", "/health", 405), ("PATCH", "/nothing", 404), ("PROPFIND", "/health", 405)):
            connection.request(method, path)
            response = connection.getresponse()
            response.read()
            self.assertEqual(response.status, status, method)
            self.assertEqual("Allow" in response.headers, status == 405)
            self.assertRegex(response.headers["Date"], r"^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$")


if __name__ == "__main__":
    tap.main()
