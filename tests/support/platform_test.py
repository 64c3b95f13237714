# SPDX-License-Identifier: LGPL-2.1-or-later
"""What tests of the local platform have in common."""
import subprocess
import time
import unittest

from local_platform import API, Platform


def wait_for(check, timeout=10):
    """The first true value of it; the last one when there was none in time."""
    deadline = time.monotonic() + timeout
    while not (value := check()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return value


def can_sandbox():
    """Whether bubblewrap runs at all, which it does not in every container."""
    try:
        return subprocess.run(["bwrap", "--unshare-user", "--unshare-net", "--ro-bind", "/", "/", "true"], capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


class PlatformTest(unittest.TestCase):
    """One platform for all tests of a class."""

    @classmethod
    def setUpClass(cls):
        cls.platform = Platform()
        cls.addClassCleanup(cls.platform.stop)

    def refuse(self, status, code, method, path, body=None, **options):
        """Every refusal says what, why and when."""
        reply = self.platform.request(method, API + path, body, **options)
        self.assertEqual(reply.status, status, (method, path, reply.body))
        error = reply.json()
        self.assertEqual((error["code"], error["success"], type(error["error"])), (code, False, str))
        self.assertRegex(error["timestamp"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
        return error
