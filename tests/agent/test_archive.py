#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""PUT /api/v1/files/archive: trees that come whole, and archives that mean harm."""
import gzip
import io
import os
import shutil
import stat
import subprocess
import tarfile
import tempfile
import time
import unittest

import tap
from agent import Agent

MIB = 1024 * 1024


def member(name, content=b"", **fields):
    """One entry with its content; fields as TarInfo has them."""
    info = tarfile.TarInfo(name)
    info.size = len(content)
    for field, value in fields.items():
        setattr(info, field, value)
    return info, content


def archive(*members, format=tarfile.PAX_FORMAT, compression=""):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=f"w:{compression}", format=format, encoding="utf-8", errors="surrogateescape") as tar:
        for info, content in members:
            tar.addfile(info, io.BytesIO(content))
    return out.getvalue()


def link(name, target):
    return member(name, type=tarfile.SYMTYPE, linkname=target)


def hard_link(name, target):
    return member(name, type=tarfile.LNKTYPE, linkname=target)


def raw_header(name, size, kind=b"0", size_field=None):
    """A header of the old form, with any bytes in it and a right checksum."""
    header = bytearray(512)
    header[0:len(name)] = name
    header[100:108] = b"0000644\0"
    header[108:116] = header[116:124] = b"0000000\0"
    header[124:136] = size_field or b"%011o\0" % size
    header[136:148] = b"00000000000\0"
    header[148:156] = b" " * 8
    header[156:157] = kind
    header[257:265] = b"ustar\x0000"
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header)


class ArchiveTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.agent = Agent("--max-file-size", str(8 * MIB))
        cls.addClassCleanup(cls.agent.stop)

    def setUp(self):
        for name in os.listdir(self.agent.workspace):
            path = self.agent.path(name)
            shutil.rmtree(path) if os.path.isdir(path) and not os.path.islink(path) else os.unlink(path)

    def put(self, data, folder=None, **options):
        path = "/api/v1/files/archive" + (f"?path={folder}" if folder is not None else "")
        return self.agent.request("PUT", path, data, {"Content-Type": "application/x-tar"}, **options)

    def unpack(self, data, folder=None):
        reply = self.put(data, folder)
        self.assertEqual(reply.status, 200, reply.body)
        return reply.json()

    def test_a_tree(self):
        content = os.urandom(300_000)
        data = archive(member("src", type=tarfile.DIRTYPE, mode=0o750), member("src/a.bin", content, mode=0o640, mtime=1_000_000_000),
                       member("src/deep/er/b.sh", b"#!/bin/sh\n", mode=0o4755), link("src/b", "deep/er/b.sh"), hard_link("src/again", "src/a.bin"))
        for compressed in (data, gzip.compress(data), subprocess.run(["zstd", "-c"], input=data, capture_output=True, check=True).stdout):
            self.setUp()
            reply = self.unpack(compressed)
            self.assertEqual((reply["status"], reply["totalFiles"], reply["successCount"], reply["results"]), (0, 5, 5, []), reply)
            self.assertEqual(reply["size"], len(content) + 10)
            self.assertEqual(self.agent.read("src/a.bin"), content)
            status = os.stat(self.agent.path("src/a.bin"))
            self.assertEqual((stat.S_IMODE(status.st_mode), status.st_mtime, status.st_nlink), (0o640, 1_000_000_000, 2))
            self.assertEqual(stat.S_IMODE(os.stat(self.agent.path("src/deep/er/b.sh")).st_mode), 0o755)
            self.assertEqual(os.readlink(self.agent.path("src/b")), "deep/er/b.sh")

    def test_into_a_folder_over_what_is_there(self):
        self.agent.write("there/old", b"old")
        os.chmod(self.agent.path("there/old"), 0o600)
        self.agent.write("there/kept", b"kept")
        self.assertEqual(self.unpack(archive(member("./old", b"new")), "there")["successCount"], 1)
        self.assertEqual((self.agent.read("there/old"), self.agent.read("there/kept")), (b"new", b"kept"))
        self.assertEqual(self.unpack(archive(member("x", b"y")), "made/for/it")["successCount"], 1)
        self.assertEqual(self.agent.read("made/for/it/x"), b"y")

    def test_names_are_bytes(self):
        names = [b"\xff\xfe", "你好".encode(), b"a\nb", b"-rf", b" ", b"x" * 250, b"/".join([b"d" * 100] * 20)]
        for format in (tarfile.PAX_FORMAT, tarfile.GNU_FORMAT):
            self.setUp()
            reply = self.unpack(archive(*(member(os.fsdecode(name), b"x") for name in names), format=format))
            self.assertEqual(reply["successCount"], len(names), reply)
            for name in names:
                self.assertTrue(os.path.isfile(os.path.join(os.fsencode(self.agent.workspace), name)), name)

    def test_holes_and_large_files(self):
        self.assertEqual(self.put(archive(member("large", b"\0" * (9 * MIB)))).json()["results"][0]["path"], "large")
        self.assertFalse(os.path.exists(self.agent.path("large")))
        with open(os.path.join(self.agent.folder, "sparse"), "wb") as file:
            file.write(b"begin")
            file.truncate(6 * MIB)
        data = subprocess.run(["tar", "--sparse", "-C", self.agent.folder, "-c", "sparse"], capture_output=True, check=True).stdout
        self.assertLess(len(data), MIB)
        self.assertEqual(self.unpack(data)["successCount"], 1)
        self.assertEqual(self.agent.read("sparse"), b"begin" + b"\0" * (6 * MIB - 5))

    def test_ten_thousand_files(self):
        data = archive(*(member(f"{i % 100}/file-{i}", b"x" * 100) for i in range(10000)))
        began = time.monotonic()
        self.assertEqual(self.unpack(data)["successCount"], 10000)
        print(f"# 10,000 files in {time.monotonic() - began:.2f} s")

    def test_memory_stays_flat(self):
        agent = self.agent
        self.put(archive(member("a", b"x" * MIB)))
        before = agent.resident_kib()
        with agent.connect(60) as connection:
            head = raw_header(b"flat", 7 * MIB)
            size = 20 * (512 + 7 * MIB) + 1024
            connection.sendall(b"PUT /api/v1/files/archive HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % size)
            for _ in range(20):
                connection.sendall(head + bytes(7 * MIB))
            connection.sendall(bytes(1024))
            reply = connection.recv(65536)
        self.assertIn(b'"successCount":20', reply)
        if not agent.is_sanitized():
            self.assertLess(agent.resident_kib() - before, 8 * 1024)

    def test_cut_off_everywhere(self):
        """Files that came whole are there; the one that was cut is not, and no temporary one."""
        data = archive(*(member(f"file-{i}", b"x" * 1000) for i in range(5)), format=tarfile.USTAR_FORMAT)
        for cut in range(1, 7680, 300):
            self.setUp()
            reply = self.put(data[:cut])
            self.assertEqual(reply.status, 200)
            whole = max(0, min(5, (cut - 1000 - 512 + 1536) // 1536))
            self.assertEqual(sorted(os.listdir(self.agent.workspace)), [f"file-{i}" for i in range(whole)], cut)
            if cut % 1536 not in (0,) and cut < 7680:
                self.assertIn(reply.json()["status"], (0, 1422), cut)

    def test_connection_lost(self):
        data = archive(member("lost", os.urandom(4 * MIB)))
        for cut in (600, MIB, 3 * MIB):
            with self.agent.connect() as connection:
                connection.sendall(b"PUT /api/v1/files/archive HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(data) + data[:cut])
        time.sleep(0.5)
        self.assertEqual(os.listdir(self.agent.workspace), [])
        self.assertEqual(self.agent.request("GET", "/health").status, 200)

    def test_many_slow_clients_hold_up_nobody(self):
        slow = []
        for _ in range(20):
            connection = self.agent.connect()
            connection.sendall(b"PUT /api/v1/files/archive HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10000\r\n\r\n" + raw_header(b"slow", 5000))
            slow.append(connection)
        self.assertEqual(self.unpack(archive(member("quick", b"x")))["successCount"], 1)
        for connection in slow:
            connection.close()


def hostile_archives(outside):
    """Name → archive. None of them may change or make anything outside of the folder that it is unpacked into."""
    ok = member("ok", b"fine")
    bomb = gzip.compress(archive(*(member(f"bomb-{i}", bytes(7 * MIB)) for i in range(40))), 9)
    huge_size = b"\x80" + (2 ** 62).to_bytes(11, "big")
    return {
        "absolute name": archive(member(outside + "/absolute", b"x"), ok),
        "absolute name with two slashes": archive(member("/" + outside + "/absolute", b"x"), ok),
        "dot dot": archive(member("../escaped", b"x"), ok),
        "dot dot inside": archive(member("a/../../escaped", b"x"), ok),
        "dot dot at the end": archive(member("a/..", type=tarfile.DIRTYPE), ok),
        "only dot dot": archive(member("..", b"x"), ok),
        "many dot dots": archive(member("../" * 60 + outside.lstrip("/") + "/escaped", b"x"), ok),
        "dot dot with slashes": archive(member(".././/..//escaped", b"x"), ok),
        "absolute symlink": archive(link("out", outside), member("out/file", b"x"), ok),
        "symlink by dot dot": archive(link("out", "../"), member("out/escaped", b"x"), ok),
        "symlink by two": archive(link("a", "."), link("a/b", ".."), member("a/b/escaped", b"x"), ok),
        "symlink by a deeper one": archive(link("deep/link", "../../.."), member("deep/link/escaped", b"x"), ok),
        "symlink to passwd": archive(link("passwd", "/etc/passwd"), member("passwd", b"x"), ok),
        "symlink to itself": archive(link("loop", "loop"), member("loop", b"x"), member("loop/file", b"x"), ok),
        "symlink to proc": archive(link("root", "/proc/self/root"), member("root" + outside + "/escaped", b"x"), ok),
        "empty symlink": archive(link("empty", ""), ok),
        "symlink in place of a folder": archive(member("d/file", b"x"), link("d", outside), member("d/escaped", b"x"), ok),
        "hard link outside": archive(hard_link("hard", outside + "/secret"), ok),
        "hard link by dot dot": archive(hard_link("hard", "../../../../../.." + outside + "/secret"), ok),
        "hard link to a symlink": archive(link("s", "ok"), hard_link("hard", "s"), ok),
        "hard link to nothing": archive(hard_link("hard", "nothing"), ok),
        "hard link to itself": archive(hard_link("hard", "hard"), ok),
        "hard link without a name": archive(hard_link("hard", "/"), ok),
        "character device": archive(member("null", type=tarfile.CHRTYPE, devmajor=1, devminor=3), ok),
        "block device": archive(member("disk", type=tarfile.BLKTYPE, devmajor=8, devminor=0), ok),
        "fifo": archive(member("fifo", type=tarfile.FIFOTYPE), member("fifo", b"x"), ok),
        "setuid": archive(member("suid", b"x", mode=0o6777), ok),
        "no name": archive(member("", b"x"), ok),
        "dot as a file": archive(member(".", b"x"), ok),
        "a file where a folder is": archive(member("d/file", b"x"), member("d", b"x"), ok),
        "a folder where a file is": archive(member("f", b"x"), member("f", type=tarfile.DIRTYPE), member("f/x", b"x"), ok),
        "a name of 300 bytes": archive(member("n" * 300, b"x"), ok),
        "a path of 10,000 bytes": archive(member("/".join(["p" * 200] * 50), b"x"), ok),
        "a depth of 2,000": archive(member("/".join(["d"] * 2000), b"x"), ok),
        "a size of 2^62": raw_header(b"huge", 0, size_field=huge_size) + b"x" * 512,
        "a negative size": raw_header(b"negative", 0, size_field=b"\xff" * 12) + b"x" * 512,
        "a bomb": bomb,
        "a hostile temporary name": archive(member(".devbox-tmp-aaaaaaaa", b"x"), link(".devbox-tmp-bbbbbbbb", outside), ok),
        "the workspace's own parent": archive(link("p", "d/.."), link("d", ".."), member("p/escaped", b"x"), ok),
    }


class HostileArchiveTest(unittest.TestCase):
    """Scorecard row 2."""

    @classmethod
    def setUpClass(cls):
        cls.agent = Agent("--max-file-size", str(8 * MIB))
        cls.addClassCleanup(cls.agent.stop)

    def snapshot(self, folder):
        found = []
        for root, folders, files in os.walk(folder):
            if root == self.agent.folder:
                folders.remove("state") if "state" in folders else None
                files = [name for name in files if name != "errors"]
            if os.path.realpath(root).startswith(self.target):
                folders.clear()
                continue
            for name in folders + files:
                status = os.lstat(os.path.join(root, name))
                if os.path.join(root, name) not in (self.target, self.agent.workspace):
                    found.append((os.path.join(root, name), status.st_mode, status.st_size, status.st_nlink, status.st_mtime_ns if stat.S_ISREG(status.st_mode) else 0))
        return sorted(found)

    def check_contained(self, name, data):
        reply = self.agent.request("PUT", "/api/v1/files/archive?path=target", data, timeout=60)
        self.assertEqual(self.snapshot(self.agent.folder), self.before, name)
        for root, folders, files in os.walk(self.target):
            for entry in folders + files:
                path = os.path.join(root, entry)
                mode = os.lstat(path).st_mode
                self.assertTrue(stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_ISLNK(mode), path)
                self.assertEqual(mode & 0o7000 if not stat.S_ISDIR(mode) else 0, 0, path)
                if stat.S_ISLNK(mode):
                    reached = os.path.normpath(os.path.join(root, os.readlink(path)))
                    self.assertTrue((reached + "/").startswith(self.target + "/"), path)
        self.assertFalse([entry for entry in os.listdir(self.agent.workspace) if entry != "target"], name)
        return reply

    def test_row_2_hostile_archives(self):
        outside = os.path.join(self.agent.folder, "outside")
        os.makedirs(outside)
        with open(os.path.join(outside, "secret"), "w") as file:
            file.write("secret")
        archives = hostile_archives(outside)
        self.assertGreaterEqual(len(archives), 30)
        contained = 0
        for name, data in archives.items():
            with self.subTest(name):
                self.target = self.agent.path("target")
                shutil.rmtree(self.target, ignore_errors=True)
                os.mkdir(self.target)
                self.before = self.snapshot(self.agent.folder)
                reply = self.check_contained(name, data)
                self.assertIn(reply.status, (200, 413))
                whole = reply.json()["status"] == 0
                if whole:
                    self.assertTrue(os.path.isfile(self.agent.path("target/ok")) or name == "a bomb", reply.json())
                contained += 1
        print(f"# {contained} of {len(archives)} hostile archives refused or contained")
        self.assertEqual(contained, len(archives))

    def test_bomb_is_stopped_early(self):
        bomb = gzip.compress(archive(*(member(f"bomb-{i}", bytes(7 * MIB)) for i in range(60))), 9)
        reply = self.agent.request("PUT", "/api/v1/files/archive?path=bomb", bomb, timeout=60)
        self.assertEqual((reply.status, reply.json()["status"]), (413, 413))
        size = sum(os.path.getsize(os.path.join(root, name)) for root, _, files in os.walk(self.agent.path("bomb")) for name in files)
        self.assertLess(size, 200 * len(bomb) + 32 * MIB)
        shutil.rmtree(self.agent.path("bomb"))

    def test_bomb_that_is_passed_over_is_stopped_too(self):
        bomb = gzip.compress(archive(member("larger-than-a-file-may-be", bytes(300 * MIB)), member("behind", b"x")), 9)
        for data in (bomb, gzip.compress(bomb)):
            reply = self.agent.request("PUT", "/api/v1/files/archive?path=passed-over", data, timeout=60)
            self.assertEqual((reply.status, reply.json()["status"]), (413, 413))
            self.assertEqual(os.listdir(self.agent.path("passed-over")), [])
        os.rmdir(self.agent.path("passed-over"))


class RefusalTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.agent = Agent(environment={"TOKEN": "s3same"})
        cls.addClassCleanup(cls.agent.stop)

    def put(self, data, query="", headers=None):
        return self.agent.request("PUT", "/api/v1/files/archive" + query, data, {"Authorization": "Bearer s3same", **(headers or {})})

    def test_no_token(self):
        reply = self.agent.request("PUT", "/api/v1/files/archive", archive(member("x", b"x")))
        self.assertEqual((reply.status, reply.body), (401, b""))

    def test_wrong_method(self):
        reply = self.agent.request("POST", "/api/v1/files/archive", b"", {"Authorization": "Bearer s3same"})
        self.assertEqual((reply.status, reply.headers["Allow"]), (405, "PUT"))

    def test_what_is_no_archive(self):
        for data in (b"", b"no archive at all", b"PK\x03\x04" + bytes(1000), b"\x1f\x8b" + b"x" * 1000, os.urandom(5000), b"x" * 512):
            reply = self.put(data)
            self.assertEqual((reply.status, reply.json()["status"]), (200, 1422), (data[:10], reply.body))

    def test_bad_folders(self):
        data = archive(member("x", b"x"))
        self.agent.write("file", b"")
        for query, status in (("?path=..", 1403), ("?path=/etc", 1403), ("?path=a/../../b", 1403), ("?path=file", 1409), ("?path=", 1422)):
            reply = self.put(data, query)
            self.assertEqual(reply.status, 200)
            self.assertNotEqual(reply.json()["status"], 0, (query, reply.body))
            if status != 1409:
                self.assertEqual(reply.json()["status"], status, (query, reply.body))
        self.assertEqual(self.put(data, "?path=%00").status, 422)


class WithoutLibraryTest(unittest.TestCase):
    def test_all_but_archives_goes_on(self):
        """The library is loaded when it is first needed; where it is broken, that is told."""
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "libarchive.so.13"), "wb"):
                pass
            paths = [folder, *filter(None, [os.environ.get("LD_LIBRARY_PATH")])]
            with Agent(environment={"LD_LIBRARY_PATH": ":".join(paths)}) as agent:
                agent.write("x", b"x")
                for reply in (agent.request("PUT", "/api/v1/files/archive", archive(member("y", b"y"))),
                              agent.post("/api/v1/files/batch-download", {"paths": ["x"]})):
                    self.assertEqual((reply.status, reply.json()["status"]), (200, 1500))
                    self.assertIn("libarchive", reply.json()["message"])
                reply = agent.post("/api/v1/files/batch-download", {"paths": ["x"], "format": "multipart"})
                self.assertIn(b"filename=\"x\"", reply.body)


if __name__ == "__main__":
    tap.main()
