#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every operation on files from Python, against a real agent: as it is, and as if it spoke one of its dialects only."""
import asyncio
import os
import shutil
import unittest

import gi
gi.require_version("Devbox", "1")
from gi.repository import Devbox, Gio, GLib

import tap
from agent import Agent
from dialect_proxy import DialectProxy

DOMAIN = Devbox.error_quark()
MIB = 1 << 20


class FilesCase:
    DIALECT = None  # both

    @classmethod
    def setUpClass(cls):
        cls.agent = Agent()
        cls.addClassCleanup(cls.agent.stop)
        cls.proxy = None
        if cls.DIALECT is not None:
            cls.proxy = DialectProxy(cls.agent, cls.DIALECT)
            cls.addClassCleanup(cls.proxy.stop)

    def setUp(self):
        client = Devbox.Client()
        self.addCleanup(client.close)
        self.instance = Devbox.Instance.new_for_agent_with_client(client, (self.proxy or self.agent).url, self.agent.token)
        self.addCleanup(self.empty_workspace)
        if self.proxy:
            self.proxy.requests.clear()

    def empty_workspace(self):
        with os.scandir(os.fsencode(self.agent.workspace)) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    shutil.rmtree(entry.path)
                else:
                    os.unlink(entry.path)

    def assert_fails(self, code, function, *arguments, name=None, **options):
        with self.assertRaises(GLib.Error) as caught:
            function(*arguments, **options)
        error = caught.exception
        self.assertTrue(error.matches(DOMAIN, code), f"{error.code}: {error.message}")
        if name is not None:
            self.assertEqual(error.info.get_code_name(), name)
        return error

    def get_mode(self, path):
        return os.stat(self.agent.path(path)).st_mode & 0o7777

    def test_contents(self):
        for size in (0, 7, 3 * MIB + 1):
            contents = os.urandom(size)
            self.assertTrue(self.instance.replace_file_sync("made/ä &?#%.bin", contents))
            self.assertEqual(self.agent.read("made/ä &?#%.bin"), contents)
            self.assertEqual(self.instance.load_file_sync("made/ä &?#%.bin"), contents)
        self.agent.write("json", b'{"status":1404,"message":"not really"}')
        self.assertEqual(self.instance.load_file_sync("json"), b'{"status":1404,"message":"not really"}')

    def test_modes(self):
        self.instance.replace_file_sync("tool", "#!/bin/sh\n", 0o755)
        self.assertEqual((self.agent.read("tool"), self.get_mode("tool")), (b"#!/bin/sh\n", 0o755))
        self.instance.replace_file_sync("tool", b"x" * 2 * MIB, 0o700)
        self.assertEqual((len(self.agent.read("tool")), self.get_mode("tool")), (2 * MIB, 0o700))
        self.instance.replace_file_sync("tool", "y")
        self.assertEqual((self.agent.read("tool"), self.get_mode("tool")), (b"y", 0o700))

    def test_failures(self):
        instance = self.instance
        self.agent.write("folder/file")
        error = self.assert_fails(Devbox.Error.FILE_NOT_FOUND, instance.load_file_sync, "nothing")
        self.assertEqual((error.info.get_http_status(), error.info.get_path()), (404, "nothing"))
        self.assert_fails(Devbox.Error.VALIDATION_ERROR, instance.load_file_sync, "folder")
        self.assert_fails(Devbox.Error.VALIDATION_ERROR, instance.replace_file_sync, "folder", b"x")
        self.assert_fails(Devbox.Error.FILE_NOT_FOUND, instance.delete_file_sync, "nothing")
        self.assert_fails(Devbox.Error.PATH_TRAVERSAL_DETECTED, instance.load_file_sync, "../x")
        os.symlink("/etc", self.agent.path("out"))
        self.assert_fails(Devbox.Error.PATH_TRAVERSAL_DETECTED, instance.load_file_sync, "out/passwd")
        self.assert_fails(Devbox.Error.PATH_TRAVERSAL_DETECTED, instance.replace_file_sync, "out/x", b"")

    def test_delete(self):
        self.agent.write("folder/sub/file")
        self.agent.write("file")
        self.assertTrue(self.instance.delete_file_sync("file"))
        with self.assertRaises(GLib.Error):
            self.instance.delete_file_sync("folder")
        self.assertTrue(self.instance.delete_file_sync("folder", True))
        self.assertEqual(os.listdir(self.agent.workspace), [])

    def test_upload(self):
        files = {f"many/{number:03}": os.urandom(4096) for number in range(130)}
        files.update({"large": os.urandom(2 * MIB), 'odd "%22\\\n': "text", "empty": bytearray(), "ä": memoryview(b"u")})
        result = self.instance.upload_files_sync(files)
        self.assertEqual([(item.get_path(), item.get_message()) for item in result.get_errors()], [])
        self.assertTrue(result.get_successful())
        self.assertEqual((result.get_n_processed(), result.get_n_total()), (len(files), len(files)))
        self.assertEqual(result.get_bytes_transferred(), sum(len(contents) for contents in files.values()))
        for path, contents in files.items():
            self.assertEqual(self.agent.read(path), contents.encode() if isinstance(contents, str) else bytes(contents), path)

    def test_upload_with_failures(self):
        self.agent.write("folder/file")
        os.symlink("/etc", self.agent.path("out"))
        result = self.instance.upload_files_sync({"a": b"a", "folder": b"b", "out/x": b"c", "z": b"z"})
        self.assertFalse(result.get_successful())
        self.assertEqual((result.get_n_processed(), result.get_n_total(), result.get_bytes_transferred()), (2, 4, 2))
        self.assertEqual([(item.get_path(), item.get_error().code) for item in result.get_errors()],
                         [("folder", Devbox.Error.VALIDATION_ERROR), ("out/x", Devbox.Error.PATH_TRAVERSAL_DETECTED)])
        self.assertEqual([item.get_status() for item in result.get_results()],
                         [Devbox.FileResultStatus.SUCCESS, Devbox.FileResultStatus.ERROR, Devbox.FileResultStatus.ERROR,
                          Devbox.FileResultStatus.SUCCESS])
        self.assertEqual((self.agent.read("a"), self.agent.read("z")), (b"a", b"z"))

    def test_upload_of_what_is_too_large(self):
        agent = Agent("--max-file-size", "100000")
        self.addCleanup(agent.stop)
        url = agent.url
        if self.DIALECT is not None:
            proxy = DialectProxy(agent, self.DIALECT)
            self.addCleanup(proxy.stop)
            url = proxy.url
        instance = Devbox.Instance.new_for_agent(url, agent.token)
        result = instance.upload_files_sync({"a": b"a", "medium": bytes(200_000), "large": bytes(2 * MIB), "z": b"z"})
        self.assertEqual([(item.get_path(), item.get_error().code) for item in result.get_errors()],
                         [("large", Devbox.Error.FILE_TOO_LARGE), ("medium", Devbox.Error.FILE_TOO_LARGE)])
        self.assertEqual((agent.read("a"), agent.read("z")), (b"a", b"z"))
        error = self.assert_fails(Devbox.Error.FILE_TOO_LARGE, instance.replace_file_sync, "large", bytes(2 * MIB))
        self.assertEqual(error.info.get_path(), "large")
        instance.get_client().close()

    def test_upload_of_nothing(self):
        self.assert_fails(Devbox.Error.VALIDATION_ERROR, self.instance.upload_files_sync, {})
        self.assert_fails(Devbox.Error.PATH_TRAVERSAL_DETECTED, self.instance.upload_files_sync, {"a": b"", "../x": b""})
        self.assertEqual(os.listdir(self.agent.workspace), [])

    def test_awaitables(self):
        async def run():
            await self.instance.replace_file_async("a", "hello")
            self.assertEqual(await self.instance.load_file_async("a"), b"hello")
            self.assertTrue((await self.instance.upload_files_async({"b": "b"})).get_successful())
            await self.instance.delete_file_async("a")

        asyncio.run(run())
        self.assertEqual(os.listdir(self.agent.workspace), ["b"])


class CurrentCase(FilesCase):
    """What only the current dialect has."""

    def list(self, *arguments, **options):
        return [info.get_name() for info in self.instance.list_files_sync(*arguments, **options)]

    def test_list(self):
        for name in ("b", "a", ".hidden"):
            self.agent.write("folder/" + name, b"content")
        os.chmod(self.agent.path("folder/a"), 0o640)
        os.utime(self.agent.path("folder/a"), (1, 1_000_000_000))
        os.mkdir(self.agent.path("folder/d"))
        os.symlink("a", self.agent.path("folder/link"))
        self.assertEqual(self.list("folder"), ["a", "b", "d", "link"])
        self.assertEqual(self.list("folder", Devbox.ListFilesFlags.SHOW_HIDDEN), [".hidden", "a", "b", "d", "link"])
        self.assertEqual(self.list("folder", 0, 1, 2), ["b", "d"])
        a, b, folder, link = self.instance.list_files_sync("folder")
        self.assertEqual((a.get_size(), a.get_mode(), a.get_modified().to_unix(), a.get_file_type()),
                         (7, 0o640, 1_000_000_000, Gio.FileType.REGULAR))
        self.assertEqual(a.get_path(), os.path.realpath(self.agent.path("folder/a")))
        self.assertEqual(a.get_path_bytes(), a.get_path().encode())
        self.assertEqual(folder.props.file_type, Gio.FileType.DIRECTORY)
        self.assertEqual(link.props.file_type, Gio.FileType.SYMBOLIC_LINK)
        self.assertEqual(self.list("."), ["folder"])
        self.assert_fails(Devbox.Error.FILE_NOT_FOUND, self.instance.list_files_sync, "nothing")
        self.assert_fails(Devbox.Error.VALIDATION_ERROR, self.instance.list_files_sync, "folder/a")

    def test_list_pages(self):
        os.mkdir(self.agent.path("many"))
        names = [f"{number:04}" for number in range(2500)]
        for name in names:
            os.symlink("..", self.agent.path("many/" + name))
        self.assertEqual(self.list("many"), names)
        self.assertEqual(self.list("many", offset=10, limit=2000), names[10:2010])
        self.assertEqual(self.list("many", offset=2499), names[2499:])
        self.assertEqual(self.list("many", offset=2500), [])

    def test_names_that_are_no_text(self):
        with open(os.fsencode(self.agent.path("")) + b"\xff\xfe", "wb"):
            pass
        (info,) = self.instance.list_files_sync(".")
        self.assertEqual(info.get_name(), "\ufffd\ufffd")
        self.assertEqual(info.get_path_bytes(), os.fsencode(os.path.realpath(self.agent.workspace)) + b"/\xff\xfe")

    def test_move(self):
        self.agent.write("a", b"a")
        self.agent.write("b", b"b")
        self.assertTrue(self.instance.move_sync("a", "new/c"))
        self.assertEqual(self.agent.read("new/c"), b"a")
        self.assert_fails(Devbox.Error.CONFLICT, self.instance.move_sync, "b", "new/c")
        self.assertTrue(self.instance.move_sync("b", "new/c", True))
        self.assertEqual(self.agent.read("new/c"), b"b")
        self.assert_fails(Devbox.Error.FILE_NOT_FOUND, self.instance.move_sync, "nothing", "x")
        self.assert_fails(Devbox.Error.PATH_TRAVERSAL_DETECTED, self.instance.move_sync, "new/c", "../x")

    def test_set_mode(self):
        self.agent.write("folder/file")
        self.assertTrue(self.instance.set_mode_sync("folder/file", 0o600))
        self.assertEqual(self.get_mode("folder/file"), 0o600)
        self.assertTrue(self.instance.set_mode_sync("folder", 0o711, True))
        self.assertEqual((self.get_mode("folder"), self.get_mode("folder/file")), (0o711, 0o711))
        self.assert_fails(Devbox.Error.VALIDATION_ERROR, self.instance.set_mode_sync, "folder", 0o10000)
        self.assert_fails(Devbox.Error.FILE_NOT_FOUND, self.instance.set_mode_sync, "nothing", 0o600)

    def test_set_owner(self):
        self.agent.write("folder/file")
        os.chmod(self.agent.path("folder/file"), 0o640)
        self.assertTrue(self.instance.set_owner_sync("folder", f"{os.getuid()}:{os.getgid()}", True))
        self.assertEqual(self.get_mode("folder/file"), 0o640)
        self.assert_fails(Devbox.Error.VALIDATION_ERROR, self.instance.set_owner_sync, "folder", "no-such-user")

    def test_find_and_grep(self):
        self.agent.write("src/Main.c", b"int main (void)\n")
        self.agent.write("src/util.c", b"void util (void)\n")
        root = os.path.realpath(self.agent.workspace)
        self.assertEqual(self.instance.find_sync(".", "MAIN"), [f"{root}/src/Main.c"])
        self.assertEqual(self.instance.grep_sync("src", "(void)"), [f"{root}/src/Main.c", f"{root}/src/util.c"])
        self.assertEqual(self.instance.grep_sync(".", "nowhere"), [])
        self.assert_fails(Devbox.Error.FILE_NOT_FOUND, self.instance.find_sync, "nothing", "x")
        self.assert_fails(Devbox.Error.VALIDATION_ERROR, self.instance.find_sync, ".", "")

    def test_replace_text(self):
        self.agent.write("a", b"one two one")
        self.agent.write("b", b"three")
        self.agent.write("c", b"\0\xff")
        results = self.instance.replace_text_sync(["a", "b", "c", "nothing"], "one", "1")
        self.assertEqual([(item.get_path(), item.get_status(), item.get_n_replacements()) for item in results],
                         [("a", Devbox.FileResultStatus.SUCCESS, 2), ("b", Devbox.FileResultStatus.SKIPPED, 0),
                          ("c", Devbox.FileResultStatus.SKIPPED, 0), ("nothing", Devbox.FileResultStatus.ERROR, 0)])
        self.assertEqual([item.get_message() is None for item in results], [True, True, False, False])
        self.assertTrue(results[3].get_error().matches(Devbox.error_quark(), Devbox.Error.FILE_NOT_FOUND), results[3].get_error())
        self.assertEqual(self.agent.read("a"), b"1 two 1")
        self.assert_fails(Devbox.Error.PATH_TRAVERSAL_DETECTED, self.instance.replace_text_sync, ["a", "../b"], "1", "one")
        self.assertEqual(self.agent.read("a"), b"1 two 1")


class Ours(CurrentCase, unittest.TestCase):
    pass


class Current(CurrentCase, unittest.TestCase):
    DIALECT = "current"

    def test_routes(self):
        self.instance.replace_file_sync("a", "x", 0o600)
        self.assertEqual(self.proxy.requests, ["GET /health", "POST /api/v1/files/write", "POST /api/v1/files/chmod"])
        self.assertEqual(self.get_mode("a"), 0o600)


class Classic(FilesCase, unittest.TestCase):
    DIALECT = "classic"

    def test_routes(self):
        self.instance.replace_file_sync("a", "x", 0o600)
        self.assertEqual(self.proxy.requests, ["GET /health", "POST /files/write"])

    def test_not_supported(self):
        instance = self.instance
        for function, *arguments in ((instance.list_files_sync, "."), (instance.move_sync, "a", "b"), (instance.set_mode_sync, "a", 0o600),
                                     (instance.set_owner_sync, "a", "root"), (instance.find_sync, ".", "a"),
                                     (instance.grep_sync, ".", "a"), (instance.replace_text_sync, ["a"], "b", "c")):
            self.assert_fails(Devbox.Error.VALIDATION_ERROR, function, *arguments, name="NOT_SUPPORTED")
        self.assertEqual(self.proxy.requests, ["GET /health"])


if __name__ == "__main__":
    tap.main()
