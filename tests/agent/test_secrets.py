#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Tokens, and what clients send, show up in no log, no refusal and no command line, whatever is asked for."""
import os
import unittest

import request_mix
import tap
from agent import Agent

SOURCES = os.environ["SOURCES"]
N_REQUESTS = 300


def command_lines(pid):
    """Of the agent and all its descendants that are not commands."""
    lines = b""
    pids = [str(pid)]
    while pids:
        pid = pids.pop()
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                lines += file.read() + b"\n"
            for thread in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{thread}/children") as file:
                    pids += file.read().split()
        except (FileNotFoundError, ProcessLookupError):
            pass
    return lines


class SecretsTest(unittest.TestCase):
    def test_marked_secrets(self):
        """One secret as the token, another one in everything that clients send: environments, contents, cookies, queries."""
        token, sent = "token-" + os.urandom(16).hex(), "sent-" + os.urandom(16).hex()
        agent = Agent("--access-log", environment={"TOKEN": token, "G_MESSAGES_DEBUG": "all"})
        try:
            mix = request_mix.Mix(agent, request_mix.choose_seed(), SOURCES, secret=sent, headers={"Authorization": f"Bearer {token}"})
            mix.run(N_REQUESTS)
            lines = command_lines(agent.process.pid)
            refused = agent.request("GET", "/files/read", headers={"Authorization": f"Bearer wrong-{sent}"})
        finally:
            agent.process.terminate()
            agent.process.wait(60)
            screen, errors = agent.read_screen(), agent.read_errors()
            agent.stop()
        # What would show them is there.
        self.assertGreater(screen.count(" POST "), N_REQUESTS // 4)
        self.assertIn(b"devbox-server", lines)
        self.assertGreater(len(mix.errors), 10)
        for secret in (token, sent):
            self.assertNotIn(secret, screen)
            self.assertNotIn(secret, errors)
            self.assertNotIn(secret.encode(), lines)
        self.assertNotIn(token.encode(), b"".join(mix.errors))
        self.assertEqual(refused.status, 401)
        self.assertNotIn(sent.encode(), refused.body)

    def test_the_token_of_an_option(self):
        token = "token-" + os.urandom(16).hex()
        with Agent(f"--token={token}", "--access-log") as agent:
            self.assertEqual(agent.post("/process/exec", {"command": "true"}, headers={"Authorization": f"Bearer {token}"}).status, 200)
            self.assertNotIn(token.encode(), command_lines(agent.process.pid))

    def test_a_secret_in_a_log_is_seen(self):
        """stop () of every test's agent tells."""
        agent = Agent("--access-log", environment={"TOKEN": "seen-in-a-path"})
        agent.request("GET", "/seen-in-a-path")
        with self.assertRaisesRegex(AssertionError, "a secret is in the log"):
            agent.stop()


if __name__ == "__main__":
    tap.main()
