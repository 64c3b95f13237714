#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every error code of the client, and each way in which it comes about: one table for all languages.

As a program it starts what the cases need - agents, a platform, a server that says what it is told to say, listeners that say
nothing - and runs `error_cases.py PROGRAM [ARGUMENT …] CASES`, where CASES is a key file with one group for each case. What its
keys mean is told at Case.
"""
import contextlib
import dataclasses
import http.server
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading

from agent import Agent, unprivileged, with_small_disk
from local_platform import API, Platform

# code: (family, the HTTP status that it usually has)
CODES = {
    "INTERNAL_ERROR": ("OTHER", 500),
    "AUTHENTICATION_FAILED": ("AUTHENTICATION", 401),
    "INVALID_KUBECONFIG": ("AUTHENTICATION", 400),
    "CONNECTION_FAILED": ("CONNECTION", 502),
    "CONNECTION_TIMEOUT": ("CONNECTION", 504),
    "CONNECTION_POOL_EXHAUSTED": ("CONNECTION", 503),
    "DEVBOX_NOT_FOUND": ("DEVBOX_NOT_FOUND", 404),
    "DEVBOX_CREATION_FAILED": ("OTHER", 500),
    "FILE_NOT_FOUND": ("FILE_OPERATION", 404),
    "FILE_TOO_LARGE": ("FILE_OPERATION", 413),
    "FILE_TRANSFER_FAILED": ("FILE_OPERATION", 500),
    "PATH_TRAVERSAL_DETECTED": ("FILE_OPERATION", 403),
    "SERVER_UNAVAILABLE": ("CONNECTION", 503),
    "HEALTH_CHECK_FAILED": ("CONNECTION", 503),
    "OPERATION_TIMEOUT": ("CONNECTION", 408),
    "VALIDATION_ERROR": ("VALIDATION", 400),
    "UNAUTHORIZED": ("AUTHENTICATION", 401),
    "INVALID_TOKEN": ("AUTHENTICATION", 401),
    "TOKEN_EXPIRED": ("AUTHENTICATION", 401),
    "INSUFFICIENT_PERMISSIONS": ("AUTHENTICATION", 403),
    "DEVBOX_NOT_READY": ("CONNECTION", 503),
    "DEVBOX_OPERATION_FAILED": ("OTHER", 500),
    "CONFLICT": ("OTHER", 409),
    "PROCESS_NOT_FOUND": ("OTHER", 404),
    "SESSION_NOT_FOUND": ("OTHER", 404),
    "DISK_FULL": ("FILE_OPERATION", 507),
    "RATE_LIMITED": ("CONNECTION", 429),
    "PAYMENT_REQUIRED": ("CONNECTION", 402),
}
TOKEN = "token-of-the-error-cases"
STALL, STALL_BODY = "stall", "stall-body"


@dataclasses.dataclass
class Case:
    name: str
    code: str
    call: str                    # which one, with `first` and `second` as its arguments
    first: str = ""
    second: str = ""
    agent: str = ""              # where the call goes: a peer of Peers, whose address the key file has
    platform: str = ""
    token: str = TOKEN
    timeout: int = 10000         # of the client, in milliseconds
    retries: int = 0
    pool_size: int = 0           # 0: what it is
    connection_timeout: int = 0
    busy: bool = False           # beside a call that gets no answer
    deadline: bool = False       # it ends when the time-out passes, no earlier and not much later
    sent: bool = True            # there was a request
    status: int = 0              # what DevboxErrorInfo tells
    code_name: str = ""          # "": that of the code
    attempts: int = -1           # -1: whatever
    retry_after: int = 0
    path: str = ""               # "": whatever
    value: str = ""
    says: object = None          # the scripted peer's reply: (status, body[, headers]), STALL or STALL_BODY
    dialect: str = "classic"     # that the scripted peer speaks
    later: object = None         # what the platform "found" says when it is asked again, after the agent

    def __post_init__(self):
        self.family = CODES[self.code][0]


def failure(code, message="It failed"):
    return {"success": False, "error": message, "code": code}


def by_name():
    """The classic dialect and the platform name the code; what they know is more than what one of them says today."""
    for code, (_, status) in CODES.items():
        yield Case(f"classic code {code}", code, "delete-file", "a", agent="scripted", status=status, says=(status, failure(code)))
        yield Case(f"platform code {code}", code, "get-instance", "box", platform="scripted", status=status, says=(status, {"error": "It failed", "code": code}))
        yield Case(f"code {code} with another status", code, "delete-file", "a", agent="scripted", status=500, says=(500, failure(code)))
        yield Case(f"envelope with code {code}", code, "delete-file", "a", agent="scripted", dialect="current", status=500,
                   says=(200, {"status": 1500, "message": "It failed", "code": code}))
        yield Case(f"platform 200 with code {code}", code, "delete-instance", "box", platform="scripted", status=200, says=(200, {"error": "It failed", "code": code}))
    yield Case("classic 200 without success", "FILE_TRANSFER_FAILED", "replace-file", "a", "content", agent="scripted", status=200, says=(200, failure("FILE_TRANSFER_FAILED")))
    yield Case("unknown code", "INSUFFICIENT_PERMISSIONS", "delete-file", "a", agent="scripted", status=403, code_name="QUOTA_OF_TOMORROW",
               says=(403, failure("QUOTA_OF_TOMORROW")))
    yield Case("unhealthy", "HEALTH_CHECK_FAILED", "get-agent-info", agent="scripted", status=503, says=(503, failure("HEALTH_CHECK_FAILED")))


BARE = {400: "VALIDATION_ERROR", 401: "AUTHENTICATION_FAILED", 402: "PAYMENT_REQUIRED", 403: "INSUFFICIENT_PERMISSIONS", 404: "FILE_NOT_FOUND", 405: "VALIDATION_ERROR",
        408: "OPERATION_TIMEOUT", 409: "CONFLICT", 413: "FILE_TOO_LARGE", 415: "VALIDATION_ERROR", 418: "VALIDATION_ERROR", 429: "RATE_LIMITED", 500: "INTERNAL_ERROR",
        501: "INTERNAL_ERROR", 502: "SERVER_UNAVAILABLE", 503: "SERVER_UNAVAILABLE", 504: "CONNECTION_TIMEOUT", 507: "DISK_FULL", 302: "VALIDATION_ERROR"}
PLATFORM = {400: "VALIDATION_ERROR", 401: "AUTHENTICATION_FAILED", 402: "PAYMENT_REQUIRED", 403: "INSUFFICIENT_PERMISSIONS", 404: "DEVBOX_NOT_FOUND", 409: "CONFLICT",
            429: "RATE_LIMITED", 500: "INTERNAL_ERROR", 503: "SERVER_UNAVAILABLE", 504: "CONNECTION_TIMEOUT"}
ENVELOPE = {1400: "VALIDATION_ERROR", 1401: "AUTHENTICATION_FAILED", 401: "AUTHENTICATION_FAILED", 1403: "PATH_TRAVERSAL_DETECTED", 1404: "FILE_NOT_FOUND", 1409: "CONFLICT",
            1422: "VALIDATION_ERROR", 413: "FILE_TOO_LARGE", 429: "RATE_LIMITED", 1500: "INTERNAL_ERROR", 1600: "DEVBOX_OPERATION_FAILED", 7: "INTERNAL_ERROR"}
# What the call was after decides on the meaning of these.
MEANINGS = [
    (404, "PROCESS_NOT_FOUND", "get-process-status", "7", "agent"),
    (404, "DEVBOX_NOT_FOUND", "get-agent-info", "", "agent"),
    (404, "DEVBOX_NOT_FOUND", "start-instance", "box", "platform"),
    (404, "DEVBOX_NOT_FOUND", "load-file-of", "box", "platform"),
    (500, "DEVBOX_CREATION_FAILED", "create-instance", "box", "platform"),
    (500, "DEVBOX_OPERATION_FAILED", "start-instance", "box", "platform"),
    (402, "PAYMENT_REQUIRED", "create-instance", "box", "platform"),
    (409, "CONFLICT", "create-instance", "box", "platform"),
]


def by_status():
    for status, code in BARE.items():
        yield Case(f"bare {status}", code, "delete-file", "a", agent="scripted", status=status, says=(status, None))
    for status, code in PLATFORM.items():
        yield Case(f"platform {status}", code, "get-instance", "box", platform="scripted", status=status, says=(status, {"error": "It failed"}))
        yield Case(f"platform 200 with {status}", code, "get-instance", "box", platform="scripted", status=status,
                   says=(200, {"code": status, "statusText": "", "message": "It failed", "data": None}))
    for status, code in ENVELOPE.items():
        http_status = status - 1000 if 1400 <= status < 1600 else status if status >= 400 and status < 600 else 200
        yield Case(f"envelope {status}", code, "delete-file", "a", agent="scripted", dialect="current", status=http_status, says=(200, {"status": status, "message": "It failed"}))
    for status, code, call, first, where in MEANINGS:
        yield Case(f"{call} {status}", code, call, first, status=status, says=(status, None), **{where: "scripted"})
    yield Case("session envelope", "SESSION_NOT_FOUND", "get-session", "s", agent="scripted", dialect="current", status=404, says=(200, {"status": 1404, "message": "No"}))
    yield Case("process envelope", "PROCESS_NOT_FOUND", "get-process-status", "7", agent="scripted", dialect="current", status=404, says=(200, {"status": 1404, "message": "No"}))
    yield Case("read envelope", "FILE_NOT_FOUND", "load-file", "a", agent="scripted", dialect="current", status=404, says=(200, {"status": 1404, "message": "No"}))
    yield Case("wait", "RATE_LIMITED", "delete-file", "a", agent="scripted", status=429, retry_after=7000, attempts=1, says=(429, None, {"Retry-After": "7"}))
    yield Case("three times", "SERVER_UNAVAILABLE", "load-file", "a", agent="scripted", status=503, retries=2, attempts=3, says=(503, None))


def real():
    """As the real agent and the real platform have it, and what the client finds out itself."""
    yield Case("missing file", "FILE_NOT_FOUND", "load-file", "missing", agent="agent", status=404, path="missing")
    yield Case("too large", "FILE_TOO_LARGE", "replace-file", "large", "x" * 2000, agent="agent", status=413)
    yield Case("disk full", "DISK_FULL", "replace-file", "large", "x" * 200000, agent="small", status=500)
    yield Case("a link that leads out", "PATH_TRAVERSAL_DETECTED", "load-file", "out/passwd", agent="agent", status=403)
    yield Case("a path that leads out", "PATH_TRAVERSAL_DETECTED", "load-file", "../passwd", agent="agent", sent=False, attempts=0, value="../passwd")
    yield Case("no path", "VALIDATION_ERROR", "load-file", "", agent="agent", sent=False, attempts=0)
    yield Case("a folder is no file", "VALIDATION_ERROR", "load-file", "folder", agent="agent", status=422)
    yield Case("no name of a devbox", "VALIDATION_ERROR", "get-instance", "No/Name", platform="platform", sent=False, attempts=0, value="No/Name")
    yield Case("wrong token", "AUTHENTICATION_FAILED", "load-file", "file", agent="agent", token="wrong", status=401)
    yield Case("unreadable", "INSUFFICIENT_PERMISSIONS", "load-file", "unreadable", agent="agent", status=403)
    yield Case("target exists", "CONFLICT", "move", "file", "other", agent="agent", status=409)
    yield Case("no process", "PROCESS_NOT_FOUND", "get-process-status", "2147483647", agent="agent", status=200)
    yield Case("no session", "SESSION_NOT_FOUND", "get-session", "missing", agent="agent", status=404)
    yield Case("long command", "OPERATION_TIMEOUT", "run", "sleep 60", "50", agent="agent", status=408)
    yield Case("no devbox", "DEVBOX_NOT_FOUND", "get-instance", "missing", platform="platform", status=404, path="missing")
    yield Case("no devbox of the file", "DEVBOX_NOT_FOUND", "load-file-of", "missing", "a", platform="platform", status=404)
    yield Case("same name", "CONFLICT", "create-instance", "stopped", platform="platform", status=409)
    yield Case("wrong credential", "AUTHENTICATION_FAILED", "get-instance", "missing", platform="platform", token="wrong", status=401)
    yield Case("stopped devbox", "DEVBOX_NOT_READY", "load-file-of", "stopped", "a", platform="platform", sent=False)
    yield Case("broken kubeconfig", "INVALID_KUBECONFIG", "load-kubeconfig", "broken", sent=False, attempts=0)
    yield Case("missing kubeconfig", "INVALID_KUBECONFIG", "load-kubeconfig", "missing", sent=False, attempts=0)
    yield Case("nobody listens", "CONNECTION_FAILED", "load-file", "a", agent="closed")
    yield Case("no platform listens", "CONNECTION_FAILED", "get-instance", "box", platform="closed")
    yield Case("pool exhausted", "CONNECTION_POOL_EXHAUSTED", "load-file", "a", agent="scripted", pool_size=1, connection_timeout=50, busy=True, says=STALL)
    yield Case("sizes differ", "FILE_TRANSFER_FAILED", "replace-file", "a", "content", agent="scripted", status=200, says=(200, {"success": True, "path": "a", "size": 3}))
    yield Case("no JSON", "INTERNAL_ERROR", "delete-file", "a", agent="scripted", status=200, says=(200, "no JSON"))


def detail(status, url):
    return 200, {"data": {"name": "box", "status": status, "ports": [{"number": 3000, "publicAddress": url}]}}


def gateway():
    """What is in front of an agent knows no devbox; the platform is asked."""
    for status in (404, 503):
        yield Case(f"gateway {status}, stopped", "DEVBOX_NOT_READY", "load-file-of", "box", "a", platform="found", sent=False, says=(status, "<p>No"), later=detail("Stopped", ""))
        yield Case(f"gateway {status}, gone", "DEVBOX_NOT_FOUND", "load-file-of", "box", "a", platform="found", status=404, says=(status, "<p>No"), later=(404, None))
    yield Case("token refused, in debt", "PAYMENT_REQUIRED", "load-file-of", "box", "a", platform="found", status=402, says=(401, None), later=(402, None))


def late():
    """The deadline holds at every stage, and is told no earlier."""
    options = {"timeout": 60, "deadline": True}
    yield Case("agent stands still", "OPERATION_TIMEOUT", "load-file", "file", agent="still", **options)
    yield Case("connecting", "OPERATION_TIMEOUT", "load-file", "a", agent="full", **options)
    yield Case("TLS handshake", "OPERATION_TIMEOUT", "load-file", "a", agent="tls", **options)
    yield Case("head", "OPERATION_TIMEOUT", "load-file", "a", agent="scripted", says=STALL, **options)
    yield Case("body", "OPERATION_TIMEOUT", "load-file", "a", agent="scripted", says=STALL_BODY, **options)
    yield Case("waiting for a connection", "OPERATION_TIMEOUT", "load-file", "a", agent="scripted", says=STALL, pool_size=1, busy=True, **options)
    yield Case("platform connecting", "OPERATION_TIMEOUT", "get-instance", "box", platform="full", **options)
    yield Case("platform head", "OPERATION_TIMEOUT", "get-instance", "box", platform="scripted", says=STALL, **options)
    yield Case("finding the agent", "OPERATION_TIMEOUT", "load-file-of", "box", "a", platform="scripted", says=STALL, **options)
    yield Case("asking the agent what it can", "OPERATION_TIMEOUT", "load-file-of", "box", "a", platform="found", says=STALL, **options)
    yield Case("waiting until it is ready", "OPERATION_TIMEOUT", "wait-ready", "60", agent="closed", **options)


CASES = [*real(), *by_name(), *by_status(), *gateway(), *late()]


class Handler(http.server.BaseHTTPRequestHandler):
    """Says what the case that stands in the head of the request has it say."""
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *unused):
        pass

    def handle_request(self):
        case = self.server.cases[self.headers["X-Case"]]
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if case.platform == "found" and self.path.startswith(API):
            says = self.find_agent(case)
        elif self.path == "/health" and (case.agent or case.later) and case.call != "get-agent-info":
            says = 200, {"status": "healthy", "capabilities": [case.dialect]}
        else:
            says = case.says
            self.server.away.add(case.name)

        if says in (STALL, STALL_BODY):
            self.stall(says)
        else:
            self.reply(*says)

    do_GET = do_POST = do_DELETE = handle_request

    def find_agent(self, case):
        """It is here; but who was asked for something there finds out that the devbox is not what it was."""
        if case.name in self.server.away:
            self.server.away.discard(case.name)
            if case.later is not None:
                return case.later
        return detail("Running", self.server.url)

    def stall(self, how):
        if how == STALL_BODY:
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nsome")
        self.server.stopping.wait()
        self.close_connection = True

    def reply(self, status, body, headers={}):
        content = b"" if body is None else body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        if body is not None:
            self.send_header("Content-Type", "text/html" if isinstance(body, str) else "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("X-Request-Id", "said-by-the-server")
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


class Scripted(http.server.ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, handler=Handler):
        super().__init__(("127.0.0.1", 0), handler)
        self.cases = {case.name: case for case in CASES}
        self.stopping = threading.Event()
        self.away = set()
        self.url = f"http://127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, args=[0.02], daemon=True).start()

    def stop(self):
        self.stopping.set()
        self.shutdown()
        self.server_close()


def listen(backlog):
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    if backlog is not None:
        listener.listen(backlog)
    return listener


def address(listener, scheme="http"):
    return f"{scheme}://127.0.0.1:{listener.getsockname()[1]}"


class Peers:
    """Where the calls go, and what they find there."""

    def __init__(self, stack):
        self.stack = stack
        agent = self.start_agent("--max-file-size", "1000", wrapper=unprivileged())
        for name in ("file", "other", "folder/file", "unreadable"):
            agent.write(name, b"content")
        os.chmod(agent.path("unreadable"), 0)
        os.symlink("/etc", agent.path("out"))
        small = tempfile.mkdtemp(dir=stack.enter_context(tempfile.TemporaryDirectory(prefix="devbox-test-")))
        still = self.start_agent()
        still.freeze()
        stack.callback(still.thaw)
        scripted = Scripted()
        stack.callback(scripted.stop)
        platform = stack.enter_context(Platform())
        platform.create_ready("stopped")
        platform.act("stopped", "shutdown")
        platform.wait_status("stopped", "Shutdown")

        self.addresses = {
            "agent": agent.url, "small": self.start_agent(workspace=small, wrapper=with_small_disk(small)).url, "still": still.url, "scripted": scripted.url,
            "found": scripted.url, "platform": platform.url, "closed": self.listen(None), "tls": self.listen(8, "https"), "full": self.listen_full(),
        }
        self.tokens = {"platform": platform.user.token}
        self.folder = platform.folder

    def start_agent(self, *options, **more):
        return self.stack.enter_context(Agent(*options, environment={"TOKEN": TOKEN}, **more))

    def listen(self, backlog, scheme="http"):
        """Nothing is said there, not even that the connection is taken; backlog None: nobody listens."""
        self.listener = self.stack.enter_context(socket.socket())
        self.listener.bind(("127.0.0.1", 0))
        if backlog is not None:
            self.listener.listen(backlog)
        return f"{scheme}://127.0.0.1:{self.listener.getsockname()[1]}"

    def listen_full(self):
        """Whoever connects gets no answer: the queue is full."""
        url = self.listen(0)
        for _ in range(4):
            filler = self.stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(self.listener.getsockname())
        return url

    def write_cases(self):
        """The key file, and what is beside it."""
        with open(os.path.join(self.folder, "broken"), "w") as file:
            file.write("clusters: [")
        path = os.path.join(self.folder, "cases")
        with open(path, "w") as file:
            for case in CASES:
                file.write(f"[{case.name}]\n")
                for name, value in self.describe(case).items():
                    file.write(f"{name}={str(value).lower() if isinstance(value, bool) else value}\n")
        return path

    def describe(self, case):
        first = os.path.join(self.folder, case.first) if case.call == "load-kubeconfig" else case.first
        peer = case.agent or case.platform
        token = self.tokens.get(peer, case.token) if case.token == TOKEN else case.token
        request_id = "said-by-the-server" if peer == "scripted" and case.status else ""
        return {
            "call": case.call, "first": first, "second": case.second, "agent": self.addresses.get(case.agent, ""), "platform": self.addresses.get(case.platform, ""),
            "token": token, "timeout": case.timeout, "retries": case.retries, "pool-size": case.pool_size, "connection-timeout": case.connection_timeout,
            "busy": case.busy, "deadline": case.deadline, "code": case.code, "family": case.family, "sent": case.sent, "http-status": case.status,
            "request-id": request_id, "code-name": case.code_name or case.code, "attempts": case.attempts, "retry-after": case.retry_after,
            "path": case.path, "value": case.value,
        }


def main():
    with contextlib.ExitStack() as stack:
        return subprocess.run([*sys.argv[1:], Peers(stack).write_cases()]).returncode


if __name__ == "__main__":
    sys.exit(main())
