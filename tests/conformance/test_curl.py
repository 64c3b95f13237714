#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""curl, as somebody uses it from a shell."""
import base64
import json
import os
import re
import subprocess
import unittest

import tap
from agent import Agent

JSON = ("-H", "Content-Type: application/json")
SMALL, LARGE = b"line\n\0\xff" * 100, os.urandom(3 << 20)


class CurlTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.agent = Agent("--max-file-size", str(4 << 20))
        cls.addClassCleanup(cls.agent.stop)
        cls.agent.write("small", SMALL)
        cls.agent.write("large", LARGE)
        cls.local = os.path.join(cls.agent.folder, "local")
        os.mkdir(cls.local)
        for name, content in (("large.json", {"path": "made", "content": base64.b64encode(LARGE).decode(), "encoding": "base64"}),
                              ("too-large.json", {"path": "refused", "content": "x" * (5 << 20)}), ("read.json", {"path": "small"})):
            with open(os.path.join(cls.local, name), "w") as file:
                json.dump(content, file)

        with open(os.path.join(cls.local, "large.bin"), "wb") as file:
            file.write(LARGE)

    def curl(self, *arguments, paths=("/health",), expected=0, stdin=subprocess.DEVNULL):
        """What it printed on both streams; with -v the second tells of the protocol."""
        urls = [self.agent.url + path for path in paths]
        ended = subprocess.run(["curl", "--silent", "--show-error", "--no-progress-meter", "-v", "--noproxy", "*", "-m", "20", *arguments, *urls],
                               cwd=self.local, capture_output=True, stdin=stdin)
        self.assertEqual(ended.returncode, expected, ended.stderr)
        return ended.stdout, ended.stderr.decode()

    def status(self, log):
        return [int(status) for status in re.findall(r"^< HTTP/1\.1 (\d+) ", log, re.M)]

    def test_get(self):
        body, log = self.curl()
        self.assertEqual(json.loads(body)["status"], "healthy")
        self.assertIn("< Content-Type: application/json", log)

    def test_head(self):
        body, log = self.curl("-I")
        self.assertRegex(body.decode(), r"(?i)\r\nContent-Length: [1-9]\d*\r\n")
        self.assertEqual(body.split(b"\r\n\r\n")[1], b"")

    def test_download(self):
        for name, content in (("small", SMALL), ("large", LARGE)):
            body, _ = self.curl(*JSON, "-d", json.dumps({"path": name}), paths=("/files/read",))
            self.assertEqual(body, content)

    def test_compression_is_not_forced(self):
        body, log = self.curl("--compressed", *JSON, "-d", '{"path":"large"}', paths=("/files/read",))
        self.assertEqual(body, LARGE)
        self.assertNotIn("Content-Encoding", log)

    def test_expect(self):
        """curl asks before it sends much."""
        body, log = self.curl(*JSON, "-H", "Expect: 100-continue", "--expect100-timeout", "20", "-d", "@large.json", paths=("/files/write",))
        self.assertEqual(self.status(log), [100, 200])
        self.assertEqual(json.loads(body)["size"], len(LARGE))
        self.assertEqual(self.agent.read("made"), LARGE)

    def test_expect_refused(self):
        """A declared length past the limit: no byte of the body is sent."""
        size = json.dumps({"path": "refused", "content": ""})
        body, log = self.curl(*JSON, "-H", "Expect: 100-continue", "--expect100-timeout", "20", "-H", f"Content-Length: {1 << 40}", "-d", size,
                              "-w", "%{size_upload}", paths=("/files/write",))
        self.assertEqual(self.status(log), [413])
        self.assertEqual(body[-1:], b"0")

    def test_too_large(self):
        body, log = self.curl(*JSON, "-d", "@too-large.json", paths=("/files/write",))
        self.assertEqual(self.status(log)[-1], 413)
        self.assertEqual(json.loads(body)["code"], "FILE_TOO_LARGE")
        self.assertFalse(os.path.exists(self.agent.path("refused")))

    def test_chunked(self):
        for body, size in (("@large.json", len(LARGE)), ('{"path":"made","content":"x"}', 1)):
            reply, _ = self.curl(*JSON, "-H", "Transfer-Encoding: chunked", "-d", body, paths=("/files/write",))
            self.assertEqual(json.loads(reply)["size"], size)

    def test_data_binary(self):
        reply, _ = self.curl(*JSON, "--data-binary", "@read.json", paths=("/files/read",))
        self.assertEqual(reply, SMALL)

    def test_upload_with_put(self):
        """-T is a PUT, which no route takes."""
        for arguments in (("-T", "read.json"), ("-T", "-"), ("-T", "large.json")):
            _, log = self.curl(*arguments, paths=("/files/write",))
            self.assertEqual(self.status(log)[-1], 405)
            self.assertRegex(log, r"< Allow: .*POST")

    def test_form(self):
        """A form where JSON is wanted"""
        for arguments in (("-F", "path=x", "-F", "file=@read.json"), ("-d", "path=x"), ("-H", "Content-Type;", "-d", "{}")):
            body, log = self.curl(*arguments, "-H", f"Origin: {self.agent.url}", paths=("/files/read",))
            self.assertEqual(self.status(log)[-1], 415)
            self.assertEqual(json.loads(body)["code"], "VALIDATION_ERROR")

    def test_keep_alive(self):
        _, log = self.curl(paths=("/health",) * 5)
        self.assertEqual(self.status(log), [200] * 5)
        self.assertEqual(len(re.findall(r"^\* +Trying ", log, re.M)), 1)
        self.assertEqual(log.count("< Keep-Alive: timeout=360"), 5)

    def test_keep_alive_after_errors(self):
        """What was read whole before it failed leaves the connection as it was."""
        _, log = self.curl(*JSON, "-d", '{"path":"nothing"}', paths=("/files/read", "/process/exec", "/files/read"))
        self.assertEqual(self.status(log), [404, 400, 404])
        self.assertEqual(len(re.findall(r"^\* +Trying ", log, re.M)), 1)

    def test_http_1_0(self):
        body, log = self.curl("--http1.0", paths=("/health", "/health"))
        self.assertEqual(self.status(log), [200, 200])
        self.assertEqual(len(re.findall(r"^\* +Trying ", log, re.M)), 2)
        self.assertNotIn("Transfer-Encoding", log)
        body, _ = self.curl("--http1.0", *JSON, "-d", '{"path":"large"}', paths=("/files/read",))
        self.assertEqual(body, LARGE)

    def test_http_2_is_not_there(self):
        body, log = self.curl("--http2")
        self.assertEqual(self.status(log), [200])
        self.assertNotIn("101", log.split("< HTTP")[1][:20])

    def test_parallel(self):
        _, log = self.curl("-Z", "--parallel-max", "10", "--parallel-immediate", paths=("/health",) * 40)
        self.assertEqual(self.status(log), [200] * 40)

    def test_exec(self):
        body, _ = self.curl("--json", json.dumps({"command": "printf", "args": ["%s", "a b"]}), paths=("/process/exec",))
        self.assertEqual(json.loads(body)["stdout"], "a b")

    def test_interrupted_download(self):
        """curl hangs up in the middle, and nobody minds."""
        self.curl(*JSON, "-d", '{"path":"large"}', "--max-filesize", "1000", paths=("/files/read",), expected=63)
        self.test_get()

    def test_interrupted_upload(self):
        self.curl(*JSON, "-d", "@large.json", "--limit-rate", "200K", "-m", "1", paths=("/files/write",), expected=28)
        self.assertEqual([name for name in os.listdir(self.agent.workspace) if name.startswith(".")], [])
        self.test_get()

    def test_raw_upload(self):
        """The current dialect takes the body of a file as it is."""
        for arguments in (("-X", "POST", "-T", "large.bin"), ("--data-binary", "@large.bin", "-H", "Content-Type: application/octet-stream"),
                          ("-X", "POST", "-T", "-", "-H", "Expect:"), ("-X", "POST", "-T", "large.bin", "-H", "Transfer-Encoding: chunked")):
            with open(os.path.join(self.local, "large.bin"), "rb") as file:
                body, _ = self.curl(*arguments, paths=("/api/v1/files/write?path=raw/made",), stdin=file)
            self.assertEqual((json.loads(body)["status"], json.loads(body)["size"]), (0, len(LARGE)))
            self.assertEqual(self.agent.read("raw/made"), LARGE)

    def test_file_by_form(self):
        body, _ = self.curl("-F", "path=form/made", "-F", "file=@large.bin", paths=("/api/v1/files/write",))
        self.assertEqual((json.loads(body)["status"], json.loads(body)["size"]), (0, len(LARGE)))
        self.assertEqual(self.agent.read("form/made"), LARGE)

    def test_files_by_form(self):
        """Several files, whose names are their paths"""
        body, _ = self.curl("-F", "files=@large.bin;filename=batch/a/large", "-F", "files=@read.json;filename=batch/你好", "-F", "file=@read.json;filename=../out",
                            paths=("/api/v1/files/batch-upload",))
        answer = json.loads(body)
        self.assertEqual((answer["status"], answer["totalFiles"], answer["successCount"]), (0, 3, 2))
        self.assertEqual([result["success"] for result in answer["results"]], [True, True, False])
        self.assertEqual(self.agent.read("batch/a/large"), LARGE)
        self.assertIn(b"small", self.agent.read("batch/你好"))

    def test_download_by_its_name(self):
        self.curl("-O", "-J", paths=("/api/v1/files/download?path=large",))
        with open(os.path.join(self.local, "large"), "rb") as file:
            self.assertEqual(file.read(), LARGE)

    def test_archive(self):
        """A tree goes through curl and tar, and comes back."""
        self.agent.write("tree/a/small", SMALL)
        self.agent.write("tree/large", LARGE)
        archive, _ = self.curl("--json", '{"paths":["tree"],"format":"tar.gz"}', paths=("/api/v1/files/batch-download",))
        listing = subprocess.run(["tar", "tz"], input=archive, capture_output=True, check=True).stdout.decode()
        self.assertIn("tree/a/small", listing.split())
        with open(os.path.join(self.local, "tree.tar.gz"), "wb") as file:
            file.write(archive)
        body, _ = self.curl("-T", "tree.tar.gz", paths=("/api/v1/files/archive?path=copy",))
        self.assertEqual(json.loads(body)["status"], 0)
        self.assertEqual((self.agent.read("copy/tree/a/small"), self.agent.read("copy/tree/large")), (SMALL, LARGE))

    def test_events(self):
        """Events are there as they are written: -N buffers nothing."""
        body, log = self.curl("-N", "--json", '{"command":"sh","args":["-c","echo one; echo two >&2"]}', paths=("/api/v1/process/sync-stream",))
        self.assertIn("< Content-Type: text/event-stream", log)
        self.assertIn(b"one", body)
        self.assertRegex(body.decode(), r"(?s)data: .*complete|event: complete")

    def test_token(self):
        with Agent(environment={"TOKEN": "s3same"}) as agent:
            for token, status in (("s3same", 404), ("wrong", 401)):
                ended = subprocess.run(["curl", "-s", "--noproxy", "*", "-o", "-", "-w", "%{http_code}", "--oauth2-bearer", token, agent.url + "/nothing"],
                                       capture_output=True, text=True)
                self.assertTrue(ended.stdout.endswith(str(status)), ended.stdout)

    def test_paths_as_they_are(self):
        for path in ("/health/../files/read", "/%2e%2e/health", "//health", "/health/", "/health%00"):
            _, log = self.curl("--path-as-is", paths=(path,))
            self.assertIn(self.status(log)[0], (400, 404), path)


if __name__ == "__main__":
    tap.main()
