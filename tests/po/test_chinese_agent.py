# SPDX-License-Identifier: LGPL-2.1-or-later
"""The agent in Chinese: its screen, its help, its errors, and what it answers. Run with LANGUAGE=zh_CN."""
import http.client
import json
import os
import re
import signal
import subprocess
import tempfile
import unittest

import tap
from agent import PROGRAM


def run(*arguments, **variables):
    return subprocess.run([PROGRAM, *arguments], env={**os.environ, **variables}, capture_output=True, text=True, timeout=20)


class ChineseAgent(unittest.TestCase):
    def test_help(self):
        result = run("--help")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("作为工作区提供服务的文件夹（WORKSPACE_PATH；默认 /workspace）", result.stdout)
        self.assertIn("--workspace-path=文件夹", result.stdout)

    def test_error_of_the_program(self):
        result = run("--port", "many")
        self.assertEqual(result.returncode, 2)
        self.assertEqual(result.stderr, "devbox-server: --port 的值为“many”，但必须是 0 到 65535 之间的数字\n")

    def test_error_of_the_library(self):
        result = run("--host", "127.0.0.1", "--port", "0", "--workspace-path", "/nonexistent")
        self.assertEqual(result.returncode, 1)
        self.assertTrue(result.stderr.startswith("devbox-server: 无法使用工作区“/nonexistent”："), result.stderr)

    def test_english_without_language(self):
        result = run("--port", "many", LANGUAGE="")
        self.assertEqual(result.stderr, "devbox-server: --port is “many”, but must be a number from 0 to 65535\n")

    def test_reply(self):
        with tempfile.TemporaryDirectory() as workspace:
            agent = subprocess.Popen([PROGRAM, "--host", "127.0.0.1", "--port", "0", "--workspace-path", workspace],
                                     stdout=subprocess.PIPE, text=True)
            self.assertEqual(agent.stdout.readline(), f"工作区：    {workspace}\n")
            listening = agent.stdout.readline()
            self.assertTrue(listening.startswith("监听地址：  http://"), listening)
            port = int(re.search(r":(\d+)$", listening.strip()).group(1))
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
            connection.request("POST", "/files/read", json.dumps({"path": "missing"}), {"Content-Type": "application/json"})
            response = connection.getresponse()
            reply = json.loads(response.read())
            connection.close()
            agent.send_signal(signal.SIGTERM)
            agent.communicate(timeout=20)

        # The code is for programs and stays; the message is for people.
        self.assertEqual((response.status, reply["code"]), (404, "FILE_NOT_FOUND"))
        self.assertTrue(reply["error"].startswith("无法打开“missing”："), reply)


if __name__ == "__main__":
    tap.main()
