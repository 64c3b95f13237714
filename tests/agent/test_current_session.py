#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""/api/v1/sessions of the current dialect, against the program."""
import base64
import functools
import json
import os
import shutil
import threading
import time
import unittest

import tap
from agent import Agent
from waiting import find_processes, wait_until

SHELLS = [shell for shell in ("bash", "dash") if shutil.which(shell)]
PREFIX = "/api/v1/sessions"


class Session:
    """One session of an agent, created at once."""

    def __init__(self, agent, **members):
        self.agent = agent
        self.created = agent.post(PREFIX + "/create", members).json()
        self.id = self.created.get("sessionId")

    def post(self, action, members=None, **options):
        return self.agent.post(f"{PREFIX}/{self.id}/{action}", members if members is not None else {}, **options)

    def exec(self, command, **members):
        return self.post("exec", {"command": command, **members}, timeout=60).json()

    def output(self, command, **members):
        answer = self.exec(command, **members)
        assert answer["status"] == 0, answer
        return answer["stdout"]

    def show(self):
        return self.agent.request("GET", f"{PREFIX}/{self.id}").json()

    def logs(self, query=""):
        return self.agent.request("GET", f"{PREFIX}/{self.id}/logs{query}").json()

    def terminate(self):
        return self.post("terminate").json()


def in_each_shell(test):
    """Calls the test with a session of each shell that is installed."""
    @functools.wraps(test)
    def run(self):
        for shell in SHELLS:
            with self.subTest(shell=shell):
                test(self, self.session(shell=shell))
    return run


class SessionTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.agent = Agent()
        cls.addClassCleanup(cls.agent.stop)
        cls.workspace = os.path.realpath(cls.agent.workspace)

    def session(self, **members):
        session = Session(self.agent, **members)
        self.assertEqual(session.created.get("status"), 0, session.created)
        self.addCleanup(session.terminate)
        return session

    def assert_failure(self, answer, status):
        self.assertEqual(answer["status"], status, answer)
        self.assertTrue(answer["message"])


class RoutesTest(SessionTest):
    def test_create(self):
        """current: POST /sessions/create: sessionId, shell, cwd, sessionStatus"""
        created = self.session().created
        self.assertEqual((created["message"], created["cwd"], created["sessionStatus"]), ("success", self.workspace, "active"))
        self.assertRegex(created["sessionId"], "^[-_0-9a-z]{8}$")
        self.assertEqual(created["shell"], shutil.which("bash") or "/bin/sh")

    def test_create_with_members(self):
        """current: POST /sessions/create: workingDir, env and shell"""
        os.makedirs(self.agent.path("sub"), exist_ok=True)
        session = self.session(workingDir="sub", env={"A": "it's; $HOME `x`\n"}, shell="/bin/sh")
        self.assertEqual((session.created["cwd"], session.created["shell"]), (self.workspace + "/sub", "/bin/sh"))
        self.assertEqual(session.output("pwd; printf '%s|' \"$A\""), f"{self.workspace}/sub\nit's; $HOME `x`\n|")
        self.assertEqual(self.session(workingDir="/usr").output("pwd"), "/usr\n")

    def test_create_failures(self):
        """current: POST /sessions/create: 1403, 1422, 1600 and HTTP 400, 415, 422"""
        for members, status in (({"workingDir": "../"}, 1403), ({"workingDir": "missing"}, 1600), ({"workingDir": "/missing"}, 1600),
                                ({"shell": "no-such-shell"}, 1422), ({"shell": "bin/sh"}, 1422), ({"shell": "/etc/passwd"}, 1422),
                                ({"shell": "true"}, 1600), ({"shell": ""}, 1422)):
            with self.subTest(members=members):
                reply = self.agent.post(PREFIX + "/create", members)
                self.assertEqual(reply.status, 200)
                self.assert_failure(reply.json(), status)
        for members in ({"workingDir": 1}, {"shell": True}, {"env": []}, {"env": {"A B": "x"}}, {"env": {"A": 1}}, {"env": {"A;x": "y"}}):
            with self.subTest(members=members):
                self.assertEqual(self.agent.post(PREFIX + "/create", members).status, 422)
        self.assertEqual(self.agent.post(PREFIX + "/create", b"{", headers={"Content-Type": "application/json"}).status, 400)
        self.assertEqual(self.agent.post(PREFIX + "/create", b"{}", headers={"Content-Type": "text/plain"}).status, 415)
        self.assertEqual(self.agent.post(PREFIX + "/create", {"env": {"A": "x\0"}}).status, 400)

    def test_list(self):
        """current: GET /sessions: all, the newest first"""
        first, second = self.session(), self.session(env={"A": "1"})
        answer = self.agent.request("GET", PREFIX).json()
        ids = [session["sessionId"] for session in answer["sessions"]]
        self.assertEqual(answer["status"], 0)
        self.assertEqual(ids[:2], [second.id, first.id])
        self.assertEqual(answer["sessions"][0]["env"], {"A": "1"})

    def test_show(self):
        """current: GET /sessions/{id}: shell, cwd, env, status and times"""
        session = self.session(env={"A": "1"})
        session.exec("cd /usr")
        shown = session.show()
        self.assertEqual((shown["status"], shown["sessionId"], shown["cwd"], shown["env"], shown["sessionStatus"]),
                         (0, session.id, "/usr", {"A": "1"}, "active"))
        for name in ("createdAt", "lastUsedAt"):
            self.assertRegex(shown[name], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")

    def test_unknown(self):
        """current: /sessions/{id} and all below: 1404 for an unknown one"""
        self.assert_failure(self.agent.request("GET", PREFIX + "/aaaaaaaa").json(), 1404)
        self.assert_failure(self.agent.request("GET", PREFIX + "/aaaaaaaa/logs").json(), 1404)
        for action, members in (("exec", {"command": "true"}), ("env", {"env": {}}), ("cd", {"path": "/"}), ("terminate", {})):
            self.assert_failure(self.agent.post(f"{PREFIX}/aaaaaaaa/{action}", members).json(), 1404)

    @in_each_shell
    def test_exec(self, session):
        """current: POST /sessions/{id}/exec: answers after the command ran"""
        answer = session.exec("sleep 0.2; echo out; echo err >&2; cd /usr; (exit 7)")
        self.assertEqual((answer["status"], answer["exitCode"], answer["stdout"], answer["stderr"], answer["workingDir"], answer["sessionStatus"]),
                         (0, 7, "out\n", "err\n", "/usr", "active"))
        self.assertTrue(200 <= answer["duration"] < 5000, answer)

    @in_each_shell
    def test_exec_keeps(self, session):
        """current: POST /sessions/{id}/exec: cwd, variables, functions, aliases and options are kept"""
        session.exec("cd /usr; X=5; export Y='a b'; f() { echo \"f $1\"; }; alias ll='echo aliased'; set -C; umask 077")
        self.assertEqual(session.output("echo $X $Y $PWD; f 1; ll; umask; case $- in *C*) echo C;; esac"), "5 a b /usr\nf 1\naliased\n0077\nC\n")

    def test_exec_bad_members(self):
        """current: POST /sessions/{id}/exec: HTTP 400, 413, 415 and 422"""
        session = self.session()
        for members in ({}, {"command": 1}, {"command": "true", "timeout": "1"}, {"command": "true", "timeout": -1}, {"command": ["true"]}):
            with self.subTest(members=members):
                self.assertEqual(session.post("exec", members).status, 422)
        self.assertEqual(session.post("exec", b"[]", headers={"Content-Type": "application/json"}).status, 400)
        self.assertEqual(session.post("exec", b"{}", headers={"Content-Type": "text/plain"}).status, 415)
        self.assertEqual(session.post("exec", {"command": "#" * (10 << 20)}).status, 413)
        self.assertEqual(session.output(": " + "x" * 1_000_000 + "; echo long"), "long\n")

    @in_each_shell
    def test_exec_syntax_error(self, session):
        """current: POST /sessions/{id}/exec: 1600 for a syntax error"""
        for command in ("if", ")", "echo 'open", "for", "x=(", "while true; do", "echo $("):
            answer = session.exec(command)
            self.assert_failure(answer, 1600)
            self.assertEqual(answer["sessionStatus"], "active")
        for command in ("(exit 2)", "ls /nonexistent", "return 2", "eval if"):
            answer = session.exec(command)
            self.assertEqual((answer["status"], answer.get("exitCode")), (0, 2), answer)
        self.assertEqual(session.output("echo on"), "on\n")

    @in_each_shell
    def test_exec_timeout(self, session):
        """current: POST /sessions/{id}/exec: 1500 after the time-out, the command ended, not the session"""
        commands = ("sleep 772.5; echo more", "while :; do :; done", "g() { while :; do sleep 772.5; done; }; g", "x=$(sleep 772.5)",
                    "sleep 772.5 | cat; echo more", "setsid sleep 772.5 & (setsid sleep 772.5 &); trap : TERM; sleep 772.5",
                    "sleep 772.5 & wait", "sh -c 'trap \"\" INT TERM; sleep 772.5'")
        sessions = [self.session(shell=session.created["shell"]) for _ in commands]
        answers = {}

        def run(number):
            sessions[number].exec("X=kept; sleep 771.25 & echo started")
            answers[number] = sessions[number].exec("echo begun; " + commands[number], timeout=1)

        threads = [threading.Thread(target=run, args=(number,)) for number in range(len(commands))]
        began = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        self.assertLess(time.monotonic() - began, 6)
        for number, command in enumerate(commands):
            answer = answers[number]
            self.assert_failure(answer, 1500)
            self.assertEqual((answer["stdout"], answer["exitCode"], answer["sessionStatus"]), ("begun\n", None, "active"), command)
            self.assertNotIn("shellReplaced", answer, command)
            self.assertGreaterEqual(answer["duration"], 1000)
            self.assertEqual(sessions[number].output("echo $X"), "kept\n")
        wait_until(lambda: not find_processes("sleep", "772.5"))
        self.assertEqual(len(find_processes("sleep", "771.25")), len(commands), "an earlier command's job was ended")
        for ended in sessions:
            ended.terminate()
        self.assertFalse(find_processes("sleep", "771.25"))

    @in_each_shell
    def test_exec_stubborn(self, session):
        """current: POST /sessions/{id}/exec: a shell that cannot be interrupted is replaced, with cwd and environment"""
        session.exec("cd /usr; export A=\"it's\n\\$B \"; unset HOME; C=lost")
        answer = session.exec("trap '' INT; while :; do :; done", timeout=1)
        self.assert_failure(answer, 1500)
        self.assertIs(answer["shellReplaced"], True)
        self.assertEqual(answer["sessionStatus"], "active")
        self.assertEqual(session.output("pwd; printf '%s|' \"$A\" \"${HOME-gone}\" \"${C-lost}\""), "/usr\nit's\n$B |gone|lost|")

    @in_each_shell
    def test_exit(self, session):
        """current: POST /sessions/{id}/exec: exit ends the session"""
        session.exec("sleep 773.5 & trap 'echo bye' EXIT")
        answer = session.exec("echo last; exit 5")
        self.assertEqual((answer["status"], answer["exitCode"], answer["sessionStatus"]), (0, 5, "terminated"))
        # dash takes the command's output away before it runs the trap.
        self.assertIn(answer["stdout"], ("last\nbye\n", "last\n") if session.created["shell"].endswith("dash") else ("last\nbye\n",))
        self.assertEqual(session.show()["sessionStatus"], "terminated")
        self.assert_failure(session.exec("echo"), 1409)
        self.assert_failure(session.post("cd", {"path": "/"}).json(), 1409)
        self.assert_failure(session.post("env", {"env": {}}).json(), 1409)
        self.assertIn("[stdout] last\n", session.logs()["logs"])
        wait_until(lambda: not find_processes("sleep", "773.5"))

    @in_each_shell
    def test_env(self, session):
        """current: POST /sessions/{id}/env: merged, exported, never program text"""
        session.exec("export OLD=old")
        value = "'; touch injected; echo '$(touch injected)`touch injected`\n\\ \"x\" *"
        self.assertEqual(session.post("env", {"env": {"A": value, "EMPTY": "", "B": "-n"}}).json()["status"], 0)
        self.assertEqual(session.output("sh -c 'printf \"%s|\" \"$A\" \"$EMPTY\" \"$B\" \"$OLD\"'"), f"{value}||-n|old|")
        self.assertFalse(os.path.exists(self.agent.path("injected")))
        self.assertEqual(session.show()["env"], {"A": value, "EMPTY": "", "B": "-n"})
        self.assertEqual(session.post("env", {"env": {}}).json()["status"], 0)

    def test_env_failures(self):
        """current: POST /sessions/{id}/env: HTTP 422 for a wrong one, 1600 for one that cannot be set"""
        session = self.session()
        for members in ({}, {"env": []}, {"env": {"A=B": "x"}}, {"env": {"$(touch x)": "x"}}, {"env": {"A": None}}, {"env": {"A": "x" * 140_000}}):
            with self.subTest(members=str(members)[:40]):
                self.assertEqual(session.post("env", members).status, 422)
        session.exec("readonly R=1")
        self.assert_failure(session.post("env", {"env": {"R": "2"}}).json(), 1600)

    @in_each_shell
    def test_cd(self, session):
        """current: POST /sessions/{id}/cd: relative to the session's folder, or absolute; 1404"""
        names = ["plain", "it's; $(touch injected)", "-", "-P", "new\nline", "*"]
        for name in names:
            os.makedirs(self.agent.path("cds/" + name), exist_ok=True)
        self.agent.write("cds/file")
        for name in names:
            self.assertEqual(session.post("cd", {"path": self.agent.path("cds")}).json()["workingDir"], self.workspace + "/cds")
            answer = session.post("cd", {"path": name}).json()
            self.assertEqual((answer["status"], answer["workingDir"]), (0, f"{self.workspace}/cds/{name}"))
            self.assertEqual(session.output("pwd -P"), f"{self.workspace}/cds/{name}\n")
        self.assertEqual(session.post("cd", {"path": ".."}).json()["workingDir"], self.workspace + "/cds")
        session.exec("export CDPATH=/usr")
        for path in ("lib", "missing", "file", "/missing", "plain/x"):
            self.assert_failure(session.post("cd", {"path": path}).json(), 1404)
        self.assertEqual(session.show()["cwd"], self.workspace + "/cds")
        for members in ({}, {"path": 1}):
            self.assertEqual(session.post("cd", members).status, 422)
        self.assertFalse(os.path.exists(self.agent.path("cds/injected")))

    def test_terminate(self):
        """current: POST /sessions/{id}/terminate: everything in it is ended"""
        session = self.session()
        session.exec("sleep 774.5 & (setsid sleep 774.5 & ); sh -c 'trap \"\" TERM HUP; sleep 774.5' &")
        answers = []
        thread = threading.Thread(target=lambda: answers.append(session.exec("sleep 774.5")))
        thread.start()
        wait_until(lambda: len(find_processes("sleep", "774.5")) == 4)
        self.assertEqual(session.terminate()["status"], 0)
        self.assertFalse(find_processes("sleep", "774.5"))
        thread.join(10)
        self.assert_failure(answers[0], 1409)
        self.assertEqual(session.show()["sessionStatus"], "terminated")
        self.assertEqual(session.terminate()["status"], 0)
        self.assert_failure(session.exec("true"), 1409)

    def test_logs(self):
        """current: GET /sessions/{id}/logs: lines, ?tail"""
        session = self.session()
        session.exec("printf 'no end'; echo err >&2")
        session.exec("echo two")
        logs = session.logs()
        self.assertEqual((logs["status"], logs["sessionId"]), (0, session.id))
        self.assertEqual([line for line in logs["logs"] if line.startswith("[stdout]")], ["[stdout] no end\n", "[stdout] two\n"])
        self.assertIn("[stderr] err\n", logs["logs"])
        self.assertEqual(session.logs("?tail=1")["logs"], ["[stdout] two\n"])
        self.assertEqual(session.logs("?tail=0")["logs"], [])
        self.assertEqual(self.agent.request("GET", f"{PREFIX}/{session.id}/logs?tail=x").status, 422)
        session.exec("i=0; while [ $i -lt 10100 ]; do echo $i; i=$((i+1)); done")
        lines = session.logs()["logs"]
        self.assertEqual((len(lines), lines[-1]), (10000, "[stdout] 10099\n"))


class SeparationTest(SessionTest):
    """What one command writes is its answer, and nothing else is."""

    @in_each_shell
    def test_exact_output(self, session):
        for i in range(100):
            answer = session.exec(f"printf 'o{i}'; printf 'e{i}' >&2; (exit {i})")
            self.assertEqual((answer["stdout"], answer["stderr"], answer["exitCode"]), (f"o{i}", f"e{i}", i))

    def test_binary(self):
        session = self.session()
        answer = session.exec("printf 'a\\000b\\377\\nc'")
        self.assertEqual(base64.b64decode(answer["stdoutBase64"]), b"a\0b\xff\nc")

    def test_much(self):
        session = self.session()
        self.assertEqual(len(session.output("yes 0123456 | head -c 9000000")), 9_000_000)
        answer = session.exec("yes | head -c 300000000; echo end >&2", timeout=60)
        self.assertEqual((answer["truncated"], len(answer["stdout"]), answer["stderr"]), (True, 10 << 20, "end\n"))
        self.assertEqual(session.output("echo next"), "next\n")

    @in_each_shell
    def test_background(self, session):
        self.assertEqual(session.output("(while sleep 0.05; do echo noise; done) & echo $! >pid; echo first"), "first\n")
        for i in range(20):
            self.assertEqual(session.output(f"sleep 0.01; echo {i}"), f"{i}\n")
        self.assertEqual(session.output("kill $(cat pid); echo killed"), "killed\n")
        self.assertIn("[stdout] noise\n", session.logs()["logs"])

    @in_each_shell
    def test_stdin(self, session):
        self.assertEqual(session.output("cat; wc -c; read x; echo \"$?[$x]\"; head -c1 <&0; ls -l /proc/self/fd/0 | sed 's/.*-> //'"),
                         "0\n1[]\n/dev/null\n")

    @in_each_shell
    def test_descriptors(self, session):
        listing = session.output("ls /proc/self/fd").split()
        self.assertEqual(listing, ["0", "1", "2", "3"])
        self.assertEqual(session.output("exec >file 2>&1 <&-; echo lost"), "")
        self.assertEqual(session.output("echo back; cat file; rm file"), "back\nlost\n")
        session.exec("exec 0<&- 1>&- 2>&-")
        self.assertEqual(session.exec("echo here; echo there >&2")["stderr"], "there\n")
        self.assertEqual(session.output("exec 9>&1; echo nine >&9; exec 9>&-"), "nine\n")
        for fd in range(3, 10):
            session.exec(f"exec {fd}<&-")
        self.assertEqual(session.output("echo still"), "still\n")

    @in_each_shell
    def test_options_and_traps(self, session):
        for option in ("-x", "-v", "-u", "-f", "-C", "-a"):
            session.exec(f"set {option}")
            answer = session.exec("echo kept")
            self.assertEqual((answer["stdout"], answer["exitCode"]), ("kept\n", 0), option)
            session.exec(f"set +{option[1]}")
        session.exec("set -u")
        self.assertNotEqual(session.exec("echo $undefined_one; echo no")["exitCode"], 0)
        session.exec("set +u")
        self.assertNotEqual(session.exec("echo ${undefined_one?gone}; echo no")["exitCode"], 0)
        self.assertNotEqual(session.exec("echo $((1/0))")["exitCode"], 0)
        session.exec("trap 'echo trapped' USR1; IFS=0123456789")
        self.assertEqual(session.output("kill -USR1 \"$$\"; printf on"), "trapped\non")
        session.exec("alias echo=false; PS4=x; trap 'false' DEBUG 2>/dev/null")
        self.assertEqual(session.exec("(exit 21)")["exitCode"], 21)

    @in_each_shell
    def test_control_flow(self, session):
        self.assertEqual(session.exec("echo a; return 3; echo b")["exitCode"], 3)
        self.assertEqual(session.output("break; continue; echo c"), "c\n")
        self.assertEqual(session.output("cat <<EOF\nhere $((1+1))\nEOF\necho after"), "here 2\nafter\n")
        self.assertIn("unended", session.output("cat <<EOF\nunended"))
        self.assertEqual(session.output("echo x # comment"), "x\n")
        self.assertEqual(session.output("echo one \\\n two"), "one two\n")
        self.assertEqual(session.exec("")["exitCode"], 0)
        self.assertEqual(session.exec("\n\n# nothing\n")["exitCode"], 0)

    @in_each_shell
    def test_errexit_ends(self, session):
        session.exec("set -e")
        answer = session.exec("echo a; false; echo b")
        self.assertEqual((answer["stdout"], answer["exitCode"], answer["sessionStatus"]), ("a\n", 1, "terminated"))

    @in_each_shell
    def test_replaced_by_program(self, session):
        answer = session.exec("exec sh -c 'echo program; exit 9'")
        self.assertEqual((answer["stdout"], answer["exitCode"], answer["sessionStatus"]), ("program\n", 9, "terminated"))

    @in_each_shell
    def test_killed_from_inside(self, session):
        answer = session.exec("echo a; kill -9 $$; sleep 5")
        self.assertEqual((answer["stdout"], answer["exitCode"], answer["sessionStatus"]), ("a\n", 137, "terminated"))

    def test_forged_report(self):
        """What looks like the shell's own report, written wherever a program can find, tells nothing."""
        session = self.session()
        answer = session.exec("for f in /proc/$PPID/fd/*; do echo 'aaaaaaaa 0' >\"$f\"; done 2>/dev/null; sleep 0.3; (exit 4)")
        self.assertEqual(answer["exitCode"], 4)
        self.assertGreaterEqual(answer["duration"], 300)
        self.assertEqual(session.output("echo on"), "on\n")

    def test_in_order(self):
        session = self.session()
        answers = {}
        threads = [threading.Thread(target=lambda i=i: answers.update({i: session.exec(f"n=$((n+1)); echo $n; sleep 0.01")["stdout"]})) for i in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        self.assertEqual(sorted(int(answer) for answer in answers.values()), list(range(1, 21)))

    def test_parallel(self):
        sessions = [self.session() for _ in range(20)]
        answers = {}
        began = time.monotonic()
        threads = [threading.Thread(target=lambda i=i: answers.update({i: sessions[i].exec(f"sleep 1; echo {i}")["stdout"]})) for i in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        self.assertEqual(answers, {i: f"{i}\n" for i in range(20)})
        self.assertLess(time.monotonic() - began, 8)

    def test_client_gone(self):
        """The command of a client that goes away is ended; one that waits is never begun."""
        session = self.session()
        session.exec("X=kept")
        connections = []
        for command in ("sleep 775.5; touch gone-on", "touch never-begun"):
            body = json.dumps({"command": command}).encode()
            connection = self.agent.connect()
            connection.sendall(f"POST {PREFIX}/{session.id}/exec HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                               f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
            connections.append(connection)
            wait_until(lambda: find_processes("sleep", "775.5"))
        time.sleep(0.1)
        for connection in reversed(connections):
            connection.close()
            time.sleep(0.1)
        wait_until(lambda: not find_processes("sleep", "775.5"))
        self.assertEqual(session.output("echo $X; ls gone-on never-begun 2>/dev/null; :"), "kept\n")


class LimitTest(unittest.TestCase):
    def test_number(self):
        """current: POST /sessions/create: 429 beyond the limit"""
        with Agent("--max-sessions", "2") as agent:
            first, second = Session(agent), Session(agent)
            reply = agent.post(PREFIX + "/create", {})
            self.assertEqual((reply.status, reply.json()["status"]), (429, 429))
            first.terminate()
            self.assertEqual(Session(agent).created["status"], 0)
            self.assertEqual(second.output("echo on"), "on\n")

    def test_queue(self):
        """current: POST /sessions/{id}/exec: 429 when too many wait"""
        with Agent() as agent:
            session = Session(agent)
            statuses = []
            threads = [threading.Thread(target=lambda: statuses.append(session.post("exec", {"command": "sleep 1"}, timeout=200).status)) for _ in range(110)]
            for thread in threads:
                thread.start()
            wait_until(lambda: len(statuses) >= 9)
            self.assertEqual(statuses[:9], [429] * 9)
            session.terminate()
            for thread in threads:
                thread.join(20)
            self.assertEqual(len(statuses), 110)

    def test_stop(self):
        """Nothing of a session is left when the agent stops, or is killed."""
        for stop in (lambda agent: agent.process.terminate(), lambda agent: agent.process.kill()):
            with Agent() as agent:
                Session(agent).exec("sleep 776.5 & (setsid sleep 776.5 &)")
                wait_until(lambda: len(find_processes("sleep", "776.5")) == 2)
                stop(agent)
                wait_until(lambda: not find_processes("sleep", "776.5"))

    def test_descriptors_and_memory(self):
        with Agent() as agent:
            session = Session(agent)
            session.exec("echo")
            descriptors = agent.count_descriptors()
            for _ in range(200):
                session.exec("echo $((1+1)); :")
            wait_until(lambda: agent.count_descriptors() <= descriptors + 1)
            for _ in range(10):
                Session(agent).terminate()
            wait_until(lambda: agent.count_descriptors() <= descriptors + 1)


if __name__ == "__main__":
    tap.main()
