#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs a program beside an agent, whose address and token are its last arguments: with_agent.py PROGRAM [ARGUMENT …]"""
import subprocess
import sys

from agent import Agent

with Agent() as agent:
    agent.write("file", b"contents")
    status = subprocess.run([*sys.argv[1:], agent.url, agent.token]).returncode
sys.exit(status)
