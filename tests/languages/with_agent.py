#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs a program beside an agent, whose address is in AGENT_URL: with_agent.py PROGRAM [ARGUMENT …]"""
import os
import subprocess
import sys

from agent import Agent

with Agent() as agent:
    status = subprocess.run(sys.argv[1:], env={**os.environ, "AGENT_URL": agent.url}).returncode
sys.exit(status)
