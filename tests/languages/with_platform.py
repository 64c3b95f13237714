#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs a program beside a local platform, which it finds by the kubeconfig that the platform leaves: with_platform.py PROGRAM [ARGUMENT …]"""
import subprocess
import sys

from local_platform import Platform

with Platform("--sample-interval", "1") as platform:
    status = subprocess.run(sys.argv[1:], env=platform.variables).returncode
sys.exit(status)
