#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""GET /process/status of the classic dialect, against the program."""
import base64
import os
import signal
import threading
import time
import unittest

import tap
from agent import Agent
from waiting import wait_until


class StatusTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.agent = Agent()
        cls.addClassCleanup(cls.agent.stop)

    def exec(self, script, **members):
        return self.agent.post("/process/exec", {"command": script, "shell": True, **members})

    def start(self, script):
        """A command that goes on; its pid, and where its reply will be."""
        name = f"pid-{time.monotonic_ns()}"
        replies = []
        thread = threading.Thread(target=lambda: replies.append(self.exec(f"echo $$ > {name}.new; mv {name}.new {name}; {script}")))
        thread.start()

        def finish():
            thread.join()
            return replies[0]

        self.addCleanup(finish)
        wait_until(lambda: os.path.exists(self.agent.path(name)))
        return int(self.agent.read(name)), finish

    def status(self, pid):
        reply = self.agent.request("GET", f"/process/status/{pid}")
        self.assertEqual(reply.status, 200, reply.body)
        self.assertEqual(reply.headers["Content-Type"], "application/json")
        return reply.json()

    def end(self, pid, signum=signal.SIGTERM):
        os.kill(pid, signum)

    def assert_error(self, path, status, code):
        reply = self.agent.request("GET", path)
        self.assertEqual((reply.status, reply.json()["code"], reply.json()["success"]), (status, code, False), path)

    def test_running(self):
        """classic: GET /process/status: a running command, with what it printed so far"""
        pid, finish = self.start("echo out; echo err >&2; sleep 60 & wait")
        wait_until(lambda: self.status(pid)["stderr"] == "err\n")
        began = time.monotonic()
        status = self.status(pid)
        self.assertLess(time.monotonic() - began, 1)
        self.assertEqual((status["pid"], status["status"], status["stdout"]), (pid, "running", "out\n"))
        self.assertNotIn("exitCode", status)
        self.assertNotIn("truncated", status)
        self.assertAlmostEqual(status["startTime"] / 1000, time.time(), delta=10)
        self.assertIsInstance(status["startTime"], int)
        self.assertGreaterEqual(status["cpu"], 0)
        self.assertGreater(status["memory"], 10_000)
        time.sleep(0.05)
        self.assertGreaterEqual(self.status(pid)["runningTime"], status["runningTime"] + 50)
        self.end(pid)
        self.assertEqual(finish().json()["exitCode"], 143)

    def test_cpu(self):
        pid, finish = self.start("while :; do :; done")
        wait_until(lambda: self.status(pid)["cpu"] > 10)
        self.assertLess(self.status(pid)["cpu"], 150)
        self.end(pid, signal.SIGKILL)
        finish()

    def test_ended(self):
        """classic: GET /process/status: completed and failed, by path and by query"""
        for code, word in ((0, "completed"), (7, "failed")):
            answer = self.exec(f"echo out; echo err >&2; exit {code}").json()
            status = self.status(answer["pid"])
            expected = {"pid": answer["pid"], "status": word, "exitCode": code, "stdout": "out\n", "stderr": "err\n"}
            self.assertEqual({name: status[name] for name in expected}, expected)
            self.assertEqual(status["runningTime"], answer["duration"])
            self.assertNotIn("cpu", status)
            by_query = self.agent.request("GET", f"/process/status?pid={answer['pid']}").json()
            self.assertEqual(by_query, status)

    def test_signal_and_time_out(self):
        pid = self.exec("kill -9 $$").json()["pid"]
        self.assertEqual((self.status(pid)["status"], self.status(pid)["exitCode"]), ("failed", 137))
        reply = self.exec("echo before; sleep 60", timeout=200)
        self.assertEqual(reply.status, 408)
        status = self.status(reply.json()["pid"])
        self.assertEqual((status["status"], status["exitCode"], status["stdout"]), ("failed", 137, "before\n"))

    def test_unknown_end(self):
        """classic: GET /process/status: unknown when the launcher was lost under the command"""
        with Agent() as agent:
            self.agent, before = agent, self.agent
            try:
                pid, finish = self.start("echo out; sleep 60")
                wait_until(lambda: self.status(pid)["stdout"] == "out\n")
                with open(f"/proc/{pid}/stat") as file:
                    os.kill(int(file.read().rpartition(")")[2].split()[1]), signal.SIGKILL)
                self.assertEqual(finish().status, 500)
                status = self.status(pid)
                self.assertEqual((status["status"], status["stdout"]), ("unknown", "out\n"))
                self.assertNotIn("exitCode", status)
            finally:
                self.agent = before

    def test_not_found(self):
        """classic: GET /process/status: 404 PROCESS_NOT_FOUND"""
        for pid in (1, self.agent.process.pid, 2**31 - 1):
            self.assert_error(f"/process/status/{pid}", 404, "PROCESS_NOT_FOUND")
            self.assert_error(f"/process/status?pid={pid}", 404, "PROCESS_NOT_FOUND")

    def test_bad_pid(self):
        """classic: GET /process/status: 400 for what is no pid"""
        for word in ("0", "-1", "abc", "12x", "+5", "%20", "1.5", "2147483648", "99999999999999999999"):
            self.assert_error(f"/process/status/{word}", 400, "VALIDATION_ERROR")
            self.assert_error(f"/process/status?pid={word}", 400, "VALIDATION_ERROR")
        for path in ("/process/status", "/process/status?pid=", "/process/status?pid", "/process/status?PID=1", "/process/status?pid=%zz"):
            self.assert_error(path, 400, "VALIDATION_ERROR")
        self.assertEqual(self.agent.post("/process/status/1", {}).status, 405)

    def test_bytes(self):
        pid = self.exec(r"printf 'a\377b'").json()["pid"]
        status = self.status(pid)
        self.assertEqual((status["stdout"], base64.b64decode(status["stdoutBase64"])), ("a\ufffdb", b"a\xffb"))

    def test_much_output(self):
        """More than is kept in memory, from the file and piece by piece, while other requests are answered."""
        answer = self.exec("head -c 3000000 /dev/urandom; seq 1 200000 >&2").json()
        status = self.status(answer["pid"])
        for name in ("stdout", "stdoutBase64", "stderr"):
            self.assertEqual(status[name], answer[name], name)
        self.assertEqual(len(base64.b64decode(status["stdoutBase64"])), 3_000_000)
        self.assertNotIn("truncated", status)
        truncated = self.exec("yes | head -c 11000000").json()
        self.assertIs(self.status(truncated["pid"])["truncated"], True)
        self.assertEqual(len(self.status(truncated["pid"])["stdout"]), 10 << 20)

    def test_output_that_goes_on(self):
        """What had come when it was asked for, as whole JSON, while more comes."""
        pid, finish = self.start("while :; do seq 1 2000; done")
        lengths = []
        for _ in range(20):
            lengths.append(len(self.status(pid)["stdout"]))
            time.sleep(0.01)
        self.assertEqual(lengths, sorted(lengths))
        self.assertGreater(lengths[-1], lengths[0])
        self.end(pid, signal.SIGKILL)
        finish()

    def test_head(self):
        pid = self.exec("echo out").json()["pid"]
        reply = self.agent.request("HEAD", f"/process/status/{pid}")
        self.assertEqual((reply.status, reply.body), (200, b""))


class RetentionTest(unittest.TestCase):
    def test_option(self):
        with Agent("--process-retention", "1") as agent:
            pid = agent.post("/process/exec", {"command": "true"}).json()["pid"]
            self.assertEqual(agent.request("GET", f"/process/status/{pid}").status, 200)
            time.sleep(1.2)
            self.assertEqual(agent.request("GET", f"/process/status/{pid}").status, 404)

    def test_memory(self):
        """Many that have ended, and a flood: what the agent takes stays small, and what is dropped is told."""
        with Agent("--process-retention", "600") as agent:
            def assert_small():
                if not agent.is_sanitized():
                    self.assertLess(agent.resident_kib(), before + 20 * 1024)

            def run(script):
                return agent.post("/process/exec", {"command": script, "shell": True}, timeout=60)

            run("true")
            before = agent.resident_kib()
            pids = [run("seq 1 3000").json()["pid"] for _ in range(100)]
            assert_small()
            flood = run("yes | head -c 200000000")
            self.assertIs(flood.json()["truncated"], True)
            assert_small()
            first = agent.request("GET", f"/process/status/{pids[0]}").json()
            self.assertEqual(first["stdout"], "".join(f"{i}\n" for i in range(1, 3001)))


if __name__ == "__main__":
    tap.main()
