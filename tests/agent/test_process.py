#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""/process/exec of the classic dialect, against the program."""
import base64
import os
import threading
import time
import unittest

import tap
from agent import Agent
from waiting import find_processes, wait_until


class ExecTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.agent = Agent(environment={"TOKEN_FREE": "kept"})
        cls.addClassCleanup(cls.agent.stop)

    def exec(self, command, *args, **members):
        return self.agent.post("/process/exec", {"command": command, "args": list(args), **members})

    def assert_error(self, reply, status, code):
        self.assertEqual((reply.status, reply.json().get("code")), (status, code), reply.body)

    def test_argv(self):
        """classic: POST /process/exec: argv, which no shell sees"""
        answer = self.exec("printf", "%s|", "a b", "; touch x", "$HOME", "*").json()
        self.assertEqual(answer["stdout"], "a b|; touch x|$HOME|*|")
        self.assertEqual((answer["status"], answer["exitCode"], answer["stderr"]), ("completed", 0, ""))
        self.assertGreater(answer["pid"], 1)
        self.assertGreaterEqual(answer["duration"], 0)
        self.assertNotIn("truncated", answer)
        self.assertFalse(os.path.exists(self.agent.path("x")))

    def test_failure(self):
        answer = self.exec("sh", "-c", "echo out; echo err >&2; exit 7").json()
        self.assertEqual((answer["status"], answer["exitCode"], answer["stdout"], answer["stderr"]), ("failed", 7, "out\n", "err\n"))

    def test_signal(self):
        """classic: POST /process/exec: death by a signal is 128 and its number"""
        self.assertEqual(self.exec("sh", "-c", "kill -9 $$").json()["exitCode"], 137)
        self.assertEqual(self.exec("sh", "-c", "kill -PIPE $$").json()["exitCode"], 141)

    def test_shell(self):
        """classic: POST /process/exec: shell"""
        self.assertEqual(self.exec("echo $((6*7)) $1", "one", shell=True).json()["stdout"], "42 one\n")
        self.assertEqual(self.exec("echo $0", shell="/bin/bash").json()["exitCode"], 0)
        self.assert_error(self.exec("true", shell="/nowhere/sh"), 400, "VALIDATION_ERROR")

    def test_cwd(self):
        """classic: POST /process/exec: cwd"""
        os.makedirs(self.agent.path("sub/dir"), exist_ok=True)
        workspace = os.path.realpath(self.agent.workspace)
        self.assertEqual(self.exec("pwd").json()["stdout"].strip(), workspace)
        self.assertEqual(self.exec("pwd", cwd="sub/dir").json()["stdout"].strip(), workspace + "/sub/dir")
        self.assertEqual(self.exec("pwd", cwd="/").json()["stdout"].strip(), "/")
        self.assert_error(self.exec("pwd", cwd="../"), 403, "PATH_TRAVERSAL_DETECTED")
        self.assert_error(self.exec("pwd", cwd="missing"), 400, "VALIDATION_ERROR")

    def test_environment(self):
        answer = self.exec("env", env={"GREETING": "a=b c", "EMPTY": ""}).json()
        lines = answer["stdout"].splitlines()
        self.assertIn("GREETING=a=b c", lines)
        self.assertIn("EMPTY=", lines)
        self.assertIn("TOKEN_FREE=kept", lines)
        self.assertFalse([line for line in lines if line.startswith(("DEVBOX_JWT_SECRET=", "TOKEN=", "DEVBOX_LAUNCHER="))])
        for env in ({"A B": "x"}, {"1A": "x"}, {"A": 1}, {"A": "x\0y"}, {"A": "x" * 140_000}, []):
            self.assert_error(self.exec("true", env=env), 400, "VALIDATION_ERROR")

    def test_secrets_stay_out(self):
        with Agent(environment={"TOKEN": "sesame-of-the-agent", "DEVBOX_JWT_SECRET": "other-secret"}) as agent:
            reply = agent.post("/process/exec", {"command": "env"}, headers={"Authorization": "Bearer sesame-of-the-agent"})
            self.assertEqual(reply.status, 200)
            self.assertNotIn("sesame", reply.json()["stdout"])
            self.assertNotIn("other-secret", reply.json()["stdout"])

    def test_secrets_cannot_be_read_from_the_agent(self):
        with Agent("--token=sesame-as-an-option", environment={"DEVBOX_JWT_SECRET": "other-secret"}) as agent:
            def read(name):
                body = {"command": "cat", "args": [f"/proc/{agent.process.pid}/{name}"]}
                answer = agent.post("/process/exec", body, headers={"Authorization": "Bearer sesame-as-an-option"}).json()
                self.assertEqual(answer["exitCode"], 0, answer)
                return answer["stdout"]
            self.assertNotIn("sesame", read("cmdline"))
            self.assertNotIn("other-secret", read("environ"))
            self.assertIn("XDG_STATE_HOME", read("environ"))

    def test_cannot_start(self):
        """classic: POST /process/exec: 400 with the reason when it cannot start"""
        reply = self.exec("no-such-program-here")
        self.assert_error(reply, 400, "VALIDATION_ERROR")
        self.assertIn("no-such-program-here", reply.json()["error"])
        self.agent.write("not-executable", b"#!/bin/sh\n")
        self.assert_error(self.exec("./not-executable"), 400, "VALIDATION_ERROR")

    def test_bad_members(self):
        for members in ({}, {"command": ""}, {"command": 1}, {"command": "true", "args": "x"}, {"command": "true", "args": [1]},
                        {"command": "true", "timeout": -1}, {"command": "true", "timeout": "1"}, {"command": "true", "cwd": 4},
                        {"command": "true", "shell": 4}):
            with self.subTest(members=members):
                self.assert_error(self.agent.post("/process/exec", members), 400, "VALIDATION_ERROR")

    def test_timeout(self):
        """classic: POST /process/exec: 408 at the time-out, with what was printed"""
        began = time.monotonic()
        reply = self.exec("sh", "-c", "echo before; (setsid sleep 777.5 &) ; trap '' TERM; sleep 777.5", timeout=400)
        self.assertLess(time.monotonic() - began, 3)
        self.assertGreaterEqual(time.monotonic() - began, 0.4)
        self.assert_error(reply, 408, "OPERATION_TIMEOUT")
        answer = reply.json()
        self.assertEqual((answer["stdout"], answer["stderr"]), ("before\n", ""))
        self.assertGreater(answer["pid"], 1)
        time.sleep(0.3)
        self.assertFalse(find_processes("sleep", "777.5"))

    def test_client_that_leaves_ends_its_command(self):
        body = b'{"command":"sleep","args":["778.5"],"timeout":60000}'
        connection = self.agent.connect()
        connection.sendall(b"POST /process/exec HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        wait_until(lambda: find_processes("sleep", "778.5"))
        connection.close()
        wait_until(lambda: not find_processes("sleep", "778.5"))

    def test_background_child_does_not_delay_the_reply(self):
        began = time.monotonic()
        answer = self.exec("sleep 779.5 & echo started", shell=True).json()
        self.assertEqual(answer["stdout"], "started\n")
        self.assertLess(time.monotonic() - began, 2)
        self.assertTrue(find_processes("sleep", "779.5"))

    def test_output_that_is_not_utf8(self):
        answer = self.exec("printf", r"a\377\376b").json()
        self.assertEqual(answer["stdout"], "a\ufffd\ufffdb")
        self.assertEqual(base64.b64decode(answer["stdoutBase64"]), b"a\xff\xfeb")
        self.assertNotIn("stderrBase64", answer)

    def test_output_with_nul(self):
        answer = self.exec("printf", r"a\000b").json()
        self.assertEqual((answer["stdout"], base64.b64decode(answer["stdoutBase64"])), ("a\ufffdb", b"a\0b"))

    def test_both_streams_drained_together(self):
        answer = self.exec("sh", "-c", "head -c 3000000 /dev/zero | tr '\\0' o; head -c 3000000 /dev/zero | tr '\\0' e >&2").json()
        self.assertEqual((len(answer["stdout"]), len(answer["stderr"])), (3_000_000, 3_000_000))

    def test_output_is_bounded_and_marked(self):
        """classic: POST /process/exec: truncated output is marked"""
        answer = self.exec("sh", "-c", "yes | head -c 30000000; echo end >&2").json()
        self.assertEqual(len(answer["stdout"]), 10 << 20)
        self.assertIs(answer["truncated"], True)
        self.assertEqual((answer["stderr"], answer["exitCode"]), ("end\n", 0))

    def test_the_bound_is_an_option(self):
        """classic: POST /process/exec: --output-limit, which holds in the current dialect as well"""
        for option, kept, is_cut in (("1000", 1000, True), ("0", 12_000_000, False)):
            with self.subTest(option=option), Agent("--output-limit", option) as agent:
                command = {"command": "yes | head -c 12000000", "shell": True}
                session = agent.post("/api/v1/sessions/create", {}).json()["sessionId"]
                for route, body in (("/process/exec", command), ("/api/v1/process/exec-sync", command), (f"/api/v1/sessions/{session}/exec", {"command": command["command"]})):
                    answer = agent.post(route, body).json()
                    self.assertEqual((len(answer["stdout"]), answer.get("truncated", False)), (kept, is_cut), route)

    def test_many_at_once(self):
        answers = []
        threads = [threading.Thread(target=lambda: answers.append(self.exec("sh", "-c", "sleep 0.1; echo $$").json())) for _ in range(40)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len({answer["stdout"] for answer in answers}), 40)

    def test_descriptors(self):
        self.assertEqual(self.exec("sh", "-c", "ls /proc/self/fd | wc -l").json()["stdout"].strip(), "4")
        self.assertEqual(self.exec("readlink", "/proc/self/fd/0").json()["stdout"].strip(), "/dev/null")


if __name__ == "__main__":
    tap.main()
