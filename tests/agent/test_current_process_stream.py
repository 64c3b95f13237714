#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Server-sent events of the processes of the current dialect, against the program."""
import base64
import http.client
import json
import os
import socket
import statistics
import time
import unittest

import tap
from agent import Agent
from waiting import wait_until

PREFIX = "/api/v1/process"


def parse_events(lines):
    """(name, data) after the rules of the HTML standard; a comment is (None, its text)."""
    name, data = "message", []
    for line in lines:
        if line == "":
            if data:
                yield name, "\n".join(data)
            name, data = "message", []
        elif line.startswith(":"):
            yield None, line[1:]
        else:
            field, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if field == "event":
                name = value
            elif field == "data":
                data.append(value)


class EventStream:
    """A reply that is read as it comes."""

    def __init__(self, agent, method, path, body=None, headers=None, timeout=60):
        self.connection = http.client.HTTPConnection("127.0.0.1", agent.port, timeout=timeout)
        headers = {"Content-Type": "application/json", **(headers or {})} if body is not None else headers or {}
        self.connection.request(method, path, json.dumps(body) if body is not None else None, headers)
        self.response = self.connection.getresponse()
        self.events = parse_events(line.decode().rstrip("\n") for line in self.response)

    def __iter__(self):
        return self.events

    def close(self):
        self.response.close()
        self.connection.close()


class ProcessStreamTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.agent = Agent()
        cls.addClassCleanup(cls.agent.stop)
        cls.silent = EventStream(cls.agent, "POST", f"{PREFIX}/sync-stream", {"command": "sleep 60"})
        cls.addClassCleanup(cls.silent.close)
        cls.silent_since = time.monotonic()

    def stream(self, command, **members):
        stream = EventStream(self.agent, "POST", f"{PREFIX}/sync-stream", {"command": command, **members})
        self.addCleanup(stream.close)
        self.assertEqual((stream.response.status, stream.response.headers["Content-Type"]), (200, "text/event-stream"))
        return stream

    def stream_shell(self, script, **members):
        return self.stream("sh", args=["-c", script], **members)

    def run_stream(self, *args, **members):
        return [(name, json.loads(data)) for name, data in self.stream(*args, **members) if name]

    def run_shell(self, script, **members):
        return self.run_stream("sh", args=["-c", script], **members)

    def start_shell(self, script):
        answer = self.agent.post(f"{PREFIX}/exec", {"command": "sh", "args": ["-c", script]}).json()
        self.assertEqual(answer["status"], 0, answer)
        return answer["processId"]

    def kill(self, process):
        return self.agent.request("POST", f"{PREFIX}/{process}/kill")

    def follow(self, process, query="?stream=true", headers=None):
        stream = EventStream(self.agent, "GET", f"{PREFIX}/{process}/logs{query}", headers=headers)
        self.addCleanup(stream.close)
        self.assertEqual((stream.response.status, stream.response.headers["Content-Type"]), (200, "text/event-stream"))
        return stream

    # sync-stream

    def test_stream(self):
        """current: POST /process/sync-stream: start, stdout, stderr, complete"""
        events = self.run_shell("echo out; sleep 0.1; echo err >&2; sleep 0.1; printf end; exit 3")
        self.assertEqual([name for name, _ in events], ["start", "stdout", "stderr", "stdout", "complete"])
        self.assertEqual([data["output"] for _, data in events[1:4]], ["out\n", "err\n", "end"])
        self.assertEqual(events[4][1]["exitCode"], 3)
        self.assertGreaterEqual(events[4][1]["duration"], 200)
        for _, data in events:
            self.assertRegex(data["timestamp"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        self.assertEqual(set(events[1][1]), {"output", "timestamp"})

    def test_stream_at_once(self):
        """current: POST /process/sync-stream: each piece as it is written"""
        stream = self.stream_shell("echo one; sleep 0.5; printf two; sleep 0.5")
        begin = time.monotonic()
        self.assertEqual(next(stream.events)[0], "start")
        self.assertEqual(json.loads(next(stream.events)[1])["output"], "one\n")
        self.assertLess(time.monotonic() - begin, 0.4)
        self.assertEqual(json.loads(next(stream.events)[1])["output"], "two")
        self.assertLess(time.monotonic() - begin, 0.9)

    def test_stream_characters(self):
        """current: POST /process/sync-stream: no character is cut in two, whenever its bytes come"""
        events = self.run_shell(r"for b in '\360' '\237' '\230' '\200' '\303' '\244x' '\342\202'; do printf $b; sleep 0.05; done; printf '\254'")
        outputs = [data["output"] for name, data in events if name == "stdout"]
        self.assertEqual("".join(outputs), "😀äx€")
        self.assertFalse([data for _, data in events if "outputBase64" in data])
        for text in ("€" * 100_000, "x" + "😀" * 60_000, "ä" * 200_001):
            self.agent.write("text", text.encode())
            events = self.run_stream("cat text")
            self.assertEqual("".join(data["output"] for name, data in events if name == "stdout"), text)

    def test_stream_any_bytes(self):
        """current: POST /process/sync-stream: U+FFFD for invalid bytes, and base64 beside"""
        events = self.run_shell(r"printf 'a\377\000b'; sleep 0.1; printf fine; sleep 0.1; printf '\342\202' >&2")
        self.assertEqual([(data["output"], base64.b64decode(data.get("outputBase64", ""))) for name, data in events[1:-1]],
                         [("a\ufffd\ufffdb", b"a\xff\0b"), ("fine", b""), ("\ufffd", b"\xe2\x82")])
        content = bytes(range(256)) * 1000
        self.agent.write("bytes", content)
        events = self.run_stream("cat bytes")
        exact = b"".join(base64.b64decode(data["outputBase64"]) if "outputBase64" in data else data["output"].encode()
                         for name, data in events if name == "stdout")
        self.assertEqual(exact, content)

    def test_stream_signal(self):
        """current: POST /process/sync-stream: exitCode null on a signal"""
        events = self.run_shell("echo x; kill -9 $$")
        self.assertEqual((events[-1][0], events[-1][1]["exitCode"]), ("complete", None))

    def test_stream_error(self):
        """current: POST /process/sync-stream: what cannot start is an error in the stream"""
        for members in ({"command": "no-such-program-here"}, {"command": "echo 'x"}, {"command": "true", "cwd": ".."},
                        {"command": "true", "cwd": "missing"}, {"command": ""}):
            events = self.run_stream(**members)
            self.assertEqual([name for name, _ in events], ["start", "error"], members)
            self.assertTrue(events[1][1]["error"])
            self.assertGreaterEqual(events[1][1]["durationMs"], 0)

    def test_stream_time_out(self):
        """current: POST /process/sync-stream: the time-out is an error in the stream, after what was printed"""
        events = self.run_shell("echo printed; setsid sleep 61.25 & sleep 61.25", timeout=1)
        self.assertEqual([name for name, _ in events], ["start", "stdout", "error"])
        self.assertGreaterEqual(events[2][1]["durationMs"], 1000)

    def test_stream_client_gone(self):
        """current: POST /process/sync-stream: ended when its client is gone"""
        stream = self.stream_shell("while :; do echo x; touch alive; sleep 0.05; done")
        next(stream.events)
        next(stream.events)
        wait_until(lambda: os.path.exists(self.agent.path("alive")))
        stream.close()

        def is_dead():
            before = os.stat(self.agent.path("alive")).st_mtime_ns
            time.sleep(0.3)
            return os.stat(self.agent.path("alive")).st_mtime_ns == before
        wait_until(is_dead)

    def test_stream_of_a_gibibyte(self):
        """current: POST /process/sync-stream: 1 GiB of output, all of it, in flat memory"""
        size = 1 << 30
        body = json.dumps({"command": "sh", "args": ["-c", f"yes 0123456789abcde | head -c {size}"]}).encode()
        before = self.agent.resident_kib()
        peak, received, tail = before, 0, b""
        with self.agent.connect(60) as connection:
            connection.sendall(f"POST {PREFIX}/sync-stream HTTP/1.0\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                               f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
            newlines = 0
            rounds = 0
            while piece := connection.recv(1 << 20):
                newlines += piece.count(b"\\n")
                # An escape that was cut in two
                newlines += tail == b"\\" and piece[:1] == b"n"
                tail = piece[-1:]
                received += len(piece)
                rounds += 1
                if rounds % 64 == 0:
                    peak = max(peak, self.agent.resident_kib())
        self.assertEqual(newlines, size // 16)
        print(f"# {received >> 20} MiB of events, {peak - before} KiB more than before at the peak")
        if not self.agent.is_sanitized():
            self.assertLess(peak - before, 16 * 1024)

    def test_stream_that_is_not_read(self):
        """current: POST /process/sync-stream: a reader that does not read costs no memory and stalls nobody; all comes in the end"""
        lines = 2_000_000
        body = json.dumps({"command": "seq", "args": [str(lines)]}).encode()
        before = self.agent.resident_kib()
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(60)
        connection.connect(("127.0.0.1", self.agent.port))
        with connection:
            connection.sendall(f"POST {PREFIX}/sync-stream HTTP/1.0\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                               f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
            deadline = time.monotonic() + 1.5
            while time.monotonic() < deadline:
                begin = time.monotonic()
                self.assertEqual(self.agent.post(f"{PREFIX}/exec-sync", {"command": "echo heard"}).json()["stdout"], "heard\n")
                self.assertLess(time.monotonic() - begin, 1)
            if not self.agent.is_sanitized():
                self.assertLess(self.agent.resident_kib() - before, 8 * 1024)
            content = bytearray()
            while piece := connection.recv(1 << 20):
                content += piece
        events = [(name, json.loads(data)) for name, data in parse_events(content.partition(b"\r\n\r\n")[2].decode().split("\n"))]
        self.assertEqual("".join(data["output"] for name, data in events if name == "stdout"),
                         "".join(f"{number}\n" for number in range(1, lines + 1)))
        self.assertEqual((events[-1][0], events[-1][1]["exitCode"]), ("complete", 0))
        self.assertNotIn("truncated", events[-1][1])

    def test_stream_keep_alive(self):
        """current: POST /process/sync-stream: a comment now and then while nothing is said"""
        self.assertEqual(next(self.silent.events)[0], "start")
        name, text = next(self.silent.events)
        self.assertEqual((name, text), (None, ""))
        self.assertLess(time.monotonic() - self.silent_since, 40)

    # logs

    def test_follow(self):
        """current: GET /process/{id}/logs?stream=true: history, then what comes, and the end with the process"""
        process = self.start_shell("echo one; sleep 0.4; echo two >&2; sleep 0.2; printf three")
        wait_until(lambda: self.agent.request("GET", f"{PREFIX}/{process}/logs").json()["logs"])
        stream = self.follow(process)
        self.assertEqual(list(stream), [("message", "[stdout] one\n"), ("message", "[stderr] two\n"), ("message", "[stdout] three")])
        answer = self.agent.request("GET", f"{PREFIX}/{process}/status").json()
        self.assertEqual(answer["processStatus"], "completed")
        self.assertEqual(list(self.follow(process, "?stream=true&tail=1")), [("message", "[stdout] three")])

    def test_follow_by_accept(self):
        """current: GET /process/{id}/logs: Accept: text/event-stream asks for events"""
        process = self.start_shell("echo one")
        for accept in ("text/event-stream", "application/json;q=0.5, Text/Event-Stream;q=1"):
            self.assertEqual(list(self.follow(process, "", {"Accept": accept})), [("message", "[stdout] one\n")])
        for accept in ("text/event-streams", "*/*", "application/json"):
            reply = self.agent.request("GET", f"{PREFIX}/{process}/logs", headers={"Accept": accept})
            self.assertEqual(reply.headers["Content-Type"], "application/json")

    def test_follow_kill(self):
        """current: GET /process/{id}/logs?stream=true: ends when the process is killed"""
        process = self.start_shell("echo one; (setsid sleep 60 &); sleep 60")
        stream = self.follow(process)
        self.assertEqual(next(stream.events), ("message", "[stdout] one\n"))
        self.kill(process)
        self.assertEqual(list(stream), [])

    def test_follow_any_text(self):
        """current: GET /process/{id}/logs?stream=true: no line can break out of its event"""
        process = self.start_shell(r"printf 'a\rdata: b\r\n\377\000\342\202x\nevent: error\n: c\n\n'")
        self.assertEqual(list(self.follow(process)), [("message", f"[stdout] {line}") for line in
                                                     ("a\ndata: b\n", "\ufffd\ufffd\ufffdx\n", "event: error\n", ": c\n", "\n")])

    def test_follow_by_two(self):
        """current: GET /process/{id}/logs?stream=true: two readers, of which a slow one holds up nobody"""
        count = 300_000
        os.mkfifo(self.agent.path("fifo"))
        process = self.start_shell(f"read x < fifo; seq {count}")
        slow = socket.socket()
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.settimeout(60)
        slow.connect(("127.0.0.1", self.agent.port))
        with slow:
            slow.sendall(f"GET {PREFIX}/{process}/logs?stream=true HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n".encode())
            self.assertTrue(slow.recv(100).startswith(b"HTTP/1.1 200 "))
            fast = self.follow(process)
            before = self.agent.resident_kib()
            with open(self.agent.path("fifo"), "w") as fifo:
                fifo.write("go\n")
            self.check_numbers(fast, count)
            if not self.agent.is_sanitized():
                self.assertLess(self.agent.resident_kib() - before, 16 * 1024)
            content = bytearray()
            while piece := slow.recv(1 << 20):
                content += piece
        self.check_numbers(parse_events(content.partition(b"\r\n\r\n")[2].decode().split("\n")), count)

    def check_numbers(self, events, count):
        """All lines up to count are there, or told to be missing."""
        expected = 1
        for name, data in events:
            if name:
                self.assertEqual(data, f"[stdout] {expected}\n")
                expected += 1
            elif data:
                self.assertRegex(data, r"^ \d+ lines are missing$")
                expected += int(data.split()[0])
        self.assertEqual(expected, count + 1)

    def test_follow_by_many_that_do_not_read(self):
        """Long logs are not sent in one go: others have their turn in between."""
        process = self.start_shell("yes " + "x" * 100)
        wait_until(lambda: len(self.agent.request("GET", f"/api/v1/process/{process}/logs").json()["logs"]) == 10_000)
        streams = []
        for _ in range(60):
            streams.append(self.agent.connect())
            streams[-1].setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        for stream in streams:
            stream.sendall(f"GET /api/v1/process/{process}/logs?stream=true HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        waits = []
        for _ in range(20):
            began = time.monotonic()
            self.assertEqual(self.agent.request("GET", "/health").status, 200)
            waits.append(time.monotonic() - began)
        print(f"# /health takes {statistics.median(waits) * 1000:.1f} ms among them, {max(waits) * 1000:.1f} ms at most")
        if not self.agent.is_sanitized():
            self.assertLess(statistics.median(waits), 0.15)
        for stream in streams:
            stream.close()
        self.kill(process)

    def test_follow_client_gone(self):
        """current: GET /process/{id}/logs?stream=true: a reader that goes leaves the process alone"""
        process = self.start_shell("for i in $(seq 20); do echo $i; sleep 0.02; done")
        descriptors = self.agent.count_descriptors()
        for _ in range(10):
            stream = self.follow(process)
            next(stream.events)
            stream.close()
        self.assertEqual(len(list(self.follow(process))), 20)
        wait_until(lambda: self.agent.count_descriptors() <= descriptors)


if __name__ == "__main__":
    tap.main()
