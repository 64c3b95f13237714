#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The fetch and WebSocket of Node.js: starts an agent, and hands on what client.mjs reports of it."""
import os
import subprocess
import sys

from agent import Agent
from node import find_node


def main():
    node = find_node()
    if node is None:
        print("1..0 # SKIP npm brings no Node.js: there is no network")
        return 0
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "client.mjs")
    with Agent(environment={"TOKEN": "s3same"}) as agent:
        return subprocess.run([node, script, agent.url, "s3same", agent.workspace], timeout=100).returncode


if __name__ == "__main__":
    sys.exit(main())
