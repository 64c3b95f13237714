#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What goes wrong around the platform: a database that cannot be written for a while, what somebody does in the data folder, a full disk."""
import concurrent.futures
import os
import sqlite3
import time
import unittest

import tap
from local_platform import Platform


class RefusedTest(unittest.TestCase):
    """Somebody else has the database for longer than the platform waits for it."""

    def setUp(self):
        self.platform = Platform()
        self.addCleanup(self.platform.stop)
        self.source = self.platform.create_ready("source")
        self.other = sqlite3.connect(self.platform.path("state.sqlite"), isolation_level=None, timeout=10)
        self.addCleanup(self.other.close)

    def hold(self):
        self.other.execute("BEGIN IMMEDIATE")

    def let_go(self):
        self.other.execute("ROLLBACK")

    def wait_for_reason(self, name, words):
        deadline = time.monotonic() + 20
        while words not in (detail := self.platform.get(name)).get("reason", ""):
            self.assertNotEqual(detail["status"], "Running", "nobody may be told so before it is written down")
            self.assertLess(time.monotonic(), deadline, detail)
            time.sleep(0.05)

    def test_a_folder_that_is_made_is_not_made_again(self):
        self.source.output("for i in $(seq 3000); do echo $i > f$i; done")
        self.platform.call("POST", "/source/release", {"tag": "large"}, (200, 201))
        while self.platform.find_release("source", "large") == "Building":
            time.sleep(0.01)

        self.platform.create("made", release={"name": "source", "tag": "large"})
        self.hold()
        self.wait_for_reason("made", "Another program")
        self.let_go()
        self.platform.act("made", "start")
        agent = self.platform.wait_ready("made")
        agent.write("precious", "text")
        self.platform.act("made", "shutdown")
        self.platform.act("made", "start")
        self.assertEqual(self.platform.agent("made").read("precious"), b"text")

        self.platform.kill()
        self.platform.start()
        self.assertEqual(self.platform.wait_ready("made").read("precious"), b"text")

    def test_what_is_refused_is_not_done(self):
        requests = [("PUT", "/source/ports", {"ports": [{"number": 8080}]}), ("POST", "/source/shutdown", None), ("POST", "", {"name": "new", "runtime": "bash"})]
        self.hold()
        with concurrent.futures.ThreadPoolExecutor(len(requests)) as pool:
            codes = set(pool.map(lambda request: self.platform.call(*request, status=503)["code"], requests))
        self.let_go()
        self.assertEqual(codes, {"SERVER_UNAVAILABLE"})
        detail = self.platform.get("source")
        self.assertEqual(detail["status"], "Running")
        self.assertEqual([port["number"] for port in detail["ports"]], [3000])
        self.assertEqual(self.platform.agent("source").health().status, 200)
        self.assertEqual([box["name"] for box in self.platform.list()], ["source"])


class FolderTest(unittest.TestCase):
    """Somebody was in the data folder while the platform was not running."""

    def setUp(self):
        self.platform = Platform()
        self.addCleanup(self.platform.stop)
        self.platform.create_ready("box").write("precious", "text")
        self.platform.ask_to_end()
        self.platform.reap()

    def start_in_vain(self):
        done = self.platform.run_command("--port", "0")
        self.assertNotEqual(done.returncode, 0)
        return done.stderr

    def check_and_end(self):
        self.platform.start()
        self.assertEqual(self.platform.wait_ready("box").read("precious"), b"text")

    def test_a_store_that_was_lost_costs_no_folder(self):
        """Neither at the first start after it nor at the next one."""
        for name in ("state.sqlite", "state.sqlite-wal", "state.sqlite-shm"):
            if os.path.exists(self.platform.path(name)):
                os.rename(self.platform.path(name), os.path.join(self.platform.folder, name))
        for _ in range(2):
            self.assertIn("put a good copy", self.start_in_vain())
        for name in os.listdir(self.platform.data):
            if name.startswith("state.sqlite"):
                os.unlink(self.platform.path(name))
        for name in os.listdir(self.platform.folder):
            if name.startswith("state.sqlite"):
                os.rename(os.path.join(self.platform.folder, name), self.platform.path(name))
        self.check_and_end()

    def test_a_folder_that_is_open_to_others_is_closed(self):
        os.chmod(self.platform.data, 0o777)
        self.check_and_end()
        self.assertEqual(os.stat(self.platform.data).st_mode & 0o777, 0o700)

    def test_a_folder_of_somebody_else_is_refused(self):
        aside = self.platform.data + "-aside"
        os.rename(self.platform.data, aside)
        if os.getuid() == 0:
            os.mkdir(self.platform.data)
            os.chown(self.platform.data, 65534, 65534)
        else:
            os.symlink("/usr", self.platform.data)
        self.assertIn("belongs to somebody else", self.start_in_vain())
        os.rename(self.platform.data, self.platform.data + "-of-somebody-else")
        os.rename(aside, self.platform.data)
        self.check_and_end()


class SmallPlatform(Platform):
    """Its data folder is a disk of 3 MiB, which nobody else sees."""

    def launch(self, *command):
        os.makedirs(self.data, exist_ok=True)
        unshare = ["unshare", "--mount"] if os.getuid() == 0 else ["unshare", "--user", "--map-root-user", "--mount"]
        super().launch(*unshare, "sh", "-c", 'mount -t tmpfs -o size=3m none "$0" && exec "$@"', self.data, *command)


class FullDiskTest(unittest.TestCase):
    """A devbox has filled the disk."""

    def setUp(self):
        self.platform = SmallPlatform()
        self.addCleanup(self.platform.stop)
        self.box = self.platform.create_ready("kept")
        self.box.write("precious", "text")
        self.platform.create_ready("filler").run("cat /dev/zero > file; while echo >> rest; do :; done", timeout=30)

    def test_it_is_told(self):
        self.platform.call("POST", "", {"name": "new", "runtime": "bash"}, 507)
        self.platform.call("POST", "/kept/release", {"tag": "v1"}, 507)
        self.assertEqual({(box["name"], box["status"]) for box in self.platform.list()}, {("kept", "Running"), ("filler", "Running")})

    def test_a_deletion_makes_room(self):
        self.platform.delete("filler")
        self.assertEqual([box["name"] for box in self.platform.list()], ["kept"])
        self.assertEqual(self.platform.create_ready("new").health().status, 200)
        self.assertEqual(self.box.read("precious"), b"text")


if __name__ == "__main__":
    tap.main()
