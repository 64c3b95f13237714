# SPDX-License-Identifier: LGPL-2.1-or-later
"""A real devbox-server on a temporary workspace."""
import base64
import json
import os
import re
import struct
import time

from program import Program

# DEVBOX_TEST_AGENT: another build's program than the one whose libraries the tests load.
PROGRAM = os.environ.get("DEVBOX_TEST_AGENT") or os.environ.get("DEVBOX_SERVER", "devbox-server")


def unprivileged():
    """What root may do everywhere is taken from it: it cannot read a file without permissions, as nobody else can."""
    return ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []


def with_small_disk(workspace):
    """Mounts a tmpfs over the workspace, where nobody else sees it."""
    user = [] if os.geteuid() == 0 else ["--map-root-user"]
    return ["unshare", "--mount", *user, "sh", "-ec", 'mount -t tmpfs -o size=64k none "$0"; exec "$@"', workspace]


class Agent(Program):
    """Started at once."""

    LINES = ("Listening", "Open to")

    def __init__(self, *options, workspace=None, environment=None, host="127.0.0.1", wrapper=()):
        super().__init__(environment)
        self.workspace = workspace or os.path.join(self.folder, "workspace")
        os.makedirs(self.workspace, exist_ok=True)
        if "DEVBOX_TEST_AGENT" in os.environ and "LD_LIBRARY_PATH" not in (environment or {}):
            self.variables.pop("LD_LIBRARY_PATH", None)
        self.secrets += self.find_tokens(options)
        self.launch(*wrapper, PROGRAM, "--host", host, "--port", "0", "--workspace-path", self.workspace, *options)
        token = re.search(r"Token:\s+([0-9a-f]{64})", self.screen)
        self.token = token and token.group(1)

    def find_tokens(self, options):
        tokens = [self.variables.get("TOKEN"), self.variables.get("DEVBOX_JWT_SECRET")]
        tokens += [option.partition("=")[2] for option in options if option.startswith("--token=")]
        return [token for token in tokens if token and token.strip()]

    def check_output(self, screen, errors):
        super().check_output(screen, errors)
        assert not self.token or self.token not in errors, "the token is in the log"

    def web_socket(self, headers=None):
        return WebSocket(self, headers or {})

    # Files of the workspace, from outside

    def path(self, name):
        return os.path.join(self.workspace, name)

    def read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def write(self, name, content=b""):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "wb") as file:
            file.write(content)


def frame(first, payload=b"", masked=True, length_size=None):
    """One frame of RFC 6455, right or wrong: its first byte, and how many bytes tell the length beyond the usual seven bits."""
    size = len(payload)
    if length_size is None:
        length_size = 0 if size < 126 else 2 if size < 65536 else 8
    second = (0x80 if masked else 0) | {0: size, 2: 126, 8: 127}[length_size]
    head = bytes([first, second]) + size.to_bytes(8, "big")[8 - length_size:]
    if not masked:
        return head + payload
    mask = os.urandom(4)
    stream = (mask * (size // 4 + 1))[:size]
    return head + mask + (int.from_bytes(payload, "big") ^ int.from_bytes(stream, "big")).to_bytes(size, "big")


class WebSocket:
    """As much of RFC 6455 as the tests need: text messages both ways, pings answered, frames as they are."""

    def __init__(self, agent, headers):
        self.socket = agent.connect()
        self.buffer = b""
        lines = {"Host": f"127.0.0.1:{agent.port}", "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
                 "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(), **headers}
        request = "GET /ws HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items()) + "\r\n"
        self.socket.sendall(request.encode())
        while b"\r\n\r\n" not in self.buffer:
            piece = self.socket.recv(65536)
            if not piece:
                break
            self.buffer += piece
        self.head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        self.status = int(self.head.split()[1]) if self.head else 0

    def send_frame(self, opcode, payload):
        self.send_raw(frame(0x80 | opcode, payload))

    def send_raw(self, data):
        self.socket.sendall(data)

    def send(self, message):
        text = message if isinstance(message, str) else json.dumps(message)
        self.send_frame(1, text.encode())

    def take(self, size, deadline):
        while len(self.buffer) < size:
            self.socket.settimeout(max(0.001, deadline - time.monotonic()))
            piece = self.socket.recv(1 << 16)
            if not piece:
                raise EOFError("the agent closed the WebSocket")
            self.buffer += piece
        taken, self.buffer = self.buffer[:size], self.buffer[size:]
        return taken

    def receive_frame(self, timeout=10):
        """The next frame as its first byte and payload; TimeoutError when there is none in time, EOFError at the end."""
        deadline = time.monotonic() + timeout
        first, second = self.take(2, deadline)
        size = second & 0x7F
        if size == 126:
            size = struct.unpack(">H", self.take(2, deadline))[0]
        elif size == 127:
            size = struct.unpack(">Q", self.take(8, deadline))[0]
        return first, self.take(size, deadline)

    def receive(self, timeout=10):
        """The next JSON message; otherwise as receive_frame ()."""
        deadline = time.monotonic() + timeout
        while True:
            first, payload = self.receive_frame(max(0.001, deadline - time.monotonic()))
            if first & 0x0F == 9:
                self.send_frame(10, payload)
            elif first & 0x0F == 8:
                raise EOFError("the agent closed the WebSocket")
            elif first & 0x0F == 1:
                return json.loads(payload)

    def ask(self, message):
        """Sends and returns the answer, which is the next message that is no event."""
        self.send(message)
        while "success" not in (answer := self.receive()) and "status" not in answer:
            pass
        return answer

    def events_until(self, wanted, timeout=10):
        """Collects (type, path) pairs until all those wanted were seen."""
        seen = []
        deadline = time.monotonic() + timeout
        while not set(wanted) <= set(seen):
            message = self.receive(max(0.001, deadline - time.monotonic()))
            event = message.get("event", message)
            seen.append((event["type"], event.get("path")))
        return seen

    def close(self):
        self.socket.close()
