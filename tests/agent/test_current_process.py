#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The processes of the current dialect, against the program."""
import base64
import json
import os
import re
import signal
import threading
import time
import unittest

import tap
from agent import Agent
from waiting import command_line, find_processes, wait_until

TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
PREFIX = "/api/v1/process"


class ProcessTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.agent = Agent()
        cls.addClassCleanup(cls.agent.stop)

    # Requests

    def ok(self, reply):
        self.assertEqual(reply.status, 200, reply.body)
        self.assertEqual(reply.headers["Content-Type"], "application/json")
        answer = reply.json()
        self.assertEqual((answer["status"], answer["message"]), (0, "success"), answer)
        return answer

    def fails(self, reply, envelope_status, http_status=200):
        answer = reply.json()
        self.assertEqual((reply.status, answer["status"]), (http_status, envelope_status), answer)
        self.assertTrue(answer["message"])
        return answer

    def post(self, route, **members):
        return self.agent.post(f"{PREFIX}/{route}", members)

    def get(self, route, **options):
        return self.agent.request("GET", f"{PREFIX}/{route}", **options)

    def start(self, *words, **members):
        return self.ok(self.post("exec", command=words[0], args=list(words[1:]), **members))["processId"]

    def start_shell(self, script, **members):
        return self.start("sh", "-c", script, **members)

    def sync(self, script, **members):
        return self.post("exec-sync", command="sh", args=["-c", script], **members)

    def kill(self, process, query=""):
        return self.agent.request("POST", f"{PREFIX}/{process}/kill{query}")

    def status(self, process):
        return self.ok(self.get(f"{process}/status"))

    def logs(self, process, query=""):
        return self.ok(self.get(f"{process}/logs{query}"))["logs"]

    # What happens meanwhile

    def wait_for_end(self, process):
        return wait_until(lambda: (answer := self.status(process))["processStatus"] != "running" and answer)

    def tree(self, marker):
        """A shell that has children which did what they could to get away."""
        sleep = f"sh -c 'trap : TERM; while :; do sleep 0.1; done' {marker}"
        return (f"setsid {sleep} & (setsid {sleep} & ) ; (( {sleep} & ) & ) ; {sleep} & "
                f"touch {marker}; while :; do sleep 0.1; done")

    # exec

    def test_exec(self):
        """current: POST /process/exec: processId, pid, processStatus running"""
        answer = self.ok(self.post("exec", command="sleep", args=["60"]))
        self.assertEqual(set(answer), {"status", "message", "processId", "pid", "processStatus"})
        self.assertRegex(answer["processId"], r"^[-_0-9a-z]{8}$")
        self.assertEqual(answer["processStatus"], "running")
        self.assertEqual(wait_until(lambda: command_line(answer["pid"])), [b"sleep", b"60"])
        self.ok(self.kill(answer["processId"]))

    def test_exec_does_not_wait(self):
        """current: POST /process/exec: goes on without its client"""
        begin = time.monotonic()
        process = self.start_shell("sleep 0.5; touch went-on")
        self.assertLess(time.monotonic() - begin, 0.4)
        self.assertEqual(self.wait_for_end(process)["processStatus"], "completed")
        self.assertTrue(os.path.exists(self.agent.path("went-on")))

    def test_exec_members(self):
        """current: POST /process/exec: args, cwd, env"""
        os.makedirs(self.agent.path("folder"), exist_ok=True)
        process = self.start("sh", "-c", "pwd; echo \"$WORD\" \"$0\"", "a b", cwd="folder", env={"WORD": "x y"})
        self.wait_for_end(process)
        self.assertEqual(self.logs(process), [f"[stdout] {os.path.realpath(self.agent.path('folder'))}\n", "[stdout] x y a b\n"])

    def test_exec_cannot_start(self):
        """current: POST /process/exec: 1600 when it cannot start"""
        self.agent.write("no-program", b"text")
        for command in ("no-such-program-here", "./no-program", "/"):
            self.assertIn(command, self.fails(self.post("exec", command=command, args=[]), 1600)["message"])
        self.fails(self.post("exec", command="true", cwd="missing"), 1600)
        self.fails(self.post("exec", command="true", cwd="/missing"), 1600)
        self.fails(self.post("exec", command="true", cwd="no-program"), 1600)
        commands = [process["command"] for process in self.ok(self.get("list"))["processes"]]
        self.assertNotIn("no-such-program-here", commands)

    def test_exec_leaves_the_workspace(self):
        """current: POST /process/exec: 1403 for a cwd that leaves the workspace"""
        os.symlink("/etc", self.agent.path("out"))
        for cwd in ("..", "folder/../../etc", "out"):
            for route in ("exec", "exec-sync"):
                self.fails(self.post(route, command="true", cwd=cwd), 1403)

    def test_exec_time_out(self):
        """current: POST /process/exec: a time-out in seconds ends the whole tree"""
        process = self.start_shell(self.tree("tree-timeout"), timeout=1)
        wait_until(lambda: len(find_processes("tree-timeout")) >= 4)
        answer = self.wait_for_end(process)
        self.assertEqual((answer["processStatus"], answer["exitCode"]), ("killed", 137))
        # That is told once the shell itself is dead.
        wait_until(lambda: not find_processes("tree-timeout"), timeout=2)

    def test_exec_many(self):
        """current: POST /process/exec: many at once, each with an id of its own"""
        ids = []

        def start():
            for _ in range(25):
                ids.append(self.start("true"))
        threads = [threading.Thread(target=start) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(set(ids)), 100)
        for process in ids:
            self.assertEqual(self.wait_for_end(process)["exitCode"], 0)

    def test_rejected(self):
        """current: POST /process/exec, exec-sync, sync-stream: 422 for members, 400 for JSON, 415 for the type"""
        bad = [{}, {"command": None}, {"command": 7}, {"command": ["ls"]}, {"command": "ls", "args": "x"}, {"command": "ls", "args": [1]},
               {"command": "ls", "cwd": 1}, {"command": "ls", "env": []}, {"command": "ls", "env": {"A": 1}},
               {"command": "ls", "env": {"A B": "x"}}, {"command": "ls", "timeout": "5"}, {"command": "ls", "timeout": -1},
               {"command": "ls", "timeout": 1.5}, {"command": "ls", "timeout": 1 << 40}, {"command": "ls", "shell": 1}]
        json_type = {"Content-Type": "application/json"}
        for route in ("exec", "exec-sync", "sync-stream"):
            for members in bad:
                with self.subTest(route=route, members=members):
                    self.fails(self.post(route, **members), 1422, http_status=422)
            for body in (b"", b"{", b"[]", b"nonsense", b'{"command":"ls"}x', b'{"command":"l\\u0000s"}', b"[" * 100_000):
                reply = self.agent.request("POST", f"{PREFIX}/{route}", body, json_type)
                self.fails(reply, 1400, http_status=400)
            reply = self.agent.request("POST", f"{PREFIX}/{route}", b'{"command":"ls"}', {"Content-Type": "text/plain"})
            self.assertEqual(reply.status, 415)
            reply = self.agent.request("GET", f"{PREFIX}/{route}")
            self.assertEqual((reply.status, reply.body, reply.headers["Allow"]), (405, b"", "POST"))
            reply = self.agent.request("POST", f"{PREFIX}/{route}", b" " * (1 << 20) + b"{}", json_type)
            self.assertEqual(reply.status, 413)

    def test_token(self):
        """current: /process: 401 with an empty body without the token"""
        with Agent("--token=sesame") as agent:
            for method, route in (("POST", "exec"), ("POST", "exec-sync"), ("POST", "sync-stream"), ("GET", "list"),
                                  ("GET", "aaaaaaaa/status"), ("POST", "aaaaaaaa/kill"), ("GET", "aaaaaaaa/logs")):
                reply = agent.request(method, f"{PREFIX}/{route}", b'{"command":"touch x"}', {"Content-Type": "application/json"})
                self.assertEqual((reply.status, reply.body), (401, b""), route)
            self.assertFalse(os.path.exists(agent.path("x")))

    # The words of a command line

    def test_words(self):
        """current: POST /process/exec: without args the command is split as a shell splits words, but no shell runs"""
        lines = [r"""printf %s@ 'a b' "c d" e\ f 'g'"h"i ''""", r'''printf %s@ "\"\\\$\`\a" '\a' \\ a\'b''', "printf %s@ a#b # no more",
                 "printf\t%s@\n a  \\\n b\\\nc", "printf %s@ 'ä' €", "printf %s@ \"'\" '\"'", "printf %s@ 'a\nb' \"c\nd\""]
        for line in lines:
            by_shell = self.ok(self.post("exec-sync", command="sh", args=["-c", line.replace("\n a", " a")]))["stdout"]
            self.assertEqual(self.ok(self.post("exec-sync", command=line))["stdout"], by_shell, line)

    def test_words_have_no_meaning(self):
        """current: POST /process/exec-sync: operators, variables and patterns are words like others"""
        line = "printf %s@ $HOME `id` $(id) * ~ > x; touch x && false | cat & {a,b}"
        self.assertEqual(self.ok(self.post("exec-sync", command=line))["stdout"], "".join(f"{word}@" for word in line.split()[2:]))
        self.assertFalse(os.path.exists(self.agent.path("x")))

    def test_words_with_args(self):
        """current: POST /process/exec-sync: with args the command is a program, whatever its name"""
        self.agent.write("a program", b"#!/bin/sh\necho ran $1\n")
        os.chmod(self.agent.path("a program"), 0o755)
        self.assertEqual(self.ok(self.post("exec-sync", command="./a program", args=["x"]))["stdout"], "ran x\n")
        self.assertEqual(self.ok(self.post("exec-sync", command="./a program", args=[]))["stdout"], "ran\n")

    def test_words_fail(self):
        """current: POST /process/exec: 1422 for a quote that is not closed, and for no word at all"""
        for line in ("echo 'a", 'echo "a', 'echo "a\\"', "", "  \n", "# nothing", "\\\n"):
            for route in ("exec", "exec-sync"):
                self.assertIn("command", self.fails(self.post(route, command=line), 1422)["message"])

    def test_shell(self):
        """current: POST /process/exec-sync: a shell that is asked for runs the line, which args continue as words"""
        answer = self.ok(self.post("exec-sync", command="echo $((6*7)); printf %s@", args=["a b", "$HOME", "'"], shell="/bin/sh"))
        self.assertEqual(answer["stdout"], "42\na b@$HOME@'@")
        self.assertEqual(self.ok(self.post("exec-sync", command="echo $BASH", shell="/bin/bash"))["stdout"], "/bin/bash\n")
        self.fails(self.post("exec-sync", command="echo", shell="/nowhere/sh"), 1600)

    # exec-sync

    def test_sync(self):
        """current: POST /process/exec-sync: stdout, stderr, exitCode, durationMs, startTime, endTime"""
        answer = self.ok(self.sync("echo out; echo err >&2; sleep 0.2; exit 7"))
        self.assertEqual(set(answer), {"status", "message", "stdout", "stderr", "exitCode", "durationMs", "startTime", "endTime"})
        self.assertEqual((answer["stdout"], answer["stderr"], answer["exitCode"]), ("out\n", "err\n", 7))
        self.assertGreaterEqual(answer["durationMs"], 200)
        self.assertLess(answer["durationMs"], 5000)
        for name in ("startTime", "endTime"):
            self.assertRegex(answer[name], f"^{TIME}$")
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        self.assertLessEqual(answer["startTime"], answer["endTime"])
        self.assertLessEqual(answer["endTime"], now)

    def test_sync_signal(self):
        """current: POST /process/exec-sync: exitCode null on a signal"""
        answer = self.ok(self.sync("echo before; kill -9 $$"))
        self.assertEqual((answer["exitCode"], answer["stdout"]), (None, "before\n"))

    def test_sync_not_found(self):
        """current: POST /process/exec-sync: 1600 with exitCode 127 and stderr when not found"""
        answer = self.fails(self.post("exec-sync", command="no-such-program-here x"), 1600)
        self.assertEqual((answer["exitCode"], answer["stdout"]), (127, ""))
        self.assertIn("no-such-program-here", answer["stderr"])
        for name in ("startTime", "endTime"):
            self.assertRegex(answer[name], f"^{TIME}$")

    def test_sync_time_out(self):
        """current: POST /process/exec-sync: 1500 at the time-out, with what was printed, and nothing left"""
        begin = time.monotonic()
        answer = self.fails(self.sync("echo printed; echo err >&2; " + self.tree("tree-sync"), timeout=1), 1500)
        self.assertLess(time.monotonic() - begin, 4)
        self.assertEqual((answer["stdout"], answer["stderr"], answer["exitCode"]), ("printed\n", "err\n", None))
        self.assertGreaterEqual(answer["durationMs"], 1000)
        self.assertEqual(find_processes("tree-sync"), [])

    def test_sync_client_gone(self):
        """current: POST /process/exec-sync: ended when its client is gone"""
        body = json.dumps({"command": "sh", "args": ["-c", self.tree("tree-gone")]}).encode()
        head = f"POST {PREFIX}/exec-sync HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        with self.agent.connect() as connection:
            connection.sendall(head.encode() + body)
            wait_until(lambda: len(find_processes("tree-gone")) >= 4)
        wait_until(lambda: find_processes("tree-gone") == [])

    def test_sync_output(self):
        """current: POST /process/exec-sync: output that is not UTF-8, and much of it"""
        answer = self.ok(self.sync(r"printf 'a\377b\000\342\202'; printf '\360\237\230\200' >&2"))
        self.assertEqual((answer["stdout"], answer["stderr"]), ("a\ufffdb\ufffd\ufffd", "😀"))
        self.assertEqual(base64.b64decode(answer["stdoutBase64"]), b"a\xffb\0\xe2\x82")
        self.assertNotIn("stderrBase64", answer)
        answer = self.ok(self.sync("yes | head -c 12000000"))
        self.assertEqual(answer["stdout"], "y\n" * (5 * 1024 * 1024))
        self.assertIs(answer["truncated"], True)

    def test_sync_is_not_listed(self):
        """current: GET /process/list: what somebody waited for is not in it"""
        self.sync("true # a marker of its own")
        commands = [process["command"] for process in self.ok(self.get("list"))["processes"]]
        self.assertFalse([command for command in commands if "marker of its own" in command])

    # list and status

    def test_list(self):
        """current: GET /process/list: processId, pid, command, processStatus, startTime, endTime, exitCode"""
        running, ended = self.start("sleep", "60"), self.start("sh", "-c", "exit 3")
        self.wait_for_end(ended)
        processes = {process["processId"]: process for process in self.ok(self.get("list"))["processes"]}
        for process in processes.values():
            self.assertEqual(set(process), {"processId", "pid", "command", "processStatus", "startTime", "endTime", "exitCode"})
            self.assertRegex(process["startTime"], f"^{TIME}$")
        self.assertEqual(processes[running]["command"], "sleep 60")
        self.assertEqual([processes[running][name] for name in ("processStatus", "endTime", "exitCode")], ["running", None, None])
        self.assertEqual([processes[ended][name] for name in ("processStatus", "exitCode")], ["failed", 3])
        self.assertRegex(processes[ended]["endTime"], f"^{TIME}$")
        self.ok(self.kill(running))

    def test_list_of_long_commands(self):
        """current: GET /process/list: command lines of any characters; of long ones the beginning"""
        words = ["\"\\\n€", "x" * 100_000]
        ids = [self.start("true", *words) for _ in range(3)]
        processes = {process["processId"]: process for process in self.ok(self.get("list"))["processes"]}
        for process in ids:
            command = processes[process]["command"]
            self.assertTrue(" ".join(["true", *words]).startswith(command))
            self.assertGreater(len(command), 1000)

    def test_status(self):
        """current: GET /process/{id}/status: flat; running, completed, failed, killed"""
        running = self.start("sleep", "60")
        answer = self.status(running)
        self.assertEqual((answer["processId"], answer["processStatus"], answer["exitCode"]), (running, "running", None))
        self.ok(self.kill(running))
        self.assertEqual((self.status(running)["processStatus"], self.status(running)["exitCode"]), ("killed", 137))
        for script, expected in (("exit 0", ("completed", 0)), ("exit 9", ("failed", 9)), ("kill -TERM $$", ("killed", 143))):
            answer = self.wait_for_end(self.start_shell(script))
            self.assertEqual((answer["processStatus"], answer["exitCode"]), expected)

    def test_unknown(self):
        """current: GET /process/{id}/status, /logs, POST /process/{id}/kill: 1404"""
        for process in ("aaaaaaaa", "%00", "..", "a%2Fb", "x" * 1000, "%ff%fe", str(os.getpid())):
            for method, route in (("GET", "status"), ("GET", "logs"), ("GET", "logs?stream=true"), ("POST", "kill")):
                reply = self.agent.request(method, f"{PREFIX}/{process}/{route}")
                if reply.status == 200:
                    self.fails(reply, 1404)
                else:
                    self.assertIn((reply.status, reply.body), ((404, b""),), process)

    # kill

    def test_kill(self):
        """current: POST /process/{id}/kill: SIGKILL without a signal, to the whole tree, and nothing is left then"""
        process = self.start_shell(self.tree("tree-kill"))
        bystander = self.start_shell(self.tree("tree-bystander"))
        for marker in ("tree-kill", "tree-bystander"):
            wait_until(lambda: len(find_processes(marker)) >= 4 and os.path.exists(self.agent.path(marker)))
        self.assertEqual(self.ok(self.kill(process)), {"status": 0, "message": "success", "success": True})
        self.assertEqual(find_processes("tree-kill"), [])
        answer = self.status(process)
        self.assertEqual((answer["processStatus"], answer["exitCode"]), ("killed", 137))
        self.assertGreaterEqual(len(find_processes("tree-bystander")), 4)
        self.assertEqual(self.status(bystander)["processStatus"], "running")
        self.ok(self.kill(bystander, "?signal=SIGKILL"))
        self.assertEqual(find_processes("tree-bystander"), [])

    def test_kill_by_name(self):
        """current: POST /process/{id}/kill: a signal by any name, or by number"""
        script = ("for s in HUP INT QUIT USR1 USR2 TERM WINCH; do trap \"echo $s\" $s; done; numbers=$(seq 600); touch traps-are-set; "
                  "for i in $numbers; do sleep 0.05; done")
        process = self.start_shell(script)
        wait_until(lambda: os.path.exists(self.agent.path("traps-are-set")))

        def told():
            return [line.split()[1] for line in self.logs(process) if line.startswith("[stdout]")]
        names = ["SIGHUP", "INT", "quit", "sigusr1", str(int(signal.SIGUSR2)), "SigTerm", "WINCH"]
        for number, name in enumerate(names):
            self.ok(self.kill(process, f"?signal={name}"))
            wait_until(lambda: len(told()) == number + 1)
        self.assertEqual(told(), ["HUP", "INT", "QUIT", "USR1", "USR2", "TERM", "WINCH"])
        self.ok(self.kill(process))

    def test_kill_unknown_signal(self):
        """current: POST /process/{id}/kill: 1400 for an unknown signal"""
        process = self.start("sleep", "60")
        for name in ("", "FOO", "SIGFOO", "SIG", "0", "-9", "65", "9x", "%209", "SIGTERM%20", "TERM,KILL", "9" * 30, "%00"):
            self.fails(self.kill(process, f"?signal={name}"), 1400)
        self.assertEqual(self.status(process)["processStatus"], "running")
        self.ok(self.kill(process))

    def test_kill_ended(self):
        """current: POST /process/{id}/kill: 1409 when it does not run"""
        process = self.start("true")
        self.wait_for_end(process)
        self.fails(self.kill(process), 1409)
        self.fails(self.kill(process, "?signal=TERM"), 1409)

    def test_kill_end(self):
        """current: POST /process/{id}/kill: killed by the signal, or completed or failed by its own handler"""
        for script, expected in (("sleep 60", ("killed", 143)), ("trap 'exit 0' TERM; touch ready-$$; while :; do sleep 0.05; done", ("completed", 0)),
                                 ("trap 'exit 5' TERM; touch ready-$$; while :; do sleep 0.05; done", ("failed", 5))):
            answer = self.ok(self.post("exec", command="sh", args=["-c", script]))
            if "ready" in script:
                wait_until(lambda: os.path.exists(self.agent.path(f"ready-{answer['pid']}")))
            self.ok(self.kill(answer["processId"], "?signal=SIGTERM"))
            answer = self.wait_for_end(answer["processId"])
            self.assertEqual((answer["processStatus"], answer["exitCode"]), expected, script)

    def test_kill_stopped(self):
        """current: POST /process/{id}/kill: SIGSTOP, SIGCONT, and the end of a stopped one"""
        answer = self.ok(self.post("exec", command="sleep", args=["60"]))
        state = lambda: re.search(r"State:\s+(\S)", open(f"/proc/{answer['pid']}/status").read()).group(1)
        self.ok(self.kill(answer["processId"], "?signal=STOP"))
        wait_until(lambda: state() == "T")
        self.ok(self.kill(answer["processId"], "?signal=CONT"))
        wait_until(lambda: state() != "T")
        self.ok(self.kill(answer["processId"], "?signal=STOP"))
        self.ok(self.kill(answer["processId"]))
        self.assertEqual(self.status(answer["processId"])["processStatus"], "killed")

    # logs

    def test_logs(self):
        """current: GET /process/{id}/logs: one entry a line, with its stream and line break"""
        process = self.start_shell("echo one; sleep 0.1; echo two >&2; sleep 0.1; printf 'three\n\nfour'")
        self.wait_for_end(process)
        answer = self.ok(self.get(f"{process}/logs"))
        self.assertEqual(answer["logs"], ["[stdout] one\n", "[stderr] two\n", "[stdout] three\n", "[stdout] \n", "[stdout] four"])
        self.assertEqual((answer["processId"], answer["processStatus"], answer["exitCode"]), (process, "completed", 0))
        self.assertEqual(self.logs(process, "?stream=false"), answer["logs"])

    def test_logs_of_a_running_process(self):
        """current: GET /process/{id}/logs: what there is so far"""
        process = self.start_shell("printf 'one\\ntwo'; sleep 60")
        wait_until(lambda: self.logs(process))
        self.assertEqual(self.logs(process), ["[stdout] one\n"])
        self.ok(self.kill(process))
        self.assertEqual(self.logs(process), ["[stdout] one\n", "[stdout] two"])

    def test_logs_tail(self):
        """current: GET /process/{id}/logs?tail=N: the last lines"""
        process = self.start_shell("seq 5")
        self.wait_for_end(process)
        lines = [f"[stdout] {number}\n" for number in range(1, 6)]
        for tail, expected in ((0, []), (1, lines[-1:]), (3, lines[-3:]), (5, lines), (6, lines), (2_000_000_000, lines)):
            self.assertEqual(self.logs(process, f"?tail={tail}"), expected)
        for tail in ("-1", "x", "1.5", "", "99999999999999999999"):
            self.fails(self.get(f"{process}/logs?tail={tail}"), 1422, http_status=422)
        self.fails(self.get(f"{process}/logs?stream=perhaps"), 1422, http_status=422)

    def test_logs_are_kept(self):
        """current: GET /process/{id}/logs: the last 10,000 lines"""
        process = self.start_shell("seq 12345")
        self.wait_for_end(process)
        self.assertEqual(self.logs(process), [f"[stdout] {number}\n" for number in range(2346, 12346)])

    def test_logs_of_any_bytes(self):
        """current: GET /process/{id}/logs: a line that is not UTF-8 stops nothing"""
        process = self.start_shell(r"printf 'a\377\n\000\n\342\202x\n€\n\033[31mred\r\n'")
        self.wait_for_end(process)
        lines = ["a\ufffd\n", "\ufffd\n", "\ufffdx\n", "€\n", "\x1b[31mred\r\n"]
        self.assertEqual(self.logs(process), [f"[stdout] {line}" for line in lines])

    def test_logs_of_long_lines(self):
        """current: GET /process/{id}/logs: a large log, in pieces"""
        process = self.start_shell("yes $(head -c 20000 /dev/zero | tr '\\0' x) | head -c 5000000")
        self.wait_for_end(process)
        logs = self.logs(process)
        self.assertEqual(len("".join(line.removeprefix("[stdout] ") for line in logs)), 5_000_000)

    def test_nothing_is_left(self):
        """current: /process: no descriptor and no zombie is left of a thousand commands"""
        self.sync("head -c 3000000 /dev/zero")
        before = self.agent.count_descriptors()
        for _ in range(250):
            self.sync("true")
            self.post("exec-sync", command="no-such-program-here")
            self.start("true")
            self.post("sync-stream", command="true")
        wait_until(lambda: self.agent.count_descriptors() <= before)


if __name__ == "__main__":
    tap.main()
