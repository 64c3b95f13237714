#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The npm client of today's Sealos devboxes: starts an agent, and hands on what npm_client.mjs reports of it."""
import os
import subprocess
import sys

from agent import Agent
from node import find_node

# What its execSyncStream () sends, whatever the token of the devbox is.
TOKEN = "1234"


def main():
    node = find_node("@labring/devbox-sdk@1.1.2")
    if node is None:
        print("1..0 # SKIP npm brings no client: there is no network")
        return 0
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "npm_client.mjs")
    author = {f"GIT_{role}_{part}": value for role in ("AUTHOR", "COMMITTER") for part, value in (("NAME", "Test"), ("EMAIL", "test@example.org"))}
    # Programs that the client runs in the devbox: git without the settings of this machine, and node.
    box = {**author, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null", "PATH": f"{os.path.dirname(node)}:{os.environ['PATH']}"}
    with Agent(environment={"TOKEN": TOKEN, **box}) as agent:
        agent.secrets.remove(TOKEN)  # the number of a port can have it
        return subprocess.run([node, script, agent.url, TOKEN, agent.workspace], timeout=100).returncode


if __name__ == "__main__":
    sys.exit(main())
