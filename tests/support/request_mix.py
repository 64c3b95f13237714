# SPDX-License-Identifier: LGPL-2.1-or-later
"""Mixed requests against an agent: every route of both dialects, well and badly used, in an order that a seed tells.

A route that the sources do not have yet is left out; one that they have needs a row (check_rows).
"""
import base64
import http.client
import io
import json
import os
import random
import re
import socket
import tarfile
from pathlib import Path

from agent import frame

# In texts, {n} is a small number, {secret} what must show up in no log; {process}, {pid} and {session} are one of those that
# the agent named last, or one that never was.


def row(method, route, body=None, argument="", query="", **fields):
    """body: an object for JSON, or bytes. argument: for the {} of the route. fields: of the head, with _ for -."""
    return method, route, body, argument, query, fields


def multipart(name, *files):
    """The body and its content type."""
    parts = "".join(f'--line\r\nContent-Disposition: form-data; name="{name}"; filename="{path}"\r\n\r\n{content}\r\n' for path, content in files)
    return {"body": (parts + "--line--\r\n").encode(), "Content_Type": "multipart/form-data; boundary=line"}


def tar(*files):
    """The body of an archive with these names and contents."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as writer:
        for name, content in files:
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            writer.addfile(entry, io.BytesIO(content))
    return archive.getvalue()


SECRET_ENV = {"env": {"SECRET": "{secret}"}}
LARGE = "0123456789abcdef" * 8000
BASE64 = base64.b64encode(bytes(range(256)) * 100).decode()
API = "/api/v1"

ROWS = [
    # Both, and classic
    row("GET", "/health"),
    row("GET", "/health", query="secret={secret}"),
    row("GET", "/health", Authorization="Bearer wrong-{secret}"),
    row("HEAD", "/health"),
    row("POST", "/files/write", {"path": "a/{n}.txt", "content": "text {n} {secret}"}),
    row("POST", "/files/write", {"content": BASE64, "encoding": "base64", "path": "b/{n}.bin"}),
    row("POST", "/files/write", {"content": LARGE, "path": "large-{n}", "permissions": "0640"}),
    row("POST", "/files/write", {"path": "../{secret}", "content": "x"}),
    row("POST", "/files/write", {"path": "a", "content": 1}),
    row("POST", "/files/write", b'{"path":"cut","content":"abc'),
    row("POST", "/files/read", {"path": "a/{n}.txt"}),
    row("POST", "/files/read", {"path": "large-{n}", "encoding": "base64"}),
    row("POST", "/files/read", {"path": "large-{n}"}),
    row("POST", "/files/read", {"path": "a"}),
    row("POST", "/files/read", {"path": "/etc/passwd"}),
    row("POST", "/files/read", {"pathBytes": "//4="}),
    row("POST", "/files/delete", {"path": "a/{n}.txt"}),
    row("POST", "/files/delete", {"path": "b", "recursive": True}),
    row("POST", "/files/delete", {"path": "."}),
    row("POST", "/files/batch-upload", {"files": [{"path": "c/{n}", "content": "{secret}"}, {"path": "../x", "content": "x"},
                                                  {"path": "c/b", "content": BASE64, "encoding": "base64"}]}),
    row("POST", "/files/batch-upload", {"files": [1]}),
    row("POST", "/process/exec", {"command": "echo", "args": ["{n}"], **SECRET_ENV}),
    row("POST", "/process/exec", {"command": "cat; exit {n}", "shell": True, "cwd": "a", **SECRET_ENV}),
    row("POST", "/process/exec", {"command": "head -c 100000 /dev/urandom; kill -9 $$", "shell": True}),
    row("POST", "/process/exec", {"command": "sleep 5", "shell": True, "timeout": 30}),
    row("POST", "/process/exec", {"command": "no-such-command", **SECRET_ENV}),
    row("POST", "/process/exec", {"command": "true", "env": {"A=B": "{secret}"}}),
    row("POST", "/process/exec", {"command": "true", "cwd": "missing"}),
    row("GET", "/process/status/{}", argument="{pid}"),
    row("GET", "/process/status/{}", argument="x{n}"),
    row("GET", "/process/status", query="pid={pid}"),
    row("GET", "/process/status"),
    row("GET", "/ws"),
    # Current
    row("GET", "/health/live"),
    row("GET", "/health/ready"),
    row("GET", API + "/files/list", query="path=.&showHidden=true&limit=5&offset={n}"),
    row("GET", API + "/files/list", query="path=missing"),
    row("GET", API + "/files/list", query="path=%00"),
    row("GET", API + "/files/read", query="path=a/{n}.txt"),
    row("GET", API + "/files/read", query="path=large-{n}"),
    row("GET", API + "/files/read", query="path=../x"),
    row("GET", API + "/files/download", query="path=b/{n}.bin"),
    row("POST", API + "/files/write", {"path": "a/{n}.txt", "content": "{secret}"}),
    row("POST", API + "/files/write", {"path": "a/{n}.txt", "content": BASE64, "encoding": "base64"}),
    row("POST", API + "/files/write", b"raw {secret}", query="path=raw-{n}", Content_Type="application/octet-stream"),
    row("POST", API + "/files/write", b"--line\r\nContent-Disposition: form-data; name=\"path\"\r\n\r\nd/{n}\r\n--line\r\n"
        b"Content-Disposition: form-data; name=\"file\"; filename=\"x\"\r\n\r\n{secret}\r\n--line--\r\n", Content_Type="multipart/form-data; boundary=line"),
    row("POST", API + "/files/write", b"--line\r\nContent-Disp", Content_Type="multipart/form-data; boundary=line"),
    row("POST", API + "/files/batch-upload", **multipart("files", ("e/{n}", "{secret}"), ("../x", "x"), ("e/b", LARGE))),
    row("POST", API + "/files/batch-upload", {"files": []}),
    row("POST", API + "/files/batch-download", {"paths": ["a", "raw-{n}"]}),
    row("POST", API + "/files/batch-download", {"paths": ["a"], "format": "tar.gz"}),
    row("POST", API + "/files/batch-download", {"paths": ["a", "b"], "format": "multipart"}),
    row("POST", API + "/files/batch-download", {"paths": []}),
    row("POST", API + "/files/delete", {"path": "raw-{n}"}),
    row("POST", API + "/files/delete", {"path": "e", "recursive": True}),
    row("POST", API + "/files/move", {"source": "a/{n}.txt", "destination": "moved/{n}", "overwrite": True}),
    row("POST", API + "/files/move", {"source": "a", "destination": "a/b"}),
    row("POST", API + "/files/rename", {"oldPath": "moved/{n}", "newPath": "a/{n}.txt"}),
    row("POST", API + "/files/chmod", {"path": "a", "mode": "0755", "recursive": True}),
    row("POST", API + "/files/chmod", {"path": "a", "mode": "9"}),
    row("POST", API + "/files/search", {"dir": ".", "pattern": ".TXT"}),
    row("POST", API + "/files/search", {"dir": "missing", "pattern": "x"}),
    row("POST", API + "/files/find", {"dir": ".", "keyword": "text"}),
    row("POST", API + "/files/find", {"dir": ".", "keyword": ""}),
    row("POST", API + "/files/replace", {"files": ["a/{n}.txt", "missing", "b"], "from": "text", "to": "words"}),
    row("POST", API + "/process/exec", {"command": "sh -c 'echo {n}; sleep 0.2'", **SECRET_ENV}),
    row("POST", API + "/process/exec", {"command": "sleep 30"}),
    row("POST", API + "/process/exec", {"command": "no-such-command"}),
    row("POST", API + "/process/exec", {"command": "'"}),
    row("POST", API + "/process/exec-sync", {"command": "echo", "args": ["{n}"], **SECRET_ENV}),
    row("POST", API + "/process/exec-sync", {"command": "no-such-command"}),
    row("POST", API + "/process/sync-stream", {"command": "sh", "args": ["-c", "echo {n}; echo >&2; exit 3"]}),
    row("GET", API + "/process/list"),
    row("GET", API + "/process/{}/status", argument="{process}"),
    row("POST", API + "/process/{}/kill", argument="{process}", query="signal=SIGTERM"),
    row("POST", API + "/process/{}/kill", argument="{process}", query="signal=SIGNOTHING"),
    row("POST", API + "/process/{}/kill", argument="{process}"),
    row("GET", API + "/process/{}/logs", argument="{process}", query="tail=3"),
    row("GET", API + "/process/{}/logs", argument="{process}"),
    row("POST", API + "/sessions/create", {"workingDir": "a", **SECRET_ENV}),
    row("POST", API + "/sessions/create", {"shell": "/no/shell"}),
    row("GET", API + "/sessions"),
    row("GET", API + "/sessions/{}", argument="{session}"),
    row("POST", API + "/sessions/{}/env", SECRET_ENV, argument="{session}"),
    row("POST", API + "/sessions/{}/exec", {"command": "cd ..; echo {n}"}, argument="{session}"),
    row("POST", API + "/sessions/{}/exec", {"command": "if"}, argument="{session}"),
    row("POST", API + "/sessions/{}/cd", {"path": "a"}, argument="{session}"),
    row("POST", API + "/sessions/{}/terminate", argument="{session}"),
    row("GET", API + "/sessions/{}/logs", argument="{session}", query="tail=3"),
    row("GET", API + "/ports"),
    row("PUT", API + "/files/archive", tar(("f/1", b"x" * 5000), ("f/2", b"y")), query="path=unpacked-{n}", Content_Type="application/gzip"),
    row("PUT", API + "/files/archive", tar(("../f", b"x")), query="path=unpacked", Content_Type="application/gzip"),
    row("PUT", API + "/files/archive", tar(("f", b"x" * 5000))[:100], query="path=unpacked", Content_Type="application/gzip"),
    row("PUT", API + "/files/archive", b"no archive", query="path=unpacked", Content_Type="application/x-tar"),
    # No route, or not for this
    row("GET", None, argument="/no/such/{n}"),
    row("GET", None, argument=API + "/no/such"),
    row("DELETE", None, argument="/files/read"),
    row("POST", None, b"[]", argument="/files/read", Content_Type="application/json"),
    row("POST", None, b"{", argument="/process/exec", Content_Type="application/json"),
    row("POST", None, b"{}", argument="/files/write", Content_Type="text/plain"),
    row("OPTIONS", None, argument="/files/read", Origin="http://evil.example", Access_Control_Request_Method="POST"),
    row("GET", None, argument="/files/read", Origin="http://evil.example", Cookie="token={secret}"),
]

MESSAGES = [{"type": "watch", "path": "a"}, {"type": "watch", "path": "", "renames": True, "dotfiles": True}, {"type": "unwatch", "path": "a"},
            {"type": "watch", "path": "missing"}, {"type": 1}, {"action": "list"}, {"action": "subscribe", "type": "process", "targetId": "{process}",
            "options": {"levels": ["stdout"], "tail": 3}}, {"action": "unsubscribe", "type": "process", "targetId": "{process}"}, {"action": "{secret}"}, "no JSON"]

NOISE = [b"GET /health HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\x00", b"GET / HTTP/2.0\r\n\r\n", b"POST /files/write HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n"
         b"Transfer-Encoding: chunked\r\n\r\n", b"POST /files/write HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
         b"POST /process/exec HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"command\"", b"GET " + b"x" * 20000]

ROUTE = re.compile(r'\{ "(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS)", "([^"]+)"')


def find_routes(sources):
    """What the tables of routes in the sources hold, as (method, path)."""
    return {match for path in Path(sources, "devbox-server", "dialects").glob("*.c") for match in ROUTE.findall(path.read_text())}


def check_rows(sources):
    """The routes that no row uses."""
    return sorted(find_routes(sources) - {(method, route) for method, route, *rest in ROWS})


class Mix:
    """Sends what a seed chooses; `statuses` counts what came of each route, `errors` keeps the bodies of refusals."""

    def __init__(self, agent, seed, sources, secret="no-secret", headers=None):
        self.agent = agent
        self.random = random.Random(seed)
        self.secret = secret
        self.headers = headers or {}
        self.known = {"process": "00000000", "pid": "1", "session": "00000000"}
        self.connection = None
        self.statuses = {}
        self.errors = []
        routes = find_routes(sources)
        self.rows = [entry for entry in ROWS if entry[1] is None or (entry[0] if entry[0] != "HEAD" else "GET", entry[1]) in routes]

    def fill(self, value):
        if isinstance(value, dict):
            return {name: self.fill(member) for name, member in value.items()}
        if isinstance(value, list):
            return [self.fill(member) for member in value]
        if isinstance(value, bytes):
            return self.fill(value.decode("latin-1")).encode("latin-1")
        if not isinstance(value, str):
            return value
        for name, text in {**self.known, "n": str(self.random.randrange(5)), "secret": self.secret}.items():
            value = value.replace("{" + name + "}", text)
        return value

    def remember(self, body):
        try:
            reply = json.loads(body)
        except ValueError:
            return
        if isinstance(reply, dict):
            for name, member in (("process", "processId"), ("pid", "pid"), ("session", "sessionId")):
                if reply.get(member):
                    self.known[name] = str(reply[member])

    def send_row(self, entry):
        method, route, body, argument, query, fields = entry
        argument = self.fill(argument)
        target = argument if route is None else route.replace("{}", argument)
        fields = {name.replace("_", "-"): self.fill(value) for name, value in fields.items()}
        body = self.fill(body)
        if isinstance(body, dict):
            body = json.dumps(body)
            fields = {"Content-Type": "application/json", **fields}
        elif body is not None:
            fields = {"Content-Type": "application/json", **fields}
        if self.connection is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.agent.port, timeout=60)
        try:
            self.connection.request(method, target + (f"?{self.fill(query)}" if query else ""), body, {**self.headers, **fields})
            response = self.connection.getresponse()
            content = response.read()
        except (http.client.HTTPException, OSError):
            # A refusal before the end of the body closes the connection.
            self.connection = None
            return "closed"
        if response.will_close:
            self.connection = None
        self.remember(content)
        if response.status >= 400:
            self.errors.append(content)
        return response.status

    def send_messages(self):
        web_socket = self.agent.web_socket(self.headers)
        try:
            for _ in range(self.random.randrange(1, 6)):
                web_socket.send(self.fill(self.random.choice(MESSAGES)))
            if self.random.random() < 0.3:
                web_socket.send_raw(self.random.choice([frame(0x83), frame(0x81, b"\xff"), frame(0x81, masked=False), frame(0x88, b"\x03\xe8"), b"\x81"]))
            else:
                web_socket.send({"type": "unwatch", "path": "a"})
                for _ in range(20):
                    self.errors.append(json.dumps(web_socket.receive(0.05)).encode())
        except (EOFError, OSError):
            pass
        finally:
            web_socket.close()
        return web_socket.status

    def send_noise(self):
        with self.agent.connect() as connection:
            connection.sendall(self.random.choice(NOISE))
            if self.random.random() < 0.5:
                connection.shutdown(socket.SHUT_WR)
                try:
                    self.errors.append(connection.recv(65536))
                except OSError:
                    pass
        return "noise"

    def leave(self):
        """Asks, and goes before the answer."""
        with self.agent.connect() as connection:
            body = json.dumps(self.fill(self.random.choice([{"command": "sleep 0.1; head -c 100000 /dev/zero", "shell": True}, {"command": "sleep", "args": ["9"]}])))
            lines = {"Host": "localhost", "Content-Type": "application/json", "Content-Length": str(len(body)), **self.headers}
            head = "POST /process/exec HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items()) + "\r\n"
            connection.sendall((head + body).encode())
        return "left"

    def send_one(self):
        choice = self.random.randrange(100)
        if choice < 4:
            return "WS messages", self.send_messages()
        if choice < 7:
            return "noise", self.send_noise()
        if choice < 9:
            return "clients that leave", self.leave()
        entry = self.random.choice(self.rows)
        return f"{entry[0]} {entry[1]}", self.send_row(entry)

    def run(self, count):
        # Each row once, then at random.
        for entry in self.rows[:count]:
            self.note(f"{entry[0]} {entry[1]}", self.send_row(entry))
        for _ in range(count - len(self.rows)):
            self.note(*self.send_one())

    def note(self, name, status):
        outcomes = self.statuses.setdefault(name, {})
        outcomes[status] = outcomes.get(status, 0) + 1

    def internal_errors(self):
        """The routes that answered 500, which nothing in here may bring about."""
        return sorted(name for name, outcomes in self.statuses.items() if 500 in outcomes)


def choose_seed():
    """DEVBOX_TEST_SEED repeats a run; printed as a comment of the test protocol."""
    seed = int(os.environ.get("DEVBOX_TEST_SEED") or random.SystemRandom().randrange(1 << 31))
    print(f"# seed {seed}", flush=True)
    return seed
