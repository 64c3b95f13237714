# SPDX-License-Identifier: LGPL-2.1-or-later
"""A real devbox-server run as the inside of a box, and a platform that is this test: it holds the other end of the socket."""
import array
import contextlib
import json
import os
import socket
import subprocess
import tempfile

import agent
import program

MAX_PACKET = 64 * 1024


class Box(agent.Agent):
    """Configured and started at once, unless start is False; ends as an Agent does, or when its socket does."""

    def __init__(self, *options, environment=None, start=True, wrapper=()):
        folder = tempfile.TemporaryDirectory(prefix="devbox-test-box-")
        self.cleanup = folder.cleanup
        self.folder = folder.name
        self.workspace = os.path.join(self.folder, "workspace")
        self.home = os.path.join(self.folder, "home")
        os.mkdir(self.workspace)
        os.mkdir(self.home)
        self.token = os.urandom(32).hex()
        self.channel, inner = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.channel.settimeout(20)
        self.errors = open(os.path.join(self.folder, "errors"), "w+")
        variables = {name: os.environ[name] for name in os.environ if name.startswith(("DEVBOX_LAUNCHER", "LD_LIBRARY", "ASAN_", "UBSAN_", "G_DEBUG"))}
        with inner:
            self.process = subprocess.Popen([*wrapper, agent.PROGRAM, f"--box-socket={inner.fileno()}", *options], pass_fds=[inner.fileno()],
                                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.errors,
                                            env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "SECRET_OF_PLATFORM": program.SECRET, **variables})
        self.screen = ""
        self.secrets = [program.SECRET, self.token]
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        if start:
            self.configure(environment)
            self.say({"type": "start"})
            assert self.hear() == {"type": "ready"}

    # The socket

    def say(self, message, *fds):
        text = message if isinstance(message, bytes) else json.dumps(message).encode()
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
        self.channel.sendmsg([text], rights)

    def hear(self):
        """The next message, None at the end of the socket."""
        try:
            packet = self.channel.recv(MAX_PACKET)
        except ConnectionResetError:
            return None
        return json.loads(packet) if packet else None

    def configure(self, environment=None, **changes):
        self.say({"type": "configure", "token": self.token, "workspace": self.workspace, "home": self.home, **changes}, self.listener.fileno())
        self.listener.close()
        if environment is not None:
            self.say_environment(b"".join(f"{name}={value}\0".encode() for name, value in environment.items()))

    def say_environment(self, strings):
        with os.fdopen(os.memfd_create("environment"), "wb") as file:
            file.write(strings)
            file.flush()
            self.say({"type": "environment"}, file.fileno())

    def count(self):
        """Bytes in and out."""
        self.say({"type": "count"})
        told = self.hear()
        assert told.pop("type") == "counted", told
        return told["bytesIn"], told["bytesOut"]

    # Requests carry the token

    def request(self, method, path, body=None, headers=None, timeout=20):
        return super().request(method, path, body, {"Authorization": f"Bearer {self.token}", **(headers or {})}, timeout)

    def web_socket(self, headers=None):
        return super().web_socket({"Authorization": f"Bearer {self.token}", **(headers or {})})

    def run(self, line, **members):
        """Runs a shell line to its end and returns what is told of it."""
        return self.post("/process/exec", {"command": line, "shell": True, **members}).json()

    def stop(self):
        self.channel.close()
        with contextlib.suppress(ProcessLookupError):
            self.thaw()
        status = self.finish()
        self.listener.close()
        self.cleanup()
        return status
