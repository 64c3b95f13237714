#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The client finds the local platform by its kubeconfig, and tells it who calls in either form, also over TLS."""
import os
import subprocess
import sys
import tempfile
import unittest
import urllib.parse

import tap
from local_platform import API, Platform, make_certificate

# Where the default places are, the library asks once in a process.
CLIENT = """
import sys
import gi
gi.require_version("Devbox", "1")
from gi.repository import Devbox
client = Devbox.Client.new()
for form in (Devbox.AuthorizationForm.PLAIN, Devbox.AuthorizationForm.BEARER):
    client.set_authorization_form(form)
    assert client.test_auth_sync()
    assert len(client.list_instances_sync()) == 0
kubeconfig = Devbox.Kubeconfig.load_default_sync()
print(kubeconfig.props.base_url)
sys.stdout.flush()
sys.stdout.buffer.write(kubeconfig.to_bytes())
"""


class ClientKubeconfigTest(unittest.TestCase):
    def ask(self, platform):
        """What a program of the same user finds: the base URL and what the platform is told."""
        environment = {**os.environ, "XDG_CONFIG_HOME": platform.config, "HOME": platform.folder}
        environment.pop("KUBECONFIG", None)
        done = subprocess.run([sys.executable, "-c", CLIENT], env=environment, capture_output=True, timeout=60)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        base_url, _, told = done.stdout.partition(b"\n")
        self.assertEqual(base_url.decode(), platform.url)
        return told.decode()

    def test_both_forms(self):
        platform = Platform()
        self.addCleanup(platform.end)
        told = self.ask(platform)
        self.assertIn(f'token: "{platform.user.token}"', told)
        # By other means than the library's.
        for prefix in ("", "Bearer "):
            headers = {"Authorization": prefix + urllib.parse.quote(told, safe="")}
            self.assertEqual(platform.request("GET", API, user=False, headers=headers).status, 200)
        wrong = urllib.parse.quote(told.replace(platform.user.token, "x" * 40), safe="")
        self.assertEqual(platform.request("GET", API, user=False, headers={"Authorization": wrong}).status, 401)

    def test_tls(self):
        with tempfile.TemporaryDirectory() as folder:
            certificate, key = make_certificate(folder)
            # The leak sanitizer of gcc 12 crashes in threads that ran GnuTLS.
            platform = Platform("--tls-certificate", certificate, "--tls-key", key, environment={"ASAN_OPTIONS": "detect_leaks=0"})
            self.addCleanup(platform.stop)
            self.assertTrue(platform.url.startswith("https://"))
            self.assertIn("certificate-authority-data", self.ask(platform))


if __name__ == "__main__":
    tap.main()
