# SPDX-License-Identifier: LGPL-2.1-or-later
"""A real devbox-server on a temporary workspace, and the plain HTTP that tests speak to it."""
import base64
import http.client
import json
import os
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time

# DEVBOX_TEST_AGENT: another build's program than the one whose libraries the tests load.
PROGRAM = os.environ.get("DEVBOX_TEST_AGENT") or os.environ.get("DEVBOX_SERVER", "devbox-server")


# In the environment of every agent, and in nothing that one writes.
SECRET = "secret-" + os.urandom(16).hex()


class Reply:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    def json(self):
        return json.loads(self.body)


class Agent:
    """Started at once; ends with stop () or at the end of a with block."""

    def __init__(self, *options, workspace=None, environment=None, host="127.0.0.1", wrapper=()):
        self.folder = tempfile.mkdtemp(prefix="devbox-test-")
        self.workspace = workspace or os.path.join(self.folder, "workspace")
        os.makedirs(self.workspace, exist_ok=True)
        variables = {**os.environ, "XDG_STATE_HOME": os.path.join(self.folder, "state"), "LC_ALL": "C.UTF-8", "LANGUAGE": "", "TEST_SECRET": SECRET}
        for name in ("TOKEN", "DEVBOX_JWT_SECRET", "ADDR", "HOST", "PORT", "WORKSPACE_PATH", "ENABLE_CORS", "MAX_FILE_SIZE", "MAX_BATCH_SIZE", "MAX_CONNECTIONS"):
            variables.pop(name, None)
        if "DEVBOX_TEST_AGENT" in os.environ:
            variables.pop("LD_LIBRARY_PATH", None)
        variables.update(environment or {})
        self.errors = open(os.path.join(self.folder, "errors"), "w+")
        self.process = subprocess.Popen(
            [*wrapper, PROGRAM, "--host", host, "--port", "0", "--workspace-path", self.workspace, *options],
            stdout=subprocess.PIPE, stderr=self.errors, env=variables)
        self.screen = ""
        self.secrets = [SECRET, *self.find_tokens(options, variables)]
        self.token = None
        self.url = self.wait_for_url()
        self.port = int(self.url.rsplit(":", 1)[1])

    def wait_for_url(self):
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if select.select([self.process.stdout], [], [], 0.1)[0]:
                piece = os.read(self.process.stdout.fileno(), 65536).decode()
                self.screen += piece
                if re.search(r"^Open to:.*\n", self.screen, re.M):
                    token = re.search(r"Token:\s+([0-9a-f]{64})", self.screen)
                    self.token = token and token.group(1)
                    return re.search(r"http://\S+", self.screen).group(0)
                if not piece:
                    break
        self.process.kill()
        raise RuntimeError(f"the agent did not start: {self.screen}{self.read_errors()}")

    @staticmethod
    def find_tokens(options, variables):
        tokens = [variables.get("TOKEN"), variables.get("DEVBOX_JWT_SECRET")]
        tokens += [option.partition("=")[2] for option in options if option.startswith("--token=")]
        return [token for token in tokens if token and token.strip()]

    def read_screen(self):
        """All that the agent has written to its standard output."""
        os.set_blocking(self.process.stdout.fileno(), False)
        while piece := self.process.stdout.read():
            self.screen += piece.decode(errors="replace")
        return self.screen

    def read_errors(self):
        self.errors.flush()
        with open(self.errors.name) as file:
            return file.read()

    def stop(self):
        """Ends the agent and returns its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        status = self.finish()
        shutil.rmtree(self.folder, ignore_errors=True)
        return status

    def finish(self):
        """Waits for the end, and looks at what the agent left behind."""
        status = self.process.wait(60)
        screen = self.read_screen()
        self.process.stdout.close()
        errors = self.read_errors()
        self.errors.close()
        assert "ERROR: AddressSanitizer" not in errors and "runtime error" not in errors, errors
        for secret in self.secrets:
            assert secret not in screen and secret not in errors, "a secret is in the log"
        assert not self.token or self.token not in errors, "the token is in the log"
        assert "CRITICAL" not in errors and "LeakSanitizer" not in errors, errors
        return status

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        self.stop()

    # Requests

    def request(self, method, path, body=None, headers=None, timeout=20):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            if isinstance(body, (dict, list)):
                body = json.dumps(body)
                headers = {"Content-Type": "application/json", **(headers or {})}
            connection.request(method, path, body, headers or {})
            return Reply(connection.getresponse())
        finally:
            connection.close()

    def post(self, path, body, **options):
        return self.request("POST", path, body, **options)

    def connect(self, timeout=20):
        return socket.create_connection(("127.0.0.1", self.port), timeout)

    def raw(self, data, timeout=20, shut=False):
        """Sends bytes as they are and returns everything until the agent closes."""
        with self.connect(timeout) as connection:
            connection.sendall(data)
            if shut:
                connection.shutdown(socket.SHUT_WR)
            reply = b""
            try:
                while piece := connection.recv(65536):
                    reply += piece
            except ConnectionResetError:
                pass
            return reply

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

    # What the kernel tells of the process

    def resident_kib(self, pid=None):
        with open(f"/proc/{pid or self.process.pid}/status") as file:
            return int(re.search(r"VmRSS:\s+(\d+)", file.read()).group(1))

    def peak_kib(self):
        with open(f"/proc/{self.process.pid}/status") as file:
            return int(re.search(r"VmHWM:\s+(\d+)", file.read()).group(1))

    def is_sanitized(self):
        """The address sanitizer reserves terabytes, and keeps what was freed."""
        with open(f"/proc/{self.process.pid}/status") as file:
            return int(re.search(r"VmSize:\s+(\d+)", file.read()).group(1)) > 1 << 32

    def count_descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))


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
