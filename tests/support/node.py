# SPDX-License-Identifier: LGPL-2.1-or-later
"""Node.js with a WebSocket of its own, which Debian's is too old for: npm brings it into $NODE_FOLDER, with whatever packages a test wants."""
import fcntl
import os
import re
import shutil
import subprocess

OLDEST = 22


def version(program):
    found = re.match(r"v(\d+)\.", subprocess.run([program, "--version"], capture_output=True, text=True).stdout)
    return int(found.group(1)) if found else 0


def install(folder, *packages):
    """Whether they are all there: as "name@version" each. One test after the other installs, since npm does not guard its folder."""
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return install_missing(folder, packages)


def install_missing(folder, packages):
    missing = [package for package in packages if not os.path.isdir(os.path.join(folder, "node_modules", package.rpartition("@")[0]))]
    if not missing:
        return True
    # By itself npm goes on for more than a minute where there is no network, once for each test that asks.
    patience = ["--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=2000", "--fetch-timeout=60000"]
    command = ["npm", "install", "--no-audit", "--no-fund", *patience, "--prefix", folder, *missing]
    return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL).returncode == 0


def find_node(*packages):
    """The program; None where it or a package cannot be had, which is so without a network alone."""
    own = shutil.which("node")
    wanted = packages if own and version(own) >= OLDEST else (f"node@{OLDEST}", *packages)
    folder = os.environ["NODE_FOLDER"]
    if not install(folder, *wanted):
        return None
    return own if len(wanted) == len(packages) else os.path.join(folder, "node_modules/node/bin/node")
