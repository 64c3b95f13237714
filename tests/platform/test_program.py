#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The program devbox-platform at the command line: its options, HTTPS, users."""
import http.client
import os
import ssl
import subprocess
import tempfile
import unittest

import tap
from local_platform import API, PROGRAM, Platform, make_certificate
from platform_test import wait_for


class OptionsTest(unittest.TestCase):
    def run_program(self, *arguments):
        with tempfile.TemporaryDirectory(prefix="devbox-test-") as folder:
            variables = {**os.environ, "XDG_DATA_HOME": folder, "XDG_CONFIG_HOME": folder, "LC_ALL": "C.UTF-8", "LANGUAGE": ""}
            done = subprocess.run([PROGRAM, *arguments], env=variables, capture_output=True, text=True, timeout=30)
            self.assertEqual([name for name in os.listdir(folder) if done.returncode == 2], [])
            return done

    def test_bad_ones(self):
        for arguments, said in ((["--port", "70000"], "--port"), (["--port", "x"], "--port"), (["--sandbox", "jail"], "--sandbox"), (["--nonsense"], "nonsense"),
                                (["--sample-interval", "0"], "--sample-interval"), (["--tls-key", "/nowhere"], "--tls-certificate"),
                                (["--tls-certificate", "/nowhere"], "/nowhere"), (["users"], "users list"), (["users", "add"], "users add NAME"), (["nonsense"], "users list"),
                                (["users", "list", "more"], "users list")):
            with self.subTest(arguments=arguments):
                done = self.run_program(*arguments)
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertIn(said, done.stderr)
                self.assertEqual(done.stderr.count("devbox-platform: "), 1, done.stderr)

    def test_version_and_help(self):
        self.assertRegex(self.run_program("--version").stdout, r"^devbox-platform \d+\.\d+\.\d+\n$")
        self.assertIn("--tls-certificate", self.run_program("--help").stdout)

    def test_beyond_loopback(self):
        """Tokens do not cross a network in plain text by mistake."""
        done = self.run_program("--host", "0.0.0.0", "--port", "0")
        self.assertEqual(done.returncode, 1)
        self.assertIn("TLS", done.stderr)

    def test_users_of_no_platform(self):
        done = self.run_program("users", "list")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("kubeconfig", done.stderr)


class ProgramTest(unittest.TestCase):
    def test_https(self):
        with tempfile.TemporaryDirectory(prefix="devbox-test-") as folder:
            certificate, key = make_certificate(folder)
            # The leak sanitizer of gcc 12 crashes in threads that ran GnuTLS.
            with Platform("--tls-certificate", certificate, "--tls-key", key, environment={"ASAN_OPTIONS": "detect_leaks=0"}) as platform:
                self.assertTrue(platform.url.startswith("https://127.0.0.1:"))
                self.assertIn("certificate-authority-data", platform.user.kubeconfig)
                connection = http.client.HTTPSConnection("127.0.0.1", platform.port, timeout=20, context=ssl.create_default_context(cafile=certificate))
                connection.request("GET", API, headers=platform.user.headers())
                self.assertEqual(connection.getresponse().status, 200)
                connection.close()
                self.assertIn(platform.request("GET", API).status, (400,), "plain HTTP")
                self.assertIn("ns-alice", platform.run_users("add", "alice"))
                self.assertEqual(platform.run_users("list"), "admin\nalice\n")

    def test_plain_text_when_asked_for(self):
        with Platform("--host", "0.0.0.0", "--allow-plaintext") as platform:
            self.assertEqual(platform.list(), [])

    def test_users(self):
        with Platform() as platform:
            alice = platform.add_user("alice")
            self.assertEqual(platform.list(user=alice), [])
            done = platform.run_command("users", "add", "alice")
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertIn("alice", done.stderr)
            platform.rotate_user("alice")
            self.assertEqual(platform.request("GET", API, user=alice).status, 401)
            self.assertEqual(platform.request("GET", "/api/v1/users", user=platform.others["alice"]).status, 403)
            platform.remove_user("alice")
            self.assertEqual(platform.run_users("list"), "admin\n")

    def test_access_log(self):
        with Platform("--access-log") as platform:
            platform.list()
            self.assertTrue(wait_for(lambda: API in platform.read_screen() + platform.read_errors()))


if __name__ == "__main__":
    tap.main()
