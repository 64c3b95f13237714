#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""/api/v1/files/list, delete, move, rename and chmod of the current dialect, against the program."""
import base64
import json
import os
import stat
import tempfile
import threading
import time
import unittest
import urllib.parse

import tap
from agent import Agent

PREFIX = "/api/v1/files/"
NOT_TEXT = b"\xff\xfe"
MANY = 100_000
# Many files cost a disk more than the agent.
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def to_base64(name):
    return base64.b64encode(name).decode()


def make_links(path, count):
    """Entries that cost little."""
    folder = os.open(path, os.O_RDONLY)
    for number in range(count):
        os.symlink("..", f"{number:06}", dir_fd=folder)
    os.close(folder)


class FilesTestCase(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="devbox-test-", dir=MEMORY)
        self.addCleanup(folder.cleanup)
        self.agent = Agent(workspace=os.path.join(folder.name, "workspace"))
        self.addCleanup(self.agent.stop)
        # What is outside is in the folder of the test, so that what is not refused does no harm.
        self.agent.write("../outside/secret", b"secret")
        self.outside = os.path.realpath(self.agent.path("../outside"))
        os.symlink("../outside", self.agent.path("way-out"))

    def post(self, route, **members):
        return self.agent.post(PREFIX + route, members)

    def assert_success(self, reply):
        self.assertEqual(reply.status, 200, reply.body)
        self.assertEqual(reply.json(), {"status": 0, "message": "success", "success": True})

    def assert_failure(self, reply, status, code=None):
        self.assertEqual(reply.status, 200, reply.body)
        answer = reply.json()
        self.assertEqual(answer["status"], status, answer)
        self.assertTrue(answer["message"])
        self.assertEqual((set(answer) - {"code"}, answer.get("code")), ({"status", "message"}, code))
        return answer["message"]

    def assert_rejected(self, reply, http_status):
        self.assertEqual(reply.status, http_status, reply.body)
        self.assertNotEqual(reply.json()["status"], 0)

    def leaving_paths(self):
        return ["..", "../outside", "way-out/secret", "../outside/secret", self.outside, self.agent.workspace + "-other",
                "made/../../outside/secret"]

    def check_rejections(self, route, paths, members):
        """Malformed JSON, missing members and those of another type, another content type, another method."""
        everything = {**{name: "file" for name in paths}, **members}
        wrongs = {str: 7, bool: "yes"}
        for name, value in everything.items():
            with self.subTest(member=name):
                self.assert_rejected(self.post(route, **{**everything, name: wrongs[type(value)]}), 422)
                self.assert_rejected(self.post(route, **{**everything, name: [value]}), 422)
        for name in paths:
            others = {key: value for key, value in everything.items() if key != name}
            self.assert_rejected(self.post(route, **others), 422)
            self.assert_rejected(self.post(route, **{**others, name: None}), 422)
            self.assert_rejected(self.post(route, **everything, **{name + "Bytes": to_base64(b"file")}), 422)
            for wrong in ("a", "ZmlsZQ", "Zm lsZQ==", to_base64(b"a\0b"), 7):
                self.assert_rejected(self.post(route, **others, **{name + "Bytes": wrong}), 422)
        url = PREFIX + route
        headers = {"Content-Type": "application/json"}
        for body in ("", "{", "[]", "null", '{"path":"file"}x', '{"path":"a\\u0000b"}', "[" * 100_000):
            self.assert_rejected(self.agent.request("POST", url, body, headers), 400)
        self.assert_rejected(self.agent.request("POST", url, json.dumps(everything), {"Content-Type": "text/plain"}), 415)
        reply = self.agent.request("GET", url)
        self.assertEqual((reply.status, reply.body, reply.headers["Allow"]), (405, b"", "POST"))

    def check_nothing_changed(self):
        self.assertEqual(self.agent.read("../outside/secret"), b"secret")
        self.assertEqual(os.listdir(self.outside), ["secret"])
        self.assertEqual(stat.S_IMODE(os.stat(self.outside).st_mode) & 0o700, 0o700)


class ListTest(FilesTestCase):
    def list(self, **parameters):
        return self.agent.request("GET", PREFIX + "list?" + urllib.parse.urlencode(parameters))

    def entries(self, **parameters):
        reply = self.list(**parameters)
        self.assertEqual(reply.status, 200, reply.body)
        answer = reply.json()
        self.assertEqual((answer["status"], answer["message"], set(answer)), (0, "success", {"status", "message", "files"}))
        return answer["files"]

    def names(self, **parameters):
        return [entry["name"] for entry in self.entries(**parameters)]

    def test_entries(self):
        """current: GET /files/list: name, path, size, isDir, permissions and modified of each entry"""
        self.agent.write("folder/file", b"content")
        os.mkdir(self.agent.path("folder/sub"))
        os.symlink("../../outside", self.agent.path("folder/z-link"))
        os.chmod(self.agent.path("folder/file"), 0o4640)
        os.chmod(self.agent.path("folder/sub"), 0o755)
        os.utime(self.agent.path("folder/file"), (1, 1_000_000_000.9))
        workspace = os.path.realpath(self.agent.workspace)
        for path in ("folder", "folder/", "./folder//.", workspace + "/folder"):
            file, sub, link = self.entries(path=path)
            self.assertEqual({key: file[key] for key in file if key != "path"},
                             {"name": "file", "size": 7, "isDir": False, "permissions": "4640", "modified": "2001-09-09T01:46:40Z"})
            self.assertEqual(os.path.normpath(file["path"]), workspace + "/folder/file")
            self.assertEqual((sub["name"], sub["isDir"], sub["permissions"]), ("sub", True, "0755"))
            self.assertEqual((link["name"], link["isDir"], link["type"]), ("z-link", False, "link"))
        os.mkfifo(self.agent.path("folder/z-pipe"))
        self.assertEqual([entry.get("type") for entry in self.entries(path="folder")], [None, None, "link", "special"])
        self.assertEqual(self.entries(path="folder")[0]["path"], workspace + "/folder/file")

    def test_workspace(self):
        """current: GET /files/list: without a path the workspace, without what has a dot in front"""
        for name in ("b", "a", "Z", ".hidden", ".devbox-tmp-abcdefgh", "ä", "a\nb", "-rf", 'q"\\'):
            self.agent.write(name)
        shown = ["-rf", "Z", "a", "a\nb", "b", 'q"\\', "way-out", "ä"]
        self.assertEqual(self.names(), shown)
        self.assertEqual(self.names(path=".", showHidden="false"), shown)
        self.assertEqual(self.names(path=".", showHidden="true"), sorted([*shown, ".hidden"]))
        self.assertEqual(self.names(path=self.agent.workspace), shown)
        self.assertEqual(self.entries()[2]["path"], os.path.realpath(self.agent.workspace) + "/a")

    def test_limit_and_offset(self):
        """current: GET /files/list: limit, 100 by default, and offset, in an order that stays"""
        expected = sorted(f"{number:x}" for number in range(250))
        for name in expected:
            self.agent.write("many/" + name)
        self.assertEqual(self.names(path="many"), expected[:100])
        self.assertEqual(self.names(path="many", limit=1000), expected)
        self.assertEqual(self.names(path="many", limit=7, offset=99), expected[99:106])
        self.assertEqual(self.names(path="many", offset=249), expected[249:])
        self.assertEqual(self.names(path="many", offset=250), [])
        self.assertEqual(self.names(path="many", offset=2**63 - 1, limit=100_000), [])

    def test_not_text(self):
        """current: GET /files/list: a name that is not UTF-8 has its bytes in pathBytes"""
        folder = os.fsencode(os.path.realpath(self.agent.workspace)) + b"/" + NOT_TEXT
        os.mkdir(folder)
        with open(folder + b"/plain", "wb"):
            pass
        entry = self.entries()[-1]
        self.assertEqual((entry["name"], base64.b64decode(entry["pathBytes"])), ("\ufffd\ufffd", folder))
        for parameters in ({"path": NOT_TEXT}, {"pathBytes": to_base64(NOT_TEXT)}, {"pathBytes": entry["pathBytes"]}):
            below, = self.entries(**parameters)
            self.assertEqual((below["name"], base64.b64decode(below["pathBytes"])), ("plain", folder + b"/plain"))
        self.assertNotIn("pathBytes", self.entries()[0])

    def test_missing(self):
        """current: GET /files/list: 1404 when there is no such folder"""
        self.assert_failure(self.list(path="missing"), 1404)
        self.assert_failure(self.list(path="missing/folder"), 1404)

    def test_leaving(self):
        """current: GET /files/list: 1403 for a path that leaves the workspace"""
        for path in ["..", "way-out", self.outside, "/", "/etc", "made/../../outside"]:
            with self.subTest(path=path):
                self.assert_failure(self.list(path=path), 1403)

    def test_no_folder(self):
        """current: GET /files/list: 1422 for a file, and for an empty path"""
        self.agent.write("file")
        self.assert_failure(self.list(path="file"), 1422)
        self.assert_failure(self.list(path=""), 1422)

    def test_rejected(self):
        """current: GET /files/list: HTTP 422 for parameters that are none"""
        for query in ("limit=0", "limit=-1", "limit=100001", "limit=x", "limit=", "limit=1.5", "offset=-1", "offset=x",
                      f"offset={2**63}", "showHidden=maybe", "path=%zz", "path=a%00b", "path=a&pathBytes=YQ==", "pathBytes=a"):
            with self.subTest(query=query):
                self.assert_rejected(self.agent.request("GET", PREFIX + "list?" + query), 422)
        reply = self.agent.post(PREFIX + "list", {})
        self.assertEqual((reply.status, reply.body, reply.headers["Allow"]), (405, b"", "GET, HEAD"))

    def test_large(self):
        """current: GET /files/list: a folder of 100,000 entries holds nobody up, and costs little memory"""
        os.mkdir(self.agent.path("many"))
        make_links(self.agent.path("many"), MANY)
        self.agent.request("GET", "/health")
        before = self.agent.resident_kib()

        waits = []
        done = threading.Event()

        def probe():
            while not done.is_set():
                begin = time.monotonic()
                self.agent.request("GET", "/health")
                waits.append(time.monotonic() - begin)

        thread = threading.Thread(target=probe)
        thread.start()
        try:
            for offset in (0, 50_000, 99_999):
                self.assertEqual(self.names(path="many", limit=1, offset=offset), [f"{offset:06}"])
            growth = self.agent.resident_kib() - before
            names = self.names(path="many", limit=MANY)
        finally:
            done.set()
            thread.join()
        self.assertEqual(names, [f"{number:06}" for number in range(MANY)])
        self.assertLess(sorted(waits)[len(waits) // 2], 0.1, "the usual wait of a probe")
        if not self.agent.is_sanitized():
            self.assertLess(growth, 16 * 1024)

    def test_too_large(self):
        """current: GET /files/list: 1422 for a list of more than 32 MiB"""
        deep = "/".join(["\1" * 250] * 15)
        folder = os.open(self.agent.workspace, os.O_RDONLY)
        for name in deep.split("/"):
            os.mkdir(name, dir_fd=folder)
            below = os.open(name, os.O_RDONLY, dir_fd=folder)
            os.close(folder)
            folder = below
        for number in range(2000):
            os.symlink("..", f"{number}", dir_fd=folder)
        os.close(folder)
        parameters = {"pathBytes": to_base64(deep.encode())}
        self.assertEqual(len(self.entries(**parameters, limit=1000)), 1000)
        self.assertIn("limit", self.assert_failure(self.list(**parameters, limit=2000), 1422))


class DeleteTest(FilesTestCase):
    def test_delete(self):
        """current: POST /files/delete: a file, a link, an empty folder, and with recursive a folder with all in it"""
        for name in ("file", "tree/sub/file", "tree/.hidden", "kept"):
            self.agent.write(name)
        os.mkdir(self.agent.path("empty"))
        os.symlink("../../outside", self.agent.path("tree/out"))
        os.symlink("kept", self.agent.path("link"))
        self.assert_success(self.post("delete", path="file"))
        self.assert_success(self.post("delete", path="link"))
        self.assert_success(self.post("delete", path="way-out", recursive=True))
        self.assert_success(self.post("delete", path=self.agent.path("empty"), recursive=False))
        self.assert_success(self.post("delete", path="tree/", recursive=True))
        self.assertEqual(os.listdir(self.agent.workspace), ["kept"])
        self.check_nothing_changed()

    def test_bytes(self):
        """current: POST /files/delete: pathBytes in place of path"""
        name = os.fsencode(self.agent.workspace) + b"/" + NOT_TEXT
        os.mkdir(name)
        self.assert_success(self.post("delete", pathBytes=to_base64(NOT_TEXT)))
        self.assertFalse(os.path.exists(name))

    def test_missing(self):
        """current: POST /files/delete: 1404 when there is nothing"""
        self.agent.write("file")
        for path in ("missing", "missing/below"):
            self.assert_failure(self.post("delete", path=path), 1404)
            self.assert_failure(self.post("delete", path=path, recursive=True), 1404)

    def test_not_empty(self):
        """current: POST /files/delete: 1500 for a folder that is not empty, without recursive"""
        self.agent.write("folder/file", b"content")
        self.assertIn("recursive", self.assert_failure(self.post("delete", path="folder"), 1500, "CONFLICT"))
        self.assert_failure(self.post("delete", path="folder", recursive=False), 1500, "CONFLICT")
        self.assertEqual(self.agent.read("folder/file"), b"content")

    def test_leaving(self):
        """current: POST /files/delete: 1403 for a path that leaves the workspace"""
        for path in self.leaving_paths():
            self.assert_failure(self.post("delete", path=path, recursive=True), 1403)
        self.check_nothing_changed()

    def test_workspace(self):
        """current: POST /files/delete: 1422 for the workspace itself, and for what is no name"""
        self.agent.write("folder/file")
        for path in (".", "./", self.agent.workspace, "folder/..", "folder/.", "", "folder/file/", "folder/file/below"):
            with self.subTest(path=path):
                self.assert_failure(self.post("delete", path=path, recursive=True), 1422)
        self.assertTrue(os.path.exists(self.agent.path("folder/file")))

    def test_rejected(self):
        """current: POST /files/delete: what is refused before it is looked at"""
        self.agent.write("file")
        self.check_rejections("delete", ["path"], {"recursive": True})
        self.assertTrue(os.path.exists(self.agent.path("file")))

    def test_client_goes_away(self):
        """current: POST /files/delete: ends soon when the client goes away"""
        for folder in range(100):
            os.makedirs(self.agent.path(f"many/{folder}"))
            make_links(self.agent.path(f"many/{folder}"), 1000)
        body = json.dumps({"path": "many", "recursive": True})
        connection = self.agent.connect()
        connection.sendall(f"POST {PREFIX}delete HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                           f"Content-Length: {len(body)}\r\n\r\n{body}".encode())
        while len(os.listdir(self.agent.path("many"))) == 100:
            time.sleep(0.0005)
        connection.close()
        self.assertEqual(self.agent.request("GET", "/health").status, 200)
        time.sleep(0.1)
        left = len(os.listdir(self.agent.path("many")))
        self.assertGreater(left, 0)
        time.sleep(0.1)
        self.assertEqual(len(os.listdir(self.agent.path("many"))), left)


class MoveTestCase(FilesTestCase):
    """What the two routes have in common"""
    route = None
    names = ()

    def move(self, source, destination, **members):
        return self.post(self.route, **{self.names[0]: source, self.names[1]: destination}, **members)

    def check_moves(self):
        self.agent.write("file", b"content")
        self.agent.write("tree/sub/file", b"below")
        os.symlink("nowhere", self.agent.path("link"))
        self.assert_success(self.move("file", "made/on/the/way"))
        self.assert_success(self.move("tree", self.agent.path("made/tree")))
        self.assert_success(self.move("link", "made/link"))
        self.assert_success(self.move("way-out", "made/way-out"))
        self.assertEqual(self.agent.read("made/on/the/way"), b"content")
        self.assertEqual(self.agent.read("made/tree/sub/file"), b"below")
        self.assertEqual(os.readlink(self.agent.path("made/link")), "nowhere")
        self.assertEqual(os.listdir(self.agent.workspace), ["made"])
        self.check_nothing_changed()

    def check_bytes(self):
        self.agent.write("file", b"content")
        self.assert_success(self.post(self.route, **{self.names[0]: "file", self.names[1] + "Bytes": to_base64(NOT_TEXT)}))
        self.assertIn(NOT_TEXT, os.listdir(os.fsencode(self.agent.workspace)))
        self.assert_success(self.post(self.route, **{self.names[0] + "Bytes": to_base64(NOT_TEXT), self.names[1]: "back"}))
        self.assertEqual(self.agent.read("back"), b"content")

    def check_missing(self):
        self.agent.write("file")
        self.assert_failure(self.move("missing", "made/new"), 1404)
        self.assert_failure(self.move("missing/below", "new"), 1404)
        self.assertFalse(os.path.exists(self.agent.path("made")))

    def check_exists(self):
        self.agent.write("a", b"a")
        self.agent.write("b", b"b")
        self.agent.write("full/file", b"below")
        os.mkdir(self.agent.path("empty"))
        for source, destination in (("a", "b"), ("a", "a"), ("a", "empty"), ("empty", "a"), ("full", "empty"), ("a", "full"),
                                    ("a", "way-out"), ("full/file", "full")):
            with self.subTest(source=source, destination=destination):
                self.assert_failure(self.move(source, destination), 1409)
        self.assertEqual((self.agent.read("a"), self.agent.read("b")), (b"a", b"b"))

    def check_leaving(self):
        self.agent.write("file", b"content")
        for path in self.leaving_paths():
            with self.subTest(path=path):
                self.assert_failure(self.move(path, "new"), 1403)
                self.assert_failure(self.move("file", path + "-new" if not path.startswith("..") else path), 1403)
        self.assertEqual(self.agent.read("file"), b"content")
        self.check_nothing_changed()

    def check_senseless(self):
        self.agent.write("file", b"content")
        self.agent.write("folder/sub/file", b"below")
        for source, destination in (("folder", "folder/new"), ("folder", "folder/sub/made/new"), (".", "new"), ("file", "."),
                                    (self.agent.workspace, "folder/new"), ("file", "folder/.."), ("folder/.", "new"),
                                    ("file", "new/"), ("file/", "new"), ("file", "file/new"), ("", "new"), ("file", "")):
            with self.subTest(source=source, destination=destination):
                self.assert_failure(self.move(source, destination), 1422)
        self.assertEqual(sorted(os.listdir(self.agent.workspace)), ["file", "folder", "way-out"])
        self.assertEqual(os.listdir(self.agent.path("folder/sub")), ["file"])


class MoveTest(MoveTestCase):
    route = "move"
    names = ("source", "destination")

    def test_moves(self):
        """current: POST /files/move: files, folders and links as such; the folders on the way are made"""
        self.check_moves()

    def test_bytes(self):
        """current: POST /files/move: sourceBytes and destinationBytes in place of the two"""
        self.check_bytes()

    def test_overwrite(self):
        """current: POST /files/move: with overwrite a file takes a file's place, a folder that of an empty one"""
        self.agent.write("a", b"a")
        self.agent.write("b", b"b")
        self.agent.write("full/file", b"below")
        os.mkdir(self.agent.path("empty"))
        self.assert_success(self.move("a", "b", overwrite=True))
        self.assertEqual(self.agent.read("b"), b"a")
        self.assert_success(self.move("b", "b", overwrite=True))
        self.assert_success(self.move("full", "empty", overwrite=True))
        self.assertEqual(self.agent.read("empty/file"), b"below")
        self.assert_success(self.move("b", "way-out", overwrite=True))
        self.assertEqual(self.agent.read("way-out"), b"a")
        self.check_nothing_changed()

    def test_missing(self):
        """current: POST /files/move: 1404 without a source"""
        self.check_missing()

    def test_exists(self):
        """current: POST /files/move: 1409 when the target exists"""
        self.check_exists()

    def test_kinds_differ(self):
        """current: POST /files/move: 1409 also with overwrite, when the two are of different kinds, or the target is not empty"""
        self.agent.write("file", b"a")
        self.agent.write("full/file", b"below")
        os.mkdir(self.agent.path("empty"))
        for source, destination in (("file", "empty"), ("file", "full"), ("empty", "file"), ("empty", "full"),
                                    ("empty", "way-out"), ("full/file", "full")):
            with self.subTest(source=source, destination=destination):
                self.assert_failure(self.move(source, destination, overwrite=True), 1409)
        self.assertEqual((self.agent.read("file"), self.agent.read("full/file")), (b"a", b"below"))

    def test_leaving(self):
        """current: POST /files/move: 1403 for a path that leaves the workspace, on either side"""
        self.check_leaving()

    def test_senseless(self):
        """current: POST /files/move: 1422 into itself, and for the workspace"""
        self.check_senseless()

    def test_rejected(self):
        """current: POST /files/move: what is refused before it is looked at"""
        self.agent.write("file")
        self.check_rejections("move", ["source", "destination"], {"overwrite": True})
        self.assertTrue(os.path.exists(self.agent.path("file")))

    def test_race(self):
        """current: POST /files/move: of many that move to one name at once, one gets there and none is lost"""
        for number in range(40):
            self.agent.write(f"racer-{number}", str(number).encode())
        replies = []
        threads = [threading.Thread(target=lambda number=number: replies.append(self.move(f"racer-{number}", "goal").json()["status"]))
                   for number in range(40)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(sorted(replies), [0] + [1409] * 39)
        names = set(os.listdir(self.agent.workspace)) - {"way-out"}
        self.assertEqual(sorted(int(self.agent.read(name)) for name in names), list(range(40)))


class RenameTest(MoveTestCase):
    route = "rename"
    names = ("oldPath", "newPath")

    def test_renames(self):
        """current: POST /files/rename: files, folders and links as such, also to another folder"""
        self.check_moves()

    def test_bytes(self):
        """current: POST /files/rename: oldPathBytes and newPathBytes in place of the two"""
        self.check_bytes()

    def test_missing(self):
        """current: POST /files/rename: 1404 when there is nothing"""
        self.check_missing()

    def test_exists(self):
        """current: POST /files/rename: 1409 when the new path exists"""
        self.check_exists()

    def test_no_overwrite(self):
        """current: POST /files/rename: 1409 whatever overwrite says, which is no member of it"""
        self.agent.write("a", b"a")
        self.agent.write("b", b"b")
        self.assert_failure(self.move("a", "b", overwrite=True), 1409)

    def test_leaving(self):
        """current: POST /files/rename: 1403 for a path that leaves the workspace, on either side"""
        self.check_leaving()

    def test_senseless(self):
        """current: POST /files/rename: 1422 into itself, and for the workspace"""
        self.check_senseless()

    def test_rejected(self):
        """current: POST /files/rename: what is refused before it is looked at"""
        self.agent.write("file")
        self.check_rejections("rename", ["oldPath", "newPath"], {})


class ChmodTest(FilesTestCase):
    def get_mode(self, name):
        return stat.S_IMODE(os.lstat(self.agent.path(name)).st_mode)

    def test_modes(self):
        """current: POST /files/chmod: the mode as 755, 0755 or 0o755"""
        self.agent.write("file")
        os.mkdir(self.agent.path("folder"))
        os.symlink("file", self.agent.path("link"))
        for mode, expected in (("755", 0o755), ("0640", 0o640), ("0o700", 0o700), ("0", 0), ("4711", 0o4711), ("02755", 0o2755)):
            self.assert_success(self.post("chmod", path="file", mode=mode))
            self.assertEqual(self.get_mode("file"), expected)
        self.assert_success(self.post("chmod", path=self.agent.path("folder"), mode="711", recursive=False))
        self.assertEqual(self.get_mode("folder"), 0o711)
        self.assert_success(self.post("chmod", path="link", mode="600"))
        self.assertEqual(self.get_mode("file"), 0o600)
        self.assert_success(self.post("chmod", path=".", mode="0755"))

    def test_recursive(self):
        """current: POST /files/chmod: with recursive all that is in a folder, and nothing behind its links"""
        for name in ("folder/sub/file", "folder/file", "other"):
            self.agent.write(name)
            os.chmod(self.agent.path(name), 0o644)
        os.chmod(self.agent.path("../outside/secret"), 0o644)
        os.symlink("../../outside/secret", self.agent.path("folder/out"))
        os.symlink("../other", self.agent.path("folder/link"))
        self.assert_success(self.post("chmod", path="folder", mode="0750", recursive=True))
        for name in ("folder", "folder/sub", "folder/sub/file", "folder/file"):
            self.assertEqual(self.get_mode(name), 0o750)
        self.assertEqual((self.get_mode("other"), self.get_mode("../outside/secret")), (0o644, 0o644))

    def test_owner(self):
        """current: POST /files/chmod: the owner as user, user:group or :group, by name or number"""
        self.agent.write("file")
        own = (os.getuid(), os.getgid())
        cases = [(f"{own[0]}", own), (f"{own[0]}:{own[1]}", own), (f":{own[1]}", own)]
        if own[0] == 0:
            cases += [("nobody", (65534, 0)), ("root:12345", (0, 12345)), (":daemon", (0, 1)), ("12345:54321", (12345, 54321))]
        for owner, expected in cases:
            with self.subTest(owner=owner):
                self.assert_success(self.post("chmod", path="file", mode="4750", owner=owner))
                status = os.stat(self.agent.path("file"))
                self.assertEqual((status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)), (*expected, 0o4750))

    def test_bytes(self):
        """current: POST /files/chmod: pathBytes in place of path"""
        name = os.fsencode(self.agent.workspace) + b"/" + NOT_TEXT
        os.mkdir(name)
        self.assert_success(self.post("chmod", pathBytes=to_base64(NOT_TEXT), mode="0700"))
        self.assertEqual(stat.S_IMODE(os.stat(name).st_mode), 0o700)

    def test_missing(self):
        """current: POST /files/chmod: 1404 when there is nothing"""
        os.symlink("nowhere", self.agent.path("broken"))
        for path in ("missing", "missing/below", "broken"):
            self.assert_failure(self.post("chmod", path=path, mode="755"), 1404)

    def test_no_mode(self):
        """current: POST /files/chmod: 1422 for a mode that is none"""
        self.agent.write("file")
        os.chmod(self.agent.path("file"), 0o640)
        for mode in ("", "8", "999", "0o", "0x1ff", "u+x", "-1", "10000", " 755", "755 ", "rwxr-xr-x"):
            with self.subTest(mode=mode):
                self.assert_failure(self.post("chmod", path="file", mode=mode), 1422)
        self.assertEqual(self.get_mode("file"), 0o640)

    def test_no_owner(self):
        """current: POST /files/chmod: 1422 for an owner that is none; the mode stays too"""
        self.agent.write("file")
        os.chmod(self.agent.path("file"), 0o640)
        for owner in ("", ":", "root:", "no-such-user", ":no-such-group", "root:no-such-group", "-1", "4294967295", "1:2:3"):
            with self.subTest(owner=owner):
                self.assert_failure(self.post("chmod", path="file", mode="0755", owner=owner), 1422)
        self.assertEqual(self.get_mode("file"), 0o640)

    def test_owner_alone(self):
        """current: POST /files/chmod: an owner without a mode, which stays as it is"""
        self.agent.write("folder/file")
        os.chmod(self.agent.path("folder/file"), 0o640)
        owner = f"{os.getuid()}:{os.getgid()}"
        self.assert_success(self.post("chmod", path="folder", owner=owner, recursive=True))
        self.assertEqual(self.get_mode("folder/file"), 0o640)
        self.assert_failure(self.post("chmod", path="folder", owner="no-such-user"), 1422)

    def test_leaving(self):
        """current: POST /files/chmod: 1403 for a path that leaves the workspace"""
        os.chmod(self.outside, 0o755)
        for path in [*self.leaving_paths(), "way-out"]:
            self.assert_failure(self.post("chmod", path=path, mode="0711", recursive=True), 1403)
        self.assertEqual(self.get_mode("../outside"), 0o755)

    def test_rejected(self):
        """current: POST /files/chmod: what is refused before it is looked at"""
        self.agent.write("file")
        self.check_rejections("chmod", ["path"], {"mode": "755", "owner": "root", "recursive": True})
        self.assert_rejected(self.post("chmod", path="file", owner=None), 422)
        self.assert_rejected(self.post("chmod", path="file"), 422)
        self.assert_rejected(self.post("chmod", path="file", mode=755), 422)


if __name__ == "__main__":
    tap.main()
