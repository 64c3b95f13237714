#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""RFC 6455 against the program, frame by frame: each case is what a client sends and what it gets."""
import base64
import hashlib
import json
import socket
import struct
import time
import unittest

import tap
from agent import Agent, frame

FIN, TEXT, BINARY, CLOSE, PING, PONG = 0x80, 1, 2, 8, 9, 10
WATCH = json.dumps({"type": "watch", "path": ""}).encode()
EURO = "€".encode()


def close(code, reason=b""):
    return frame(FIN | CLOSE, struct.pack(">H", code) + reason)


def text_of(size):
    """A watch that is refused, for a path which makes the message that long."""
    start, end = b'{"type":"watch","path":"', b'"}'
    return start + b"x" * (size - len(start) - len(end)) + end


def split(payload, *sizes):
    """A text message as fragments of these sizes, and the rest."""
    frames = []
    for number, size in enumerate(sizes):
        frames.append(frame(TEXT if number == 0 else 0, payload[:size]))
        payload = payload[size:]
    return b"".join(frames) + frame(FIN, payload)


# What is sent, then the frames expected: "pong" with its payload, "done" or "refused" for an answer, "close" with its code (several: any of them).
CASES = {
    # Messages
    "text": (frame(FIN | TEXT, WATCH), ["done"]),
    "empty text": (frame(FIN | TEXT), ["refused"]),
    "two messages at once": (frame(FIN | TEXT, b"x") + frame(FIN | TEXT, WATCH), ["refused", "done"]),
    "text of 125 bytes": (frame(FIN | TEXT, text_of(125)), ["refused"]),
    "text of 126 bytes": (frame(FIN | TEXT, text_of(126)), ["refused"]),
    "text of 65535 bytes": (frame(FIN | TEXT, text_of(65535)), ["refused"]),
    "text of 65536 bytes": (frame(FIN | TEXT, text_of(65536)), ["refused"]),
    "text of 65537 bytes": (frame(FIN | TEXT, text_of(65537)), [("close", 1009)]),
    "two fragments": (split(WATCH, 5), ["done"]),
    "a fragment for each byte": (split(WATCH, *[1] * (len(WATCH) - 1)), ["done"]),
    "empty fragments": (frame(TEXT) + frame(0) + frame(0, WATCH) + frame(0) + frame(FIN), ["done"]),
    "nothing in fragments": (frame(TEXT) + frame(FIN), ["refused"]),
    "character cut in two": (split(b'{"type":"watch","path":"' + EURO + b'"}', 25), ["refused"]),
    "fragments of 65536 bytes": (split(text_of(65536), 30000, 30000), ["refused"]),
    "fragments of 65537 bytes": (split(text_of(65537), 30000, 30000), [("close", 1009)]),
    "ping in the middle of fragments": (frame(TEXT, WATCH[:5]) + frame(FIN | PING, b"now") + frame(FIN, WATCH[5:]), [("pong", b"now"), "done"]),
    "pings between all fragments": (frame(TEXT, WATCH[:5]) + frame(FIN | PING, b"1") + frame(0, WATCH[5:9]) + frame(FIN | PING, b"2")
                                    + frame(FIN, WATCH[9:]), [("pong", b"1"), ("pong", b"2"), "done"]),
    "pong in the middle of fragments": (frame(TEXT, WATCH[:5]) + frame(FIN | PONG, b"?") + frame(FIN, WATCH[5:]), ["done"]),
    "binary": (frame(FIN | BINARY, WATCH), [("close", 1003)]),
    "empty binary": (frame(FIN | BINARY), [("close", 1003)]),
    "fragmented binary": (frame(BINARY, b"\xff") + frame(FIN, b"\xfe"), [("close", 1003)]),
    # UTF-8
    "invalid UTF-8": (frame(FIN | TEXT, b"\xff"), [("close", 1007)]),
    "overlong UTF-8": (frame(FIN | TEXT, b"\xc0\xaf"), [("close", 1007)]),
    "surrogate": (frame(FIN | TEXT, b"\xed\xa0\x80"), [("close", 1007)]),
    "beyond Unicode": (frame(FIN | TEXT, b"\xf4\x90\x80\x80"), [("close", 1007)]),
    "cut UTF-8": (frame(FIN | TEXT, EURO[:2]), [("close", 1007)]),
    "invalid UTF-8 in fragments": (split(b"abc\xffdef", 3, 1), [("close", 1007)]),
    # Control frames
    "ping": (frame(FIN | PING), [("pong", b"")]),
    "ping of 125 bytes": (frame(FIN | PING, bytes(range(125))), [("pong", bytes(range(125)))]),
    "pings in order": (b"".join(frame(FIN | PING, b"%d" % n) for n in range(10)), [("pong", b"%d" % n) for n in range(10)]),
    "unasked pongs": (frame(FIN | PONG) + frame(FIN | PONG, b"x" * 125) + frame(FIN | PING, b"!"), [("pong", b"!")]),
    "ping of 126 bytes": (frame(FIN | PING, b"x" * 126), [("close", 1002)]),
    "pong of 126 bytes": (frame(FIN | PONG, b"x" * 126), [("close", 1002)]),
    "fragmented ping": (frame(PING, b"x"), [("close", 1002)]),
    "fragmented pong": (frame(PONG, b"x"), [("close", 1002)]),
    "good messages before a bad frame": (frame(FIN | PING, b"1") + frame(FIN | TEXT, b"x") + frame(FIN | 3), [("pong", b"1"), "refused", ("close", 1002)]),
    # Framing
    "unmasked text": (frame(FIN | TEXT, WATCH, masked=False), [("close", 1002)]),
    "unmasked ping": (frame(FIN | PING, b"x", masked=False), [("close", 1002)]),
    "unmasked close": (frame(FIN | CLOSE, b"\x03\xe8", masked=False), [("close", 1002)]),
    "continuation of nothing": (frame(FIN, b"x"), [("close", 1002)]),
    "fragment of nothing": (frame(0, b"x"), [("close", 1002)]),
    "continuation of a whole message": (frame(FIN | TEXT, b"x") + frame(FIN, b"x"), ["refused", ("close", 1002)]),
    "message inside fragments": (frame(TEXT, b"x") + frame(FIN | TEXT, WATCH), [("close", 1002)]),
    "fragments inside fragments": (frame(TEXT, b"x") + frame(BINARY, b"x"), [("close", 1002)]),
    "16 bits for a short length": (frame(FIN | TEXT, WATCH, length_size=2), [("close", 1002)]),
    "64 bits for a short length": (frame(FIN | TEXT, WATCH, length_size=8), [("close", 1002)]),
    "64 bits for a middle length": (frame(FIN | TEXT, text_of(300), length_size=8), [("close", 1002)]),
    "a length of 2^63": (bytes([FIN | TEXT, 0xFF]) + struct.pack(">Q", 1 << 63) + b"mask", [("close", 1002)]),
    "a length of 2^63 - 1": (bytes([FIN | TEXT, 0xFF]) + struct.pack(">Q", (1 << 63) - 1) + b"mask", [("close", 1009)]),
    # Closing
    "close without a code": (frame(FIN | CLOSE), [("close", 1000)]),
    "close of one byte": (frame(FIN | CLOSE, b"\x03"), [("close", 1002)]),
    "close with a reason": (close(1000, b"done " + EURO), [("close", 1000)]),
    "close with the longest reason": (close(4000, b"x" * 123), [("close", 4000)]),
    "close of 126 bytes": (close(1000, b"x" * 124), [("close", 1002)]),
    "close with a reason that is no text": (close(1000, b"\xff"), [("close", 1002, 1007)]),
    "fragmented close": (frame(CLOSE, b"\x03\xe8"), [("close", 1002)]),
    "close in the middle of fragments": (frame(TEXT, b"x") + close(1001), [("close", 1001)]),
    "ping after close": (close(1000) + frame(FIN | PING, b"x"), [("close", 1000)]),
    "text after close": (close(1000) + frame(FIN | TEXT, WATCH), [("close", 1000)]),
}
for bit in (0x40, 0x20, 0x10):
    CASES[f"reserved bit {bit:#x} of text"] = (frame(FIN | bit | TEXT, WATCH), [("close", 1002)])
    CASES[f"reserved bit {bit:#x} of ping"] = (frame(FIN | bit | PING), [("close", 1002)])
for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15):
    CASES[f"opcode {opcode}"] = (frame(FIN | opcode, b"x"), [("close", 1002)])
for code in (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999):
    CASES[f"close code {code}"] = (close(code), [("close", code)])
for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535):
    CASES[f"close code {code} that none may send"] = (close(code), [("close", 1002)])


class WebSocketTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.agent = Agent()
        cls.addClassCleanup(cls.agent.stop)

    def expect(self, web_socket, expected):
        first, payload = web_socket.receive_frame(5)
        if expected == "done" or expected == "refused":
            self.assertEqual(first, FIN | TEXT)
            self.assertIs(json.loads(payload)["success"], expected == "done")
        elif expected[0] == "pong":
            self.assertEqual((first, payload), (FIN | PONG, expected[1]))
        else:
            self.assertEqual(first, FIN | CLOSE)
            self.assertIn(struct.unpack(">H", payload[:2])[0], expected[1:])

    def expect_end(self, web_socket):
        """The agent closes the connection, at the latest once it has the answer to its close frame."""
        try:
            web_socket.socket.sendall(close(1000))
        except (BrokenPipeError, ConnectionResetError):
            return
        with self.assertRaises((EOFError, ConnectionResetError)):
            web_socket.receive_frame(3)

    def check(self, sent, expected, in_bytes=False):
        web_socket = self.agent.web_socket()
        self.addCleanup(web_socket.close)
        web_socket.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            for piece in ([sent[i:i + 1] for i in range(len(sent))] if in_bytes else [sent]):
                web_socket.socket.sendall(piece)
        except (BrokenPipeError, ConnectionResetError):
            self.assertEqual(expected[-1][0], "close")
        for answer in expected:
            self.expect(web_socket, answer)
        if expected[-1][0] == "close":
            self.expect_end(web_socket)
        else:
            web_socket.send_frame(PING, b"alive")
            self.expect(web_socket, ("pong", b"alive"))

    def test_byte_by_byte(self):
        for name in ("text", "two fragments", "ping in the middle of fragments", "invalid UTF-8", "close code 1000", "text of 126 bytes"):
            with self.subTest(name=name):
                self.check(*CASES[name], in_bytes=True)

    def test_many_messages_at_once(self):
        """One frame a turn is no frame lost, nor out of order."""
        web_socket = self.agent.web_socket()
        self.addCleanup(web_socket.close)
        web_socket.socket.sendall(b"".join(frame(FIN | PING, b"%d" % number) for number in range(5000)))
        for number in range(5000):
            self.assertEqual(web_socket.receive_frame(), (FIN | PONG, b"%d" % number))

    def test_accept_value(self):
        key = base64.b64encode(b"0123456789abcdef").decode()
        web_socket = self.agent.web_socket({"Sec-WebSocket-Key": key, "Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits"})
        self.addCleanup(web_socket.close)
        digest = hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
        self.assertEqual(web_socket.status, 101)
        self.assertIn(b"Sec-WebSocket-Accept: " + base64.b64encode(digest), web_socket.head)
        self.assertNotIn(b"Extensions", web_socket.head)
        self.assertNotIn(b"Sec-WebSocket-Protocol", web_socket.head)

    def test_refused_handshakes(self):
        for headers, status in (({"Sec-WebSocket-Version": "8"}, 426), ({"Sec-WebSocket-Version": "13, 8"}, 426), ({"Upgrade": "h2c"}, 426),
                                ({"Connection": "keep-alive"}, 426), ({"Sec-WebSocket-Key": "short"}, 400),
                                ({"Sec-WebSocket-Key": base64.b64encode(b"x" * 17).decode()}, 400), ({"Content-Length": "3"}, 400)):
            with self.subTest(headers=headers):
                web_socket = self.agent.web_socket(headers)
                self.assertEqual(web_socket.status, status)
                self.assertEqual(b"Sec-WebSocket-Version: 13" in web_socket.head, status == 426)
                web_socket.close()

    def test_end_without_closing(self):
        descriptors = self.agent.count_descriptors()
        for number in range(40):
            web_socket = self.agent.web_socket()
            web_socket.socket.sendall(frame(TEXT, b"x" * 1000)[:number * 20])
            if number % 2:
                web_socket.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            web_socket.close()
        deadline = time.monotonic() + 5
        while self.agent.count_descriptors() > descriptors:
            self.assertLess(time.monotonic(), deadline, "descriptors were left behind")
            time.sleep(0.02)


def add_case(name, sent, expected):
    def test(self):
        self.check(sent, expected)

    setattr(WebSocketTest, "test_" + name.replace(" ", "_"), test)


for name, (sent, expected) in CASES.items():
    add_case(name, sent, expected)


if __name__ == "__main__":
    tap.main()
