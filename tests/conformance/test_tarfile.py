#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Python's tarfile, at both ends of an archive."""
import http.client
import io
import json
import os
import tarfile
import unittest

import tap
from agent import Agent

LARGE = os.urandom(2 << 20)
NAMES = ("plain", "a/b/c", "sp ace", "你好", "n" * 200, "/".join(["deep"] * 60))


class TarfileTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.agent = Agent()
        cls.addClassCleanup(cls.agent.stop)
        for name in NAMES:
            cls.agent.write(f"tree/{name}/file", name.encode())
        cls.agent.write("tree/large", LARGE)
        cls.agent.write("tree/empty")
        os.chmod(cls.agent.path("tree/large"), 0o640)
        os.mkdir(cls.agent.path("tree/folder"))
        os.symlink("large", cls.agent.path("tree/link"))

    def download(self, kind):
        connection = http.client.HTTPConnection("127.0.0.1", self.agent.port, timeout=20)
        self.addCleanup(connection.close)
        connection.request("POST", "/api/v1/files/batch-download", json.dumps({"paths": ["tree"], "format": kind}), {"Content-Type": "application/json"})
        return connection.getresponse()

    def test_download(self):
        """Read as it comes: neither end knows the length before."""
        for kind, mode in (("tar", "r|"), ("tar.gz", "r|gz")):
            with self.subTest(kind=kind), tarfile.open(fileobj=self.download(kind), mode=mode) as archive:
                found = {}
                for member in archive:
                    content = archive.extractfile(member).read() if member.isreg() else None
                    found[member.name.rstrip("/")] = (member, content)
                for name in NAMES:
                    self.assertEqual(found[f"tree/{name}/file"][1], name.encode())
                self.assertEqual(found["tree/large"][1], LARGE)
                self.assertEqual(found["tree/large"][0].mode & 0o777, 0o640)
                self.assertEqual(found["tree/large"][0].mtime, int(os.stat(self.agent.path("tree/large")).st_mtime))
                self.assertEqual(found["tree/empty"][1], b"")
                self.assertTrue(found["tree/folder"][0].isdir())
                self.assertEqual((found["tree/link"][0].issym(), found["tree/link"][0].linkname), (True, "large"))

    def make(self, mode, form):
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode=mode, format=form) as archive:
            for name in ("plain", "a/b/c", "n" * 90):
                member = tarfile.TarInfo(name)
                member.size, member.mode, member.mtime = len(LARGE), 0o600, 1_700_000_000
                archive.addfile(member, io.BytesIO(LARGE))
        return packed.getvalue()

    def test_upload(self):
        """Archives in each of its formats, and compressed or not"""
        for mode in ("w", "w:gz"):
            for form in (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
                with self.subTest(mode=mode, form=form):
                    folder = f"up-{mode[2:]}-{form}"
                    reply = self.agent.request("PUT", f"/api/v1/files/archive?path={folder}", self.make(mode, form), {"Content-Type": "application/x-tar"})
                    self.assertEqual((reply.status, reply.json()["status"]), (200, 0), reply.body)
                    for name in ("plain", "a/b/c", "n" * 90):
                        self.assertEqual(self.agent.read(f"{folder}/{name}"), LARGE)
                        status = os.stat(self.agent.path(f"{folder}/{name}"))
                        self.assertEqual((status.st_mode & 0o777, status.st_mtime), (0o600, 1_700_000_000))


if __name__ == "__main__":
    tap.main()
