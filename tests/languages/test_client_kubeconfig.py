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

USERS = """
import gi
gi.require_version("Devbox", "1")
from gi.repository import Devbox
kubeconfig = Devbox.Kubeconfig.load_default_sync()
print(kubeconfig.props.context)
print(sorted(kubeconfig.props.contexts))
Devbox.Client.new_with_kubeconfig(kubeconfig).create_instance_sync(Devbox.InstanceSpec(name="of-alice", runtime="bash", cpu=1000, memory=1024))
for context in sorted(kubeconfig.props.contexts):
    user = kubeconfig.with_context(context)
    with Devbox.Client.new_with_kubeconfig(user) as client:
        print(user.props.namespace, [each.props.name for each in client.list_instances_sync()], client.test_auth_sync())
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

    def test_users_side_by_side(self):
        """KUBECONFIG with a file of each: the first is used, and the others are there by the names of their contexts."""
        platform = Platform()
        self.addCleanup(platform.end)
        paths = [os.path.join(platform.folder, name) for name in ("alice", "bob")]
        for path in paths:
            with open(path, "w") as file:
                file.write(platform.run_users("add", os.path.basename(path)))
        environment = {**os.environ, "KUBECONFIG": ":".join([*paths, platform.kubeconfig])}
        done = subprocess.run([sys.executable, "-c", USERS], env=environment, capture_output=True, text=True, timeout=60)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(done.stdout, "alice@devbox-platform\n['admin@devbox-platform', 'alice@devbox-platform', 'bob@devbox-platform']\nns-admin [] True\nns-alice ['of-alice'] True\nns-bob [] True\n")

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
