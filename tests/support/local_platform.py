# SPDX-License-Identifier: LGPL-2.1-or-later
"""A real devbox-platform in a temporary folder, what its users ask of it, and what it may leave behind."""
import base64
import ctypes
import json
import os
import re
import signal
import sqlite3
import subprocess
import time
import urllib.parse

from program import Program, send

PROGRAM = os.environ.get("DEVBOX_PLATFORM", "devbox-platform")
API = "/api/v1/devbox"
# What belongs into the data folder.
DATA = re.compile(r"(state\.sqlite(-wal|-shm)?|lock|boxes|releases|trash|incoming|templates)$")
UID = re.compile(r"\b[0-9a-f]{16}\b")
PR_SET_CHILD_SUBREAPER = 36


class RequestFailed(AssertionError):
    """Another status than the one that was expected."""

    def __init__(self, what, reply):
        super().__init__(f"{what}: {reply.status} {reply.body[:2000]!r}")
        self.reply = reply


class User:
    """Somebody with a kubeconfig."""

    def __init__(self, kubeconfig):
        self.kubeconfig = kubeconfig
        self.token = re.search(r"""^\s*(?:- )?token: ["']?([^\s"']+)""", kubeconfig, re.M).group(1)

    def headers(self, form="kubeconfig"):
        """Of a request: today's form, that with "Bearer" before it, or "Bearer" and the token alone."""
        kubeconfig = urllib.parse.quote(self.kubeconfig, safe="")
        return {"Authorization": {"kubeconfig": kubeconfig, "bearer kubeconfig": "Bearer " + kubeconfig, "bearer": "Bearer " + self.token}[form]}


class BoxAgent:
    """The agent of a box, at the address and with the token that its detail tells."""

    def __init__(self, detail):
        self.detail = detail
        address = urllib.parse.urlsplit(detail["ports"][0]["publicAddress"])
        self.host, self.port = address.hostname, address.port
        self.token = base64.b64decode(detail["agentServer"]["token"]).decode()
        self.headers = {"Authorization": "Bearer " + self.token}

    def request(self, method, path, body=None, headers=None, timeout=20):
        return send(self.host, self.port, method, path, body, {**self.headers, **(headers or {})}, timeout)

    def run(self, command, *args, timeout=20, **members):
        """The reply of a command that ended; without args the shell gets it."""
        body = {"command": command, "args": list(args), "timeout": timeout * 1000, **members} if args else {"command": command, "shell": True, "timeout": timeout * 1000, **members}
        reply = self.request("POST", "/process/exec", body, timeout=timeout + 5)
        if reply.status != 200:
            raise RequestFailed(command, reply)
        return reply.json()

    def output(self, command, *args, **members):
        """What a command printed that may not fail."""
        result = self.run(command, *args, **members)
        assert result["exitCode"] == 0, result
        return result["stdout"]

    def spawn(self, command, *args, **members):
        """Starts one and leaves it running; its processId."""
        body = {"command": command, "args": list(args), **members} if args else {"command": "sh", "args": ["-c", command], **members}
        reply = self.request("POST", "/api/v1/process/exec", body)
        if reply.status != 200 or reply.json()["status"] != 0:
            raise RequestFailed(command, reply)
        return reply.json()["processId"]

    def write(self, path, content):
        reply = self.request("POST", "/files/write", {"path": path, "content": content})
        if reply.status != 200:
            raise RequestFailed(path, reply)

    def read(self, path):
        reply = self.request("POST", "/files/read", {"path": path})
        if reply.status != 200:
            raise RequestFailed(path, reply)
        return reply.body

    def health(self, timeout=20):
        return self.request("GET", "/health", timeout=timeout)


class Platform(Program):
    """Started at once. Processes that it leaves behind become children of the test, so that none goes unseen."""

    LINES = ("Kubeconfig", "Listening")

    def __init__(self, *options, sandbox=None, environment=None):
        super().__init__(environment)
        self.data = os.path.join(self.folder, "data", "devbox-platform")
        self.config = os.path.join(self.folder, "config")
        self.variables |= {"XDG_DATA_HOME": os.path.dirname(self.data), "XDG_CONFIG_HOME": self.config}
        self.options = [*options, *([f"--sandbox={sandbox}"] if sandbox else [])]
        self.uids = set()
        self.others = {}
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        self.start()

    # Its life

    def start(self, *options):
        """Starts it, also anew on the same folder."""
        self.launch(PROGRAM, "--port", "0", *self.options, *options)
        self.kubeconfig = re.search(r"^Kubeconfig:\s+(\S+)", self.screen, re.M).group(1)
        with open(self.kubeconfig) as file:
            self.user = User(file.read())
        self.note_secret(self.user.token)

    def start_and_kill(self, seconds):
        """Kills it in the middle of its start."""
        process = subprocess.Popen([PROGRAM, "--port", "0", *self.options], stdout=subprocess.DEVNULL, stderr=self.errors, env=self.variables)
        time.sleep(seconds)
        process.kill()
        process.wait()

    def note_secret(self, secret):
        if secret not in self.secrets:
            self.secrets.append(secret)

    def kill(self):
        """What no program can prepare for."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(60)
        self.read_screen()
        self.process.stdout.close()
        self.uids |= self.read_uids()

    def run_command(self, *arguments, timeout=30):
        """A sub-command, with the same folders."""
        return subprocess.run([PROGRAM, *arguments], env=self.variables, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout)

    def run_users(self, *arguments):
        """What `users …` printed, which may not fail."""
        done = self.run_command("users", *arguments)
        assert done.returncode == 0, (arguments, done)
        return done.stdout

    def add_user(self, name):
        return self.remember_user(name, self.run_users("add", name))

    def rotate_user(self, name):
        return self.remember_user(name, self.run_users("rotate", name))

    def remove_user(self, name):
        self.run_users("remove", name)
        del self.others[name]

    def remember_user(self, name, printed):
        self.others[name] = User(printed)
        self.note_secret(self.others[name].token)
        return self.others[name]

    # Requests

    def request(self, method, path, body=None, headers=None, timeout=90, user=None, form="kubeconfig"):
        """As a user, by default the first one; user False: as nobody."""
        authorization = {} if user is False else (user or self.user).headers(form)
        return super().request(method, path, body, {**authorization, **(headers or {})}, timeout)

    def call(self, method, path="", body=None, status=200, **options):
        """A request below /api/v1/devbox and the JSON of its reply."""
        reply = self.request(method, API + path, body, **options)
        expected = status if isinstance(status, tuple) else (status,)
        if reply.status not in expected:
            raise RequestFailed(f"{method} {path}", reply)
        return reply.json()

    def create(self, name, key=None, user=None, status=(200, 201), **members):
        """The data of a new box, which may not be ready yet."""
        body = {"name": name, "runtime": "bash", "resource": {"cpu": 1, "memory": 1}, **members}
        data = self.call("POST", "", body, status, user=user, headers={"Idempotency-Key": key} if key else None)["data"]
        return data

    def create_ready(self, name, timeout=30, **options):
        """A new box that serves, as its agent."""
        self.create(name, **options)
        return self.wait_ready(name, timeout, user=options.get("user"))

    def get(self, name, **options):
        detail = self.call("GET", f"/{name}", **options)["data"]
        self.uids.add(detail["uid"])
        self.note_secret(base64.b64decode(detail["agentServer"]["token"]).decode())
        return detail

    def list(self, **options):
        return self.call("GET", "", **options)["data"]

    def act(self, name, action, **options):
        """start, pause, restart or shutdown."""
        return self.call("POST", f"/{name}/{action}", **options)["data"]

    def delete(self, name, **options):
        return self.call("DELETE", f"/{name}", **options)["data"]

    def wait_status(self, name, *statuses, timeout=30, **options):
        """The detail of the box once it has one of them."""
        deadline = time.monotonic() + timeout
        while (detail := self.get(name, **options))["status"] not in statuses:
            told = detail["status"], detail.get("reason")
            assert detail["status"] != "Error" and time.monotonic() < deadline, f"{name} is {told}, not {statuses}: {self.read_errors()}"
            time.sleep(0.01)
        return detail

    def find_release(self, name, tag, **options):
        """Its status, None when there is none."""
        releases = self.call("GET", f"/{name}/release", status=(200, 404), **options).get("data", [])
        found = [each["status"]["value"] for each in releases if each["tag"] == tag]
        assert len(found) <= 1, releases
        return found[0] if found else None

    def wait_ready(self, name, timeout=30, **options):
        agent = BoxAgent(self.wait_status(name, "Running", timeout=timeout, **options))
        assert agent.health().status == 200
        return agent

    def agent(self, name, **options):
        return BoxAgent(self.get(name, **options))

    def agent_request(self, name, method, path, body=None, **options):
        return self.agent(name).request(method, path, body, **options)

    # What it leaves behind

    def path(self, *names):
        return os.path.join(self.data, *names)

    def read_rows(self):
        """All rows of the store but the samples, as one text each."""
        if not os.path.exists(self.path("state.sqlite")):
            return []
        store = sqlite3.connect(self.path("state.sqlite"), timeout=10)
        try:
            tables = [name for (name,) in store.execute("SELECT name FROM sqlite_master WHERE type = 'table'") if not re.search("sample|sqlite", name)]
            return [json.dumps([str(value) for value in row]) for table in tables for row in store.execute(f"SELECT * FROM {table}")]
        finally:
            store.close()

    def read_uids(self):
        """Of the boxes and releases that are recorded."""
        return {uid for row in self.read_rows() for uid in UID.findall(row)}

    def find_processes(self):
        """All that live and are of this platform, as {pid: (parent, what it runs)}: by folder, by a box, or by parent."""
        marks = [os.path.basename(self.folder), *self.uids]
        processes = {}
        for pid in map(int, filter(str.isdigit, os.listdir("/proc"))):
            try:
                parent, state, words = read_process(pid)
            except OSError:
                continue
            if state != "Z" and pid != os.getpid():
                processes[pid] = (parent, words, any(mark in words for mark in marks))
        own = {pid for pid, (_, _, is_marked) in processes.items() if is_marked}
        while more := {pid for pid, (parent, _, _) in processes.items() if parent in own} - own:
            own |= more
        return {pid: processes[pid][:2] for pid in own}

    def descends(self, pid, processes):
        while pid in processes and pid != self.process.pid:
            pid = processes[pid][0]
        return pid == self.process.pid

    def find_groups(self):
        """The control groups of its boxes."""
        return [folder for folder, _, _ in os.walk("/sys/fs/cgroup") if any(uid in os.path.basename(folder) for uid in self.uids)]

    def left_over(self):
        """What there is of it that no record explains. While it runs these are for boxes that are to run or paused."""
        known = self.read_uids()
        self.uids |= known | {name for folder in ("boxes", "releases") for name in list_folder(self.path(folder))}
        is_running = self.process.poll() is None
        active = {box["uid"] for user in (self.user, *self.others.values()) for box in self.list(user=user) if box["status"] != "Shutdown"} if is_running else set()

        found = []
        processes = self.find_processes()
        # An agent lets nobody but root read whose it is: of those there may be one for each box.
        hidden = [pid for pid in processes if is_running and is_hidden(pid) and self.descends(pid, processes)]
        agents = [pid for pid in hidden if processes[pid][0] == self.process.pid]
        excused = {self.process.pid} if is_running else set()
        if len(agents) <= len(active):
            excused |= set(hidden)
        for pid, (_, words) in processes.items():
            if pid not in excused and not any(uid in words for uid in active):
                found.append(f"process {pid}: {words[:500]}")
        found += [f"control group {folder}" for folder in self.find_groups() if not any(uid in folder for uid in active)]
        with open("/proc/self/mountinfo") as file:
            found += [f"mount {line}" for line in file if os.path.basename(self.folder) in line]
        found += [f"{folder}/{name}" for folder in ("boxes", "releases") for name in list_folder(self.path(folder)) if name not in known]
        found += [f"{folder}/{name}" for folder in ("incoming", "trash") for name in list_folder(self.path(folder))]
        found += [name for name in list_folder(self.data) if not DATA.match(name)]
        return found

    def settle(self, timeout=10):
        """What is left over although it had time."""
        deadline = time.monotonic() + timeout
        while (found := self.left_over()) and time.monotonic() < deadline:
            time.sleep(0.05)
        return found

    def end(self):
        """Nothing of it may live on."""
        self.uids |= self.read_uids()
        status = super().end()
        assert status == 0, (status, self.read_errors())
        assert not (found := self.settle()), found
        return status


def make_certificate(folder):
    """Of the address itself, signed by nobody else; the files of both."""
    certificate, key = os.path.join(folder, "certificate.pem"), os.path.join(folder, "key.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=platform", "-addext", "subjectAltName=IP:127.0.0.1",
                    "-keyout", key, "-out", certificate], check=True, capture_output=True)
    return certificate, key


def list_folder(path):
    try:
        return os.listdir(path)
    except FileNotFoundError:
        return []


def is_hidden(pid):
    try:
        os.readlink(f"/proc/{pid}/cwd")
    except PermissionError:
        return True
    except OSError:
        pass
    return False


def read_process(pid):
    """Parent, state, and all that may tell whose process it is: command line, environment, folder, mounts, control groups."""
    with open(f"/proc/{pid}/stat") as file:
        state, parent = file.read().rsplit(")", 1)[1].split()[:2]
    words = []
    for name in ("cmdline", "environ", "mountinfo", "cgroup"):
        try:
            with open(f"/proc/{pid}/{name}", "rb") as file:
                words.append(file.read().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            pass
    try:
        words.append(os.readlink(f"/proc/{pid}/cwd"))
    except OSError:
        pass
    return int(parent), state, " ".join(words)


def reap_adopted():
    """Of what a killed platform left: no child of the test itself may be waited for elsewhere meanwhile."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass
