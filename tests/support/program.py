# SPDX-License-Identifier: LGPL-2.1-or-later
"""One of our programs that serves HTTP, in a temporary folder: its start, its screen, the plain HTTP that tests speak to it, and its end."""
import http.client
import json
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time

# In the environment of every program, and in nothing that one writes.
SECRET = "secret-" + os.urandom(16).hex()
# What the machine may have set, and a test does not mean.
FOREIGN = ("TOKEN", "DEVBOX_JWT_SECRET", "ADDR", "HOST", "PORT", "WORKSPACE_PATH", "ENABLE_CORS", "MAX_FILE_SIZE", "MAX_BATCH_SIZE", "MAX_CONNECTIONS", "KUBECONFIG",
           "DEVBOX_TOKEN")


class Reply:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    def json(self):
        return json.loads(self.body)


def send(host, port, method, path, body=None, headers=None, timeout=20):
    """One request on a connection of its own; a dict or list is sent as JSON."""
    connection = http.client.HTTPConnection(host, port, timeout=timeout)
    try:
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
            headers = {"Content-Type": "application/json", **(headers or {})}
        connection.request(method, path, body, headers or {})
        return Reply(connection.getresponse())
    finally:
        connection.close()


def read_state(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0]
    except OSError:
        return "X"  # it has ended


class Program:
    """Ends with stop () or at the end of a with block."""

    # The lines of the screen that say that it serves.
    LINES = ("Listening",)

    def __init__(self, environment=None):
        self.folder = tempfile.mkdtemp(prefix="devbox-test-")
        self.variables = {**os.environ, "XDG_STATE_HOME": os.path.join(self.folder, "state"), "LC_ALL": "C.UTF-8", "LANGUAGE": "", "TEST_SECRET": SECRET}
        for name in FOREIGN:
            self.variables.pop(name, None)
        self.variables.update(environment or {})
        self.secrets = [SECRET]
        self.errors = open(os.path.join(self.folder, "errors"), "a+")
        self.screen = ""
        self.process = None

    def launch(self, *command):
        """Starts it, and waits for its screen."""
        self.screen = ""
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.errors, env=self.variables)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if select.select([self.process.stdout], [], [], 0.1)[0]:
                piece = os.read(self.process.stdout.fileno(), 65536).decode()
                self.screen += piece
                if all(re.search(rf"^{line}:.*\n", self.screen, re.M) for line in self.LINES):
                    self.url = re.search(r"^Listening:\s+(\S+)", self.screen, re.M).group(1)
                    self.port = int(self.url.rsplit(":", 1)[1])
                    return
                if not piece:
                    break
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        errors = self.read_errors()
        self.errors.close()
        shutil.rmtree(self.folder, ignore_errors=True)
        raise RuntimeError(f"{os.path.basename(command[0])} did not start: {self.screen}{errors}")

    def freeze(self):
        """Returns when it stands still, with all its threads."""
        self.process.send_signal(signal.SIGSTOP)
        threads = f"/proc/{self.process.pid}/task"
        while any(read_state(f"{threads}/{thread}/stat") not in "TX" for thread in os.listdir(threads)):
            time.sleep(0.001)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    def read_screen(self):
        """All that the program has written to its standard output."""
        os.set_blocking(self.process.stdout.fileno(), False)
        while piece := self.process.stdout.read():
            self.screen += piece.decode(errors="replace")
        return self.screen

    def read_errors(self):
        self.errors.flush()
        with open(self.errors.name) as file:
            return file.read()

    def check_output(self, screen, errors):
        """Neither a secret nor the report of a sanitizer or of GLib is in what the program wrote."""
        assert "ERROR: AddressSanitizer" not in errors and "runtime error" not in errors, errors
        for secret in self.secrets:
            assert secret not in screen and secret not in errors, "a secret is in the log"
        assert "CRITICAL" not in errors and "LeakSanitizer" not in errors, errors

    def reap(self):
        """Waits for the end of the process and returns its exit status."""
        status = self.process.wait(60)
        self.read_screen()
        self.process.stdout.close()
        return status

    def ask_to_end(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)

    def end(self):
        """Ends the process and returns its exit status."""
        self.ask_to_end()
        return self.reap()

    def finish(self):
        """Waits for the end, and looks at what the program left behind."""
        status = self.reap()
        errors = self.read_errors()
        self.errors.close()
        self.check_output(self.screen, errors)
        return status

    def stop(self):
        """Ends the program and returns its exit status; its folder is gone then."""
        self.ask_to_end()
        try:
            return self.finish()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        self.stop()

    # Requests

    def request(self, method, path, body=None, headers=None, timeout=20):
        return send("127.0.0.1", self.port, method, path, body, headers, timeout)

    def post(self, path, body, **options):
        return self.request("POST", path, body, **options)

    def connect(self, timeout=20):
        return socket.create_connection(("127.0.0.1", self.port), timeout)

    def raw(self, data, timeout=20, shut=False):
        """Sends bytes as they are and returns everything until the program closes."""
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
