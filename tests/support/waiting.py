# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a test waits for."""
import os
import time


def wait_until(condition, timeout=20):
    """Looks until there is something, and gives it."""
    deadline = time.monotonic() + timeout
    while not (result := condition()):
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.01)
    return result


def command_line(pid):
    """The words of one process; none of a zombie, of one that is gone, and in the instant in which it becomes another program."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return file.read().split(b"\0")[:-1]
    except OSError:
        return []


def find_processes(*words):
    """Those whose command line has these words in a row."""
    searched = b"\0".join([b"", *(word.encode() for word in words), b""])
    return [int(pid) for pid in filter(str.isdigit, os.listdir("/proc")) if searched in b"\0".join([b"", *command_line(pid), b""])]
