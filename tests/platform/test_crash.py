#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The platform is killed at random points of everything that it is asked for, and started again: what it acknowledged is so, once, and nothing is left over.

DEVBOX_TEST_SEED repeats a run, DEVBOX_TEST_ROUNDS makes it longer (tests/campaign platform-crash).
"""
import copy
import http.client
import os
import random
import subprocess
import threading
import time
import unittest

import tap
from local_platform import API, Platform, reap_adopted
from request_mix import choose_seed

N_ROUNDS = int(os.environ.get("DEVBOX_TEST_ROUNDS") or 20)
N_WORKERS = 3
NAMES_OF_WORKER = 2
LONGEST_ROUND_S = 0.35
ABSENT = "absent"
# What a call makes of a box.
GOALS = {"start": "Running", "restart": "Running", "pause": "Stopped", "shutdown": "Shutdown"}


class Known:
    """What a box, or a release, may be, after all that was acknowledged and what was under way."""

    def __init__(self):
        self.states = {ABSENT}
        self.uid = None
        self.creation = None
        self.files = {}

    def aim(self, state):
        self.states.add(state)

    def reach(self, state):
        self.states = {state}

    def is_there(self):
        return ABSENT not in self.states


class Worker:
    """One user of boxes and releases of its own, who does one thing after the other until the platform is gone."""

    def __init__(self, number, platform, seed):
        self.platform = platform
        self.random = random.Random(seed + number)
        self.boxes = {f"box-{number}-{each}": Known() for each in range(NAMES_OF_WORKER)}
        self.releases = {}
        self.counts = {}
        self.number = 0
        self.failure = None

    def run(self):
        try:
            while True:
                self.step()
        except (OSError, http.client.HTTPException):
            pass  # it was killed
        except Exception as error:
            self.failure = error

    def count(self, what):
        self.counts[what] = self.counts.get(what, 0) + 1

    def step(self):
        name = self.random.choice(list(self.boxes))
        box = self.boxes[name]
        if not box.is_there():
            self.create(name, box)
        elif self.random.random() < 0.25:
            self.delete(name, box)
        elif box.states == {"Running"} and self.random.random() < 0.3:
            self.write(name, box)
        elif box.states == {"Running"} and self.random.random() < 0.4:
            self.release(name)
        else:
            self.change(name, box)

    def create(self, name, box):
        self.number += 1
        sources = [key for key, release in self.releases.items() if release.states == {"Success"}]
        box.creation = {"key": f"{name}-{self.number}"}
        box.files = {}
        if sources and self.random.random() < 0.4:
            source = self.random.choice(sources)
            box.creation["release"] = dict(zip(("name", "tag"), source))
            box.files = copy.deepcopy(self.releases[source].files)
        box.uid = None
        box.aim("Running")
        box.uid = self.platform.create(name, status=201, **box.creation)["uid"]
        box.reach("Running")
        box.creation = None
        self.count("create")

    def delete(self, name, box):
        box.aim(ABSENT)
        self.platform.delete(name)
        box.reach(ABSENT)
        self.count("delete")

    def change(self, name, box):
        action = self.random.choice(list(GOALS))
        box.aim(GOALS[action])
        self.platform.act(name, action)
        box.reach(GOALS[action])
        self.count(action)

    def write(self, name, box):
        """A file that was acknowledged stays, one that was under way may be there."""
        agent = self.platform.wait_ready(name)
        self.number += 1
        path, content = f"file-{self.random.randrange(3)}", str(self.number)
        box.files.setdefault(path, {None}).add(content)
        agent.write(path, content)
        box.files[path] = {content}
        self.count("write")

    def release(self, name):
        tag = f"v{self.random.randrange(2)}"
        release = self.releases.setdefault((name, tag), Known())
        if release.is_there():
            release.aim(ABSENT)
            if self.platform.request("DELETE", f"{API}/{name}/release/{tag}").status == 409:
                release.reach("Success")  # a box is being made of it
            else:
                release.reach(ABSENT)
            self.count("delete a release")
        else:
            self.platform.wait_status(name, "Running")
            release.states |= {"Success", "Failed"}
            release.files = copy.deepcopy(self.boxes[name].files)
            self.platform.call("POST", f"/{name}/release", {"tag": tag}, 201)
            release.states.remove(ABSENT)
            while self.platform.find_release(name, tag) == "Building":
                time.sleep(0.01)
            release.reach("Success")
            self.count("release")


class CrashTest(unittest.TestCase):
    SANDBOX = "auto"
    N_ROUNDS = N_ROUNDS

    def setUp(self):
        self.seed = choose_seed()
        self.random = random.Random(self.seed)
        self.platform = Platform(sandbox=self.SANDBOX)
        self.addCleanup(self.platform.stop)
        self.workers = [Worker(number, self.platform, self.seed) for number in range(1, N_WORKERS + 1)]
        self.restarts = []

    def test_kill_at_random_points(self):
        for number in range(self.N_ROUNDS):
            try:
                self.run_round()
            except BaseException:
                print(f"# round {number}")
                raise
        counts = {}
        for worker in self.workers:
            for what, count in worker.counts.items():
                counts[what] = counts.get(what, 0) + count
        print(f"# {self.N_ROUNDS} rounds: {dict(sorted(counts.items()))}")
        print(f"# as it was after {sorted(self.restarts)[len(self.restarts) // 2]:.2f} s (median), {max(self.restarts):.2f} s (longest)")
        self.assertGreater(counts.get("create", 0), self.N_ROUNDS // 4)

    def run_round(self):
        threads = [threading.Thread(target=worker.run) for worker in self.workers]
        for thread in threads:
            thread.start()
        time.sleep(self.random.uniform(0, LONGEST_ROUND_S))
        self.platform.kill()
        for thread in threads:
            thread.join()
        for worker in self.workers:
            if worker.failure is not None:
                raise worker.failure

        while self.random.random() < 0.3:
            self.platform.start_and_kill(self.random.uniform(0, 0.15))
        began = time.monotonic()
        self.platform.start()
        self.check()
        self.restarts.append(time.monotonic() - began)
        reap_adopted()

    def check(self):
        listed = self.settle_boxes()
        for worker in self.workers:
            for name, box in worker.boxes.items():
                self.check_box(name, box, listed.pop(name, None))
            for (name, tag), release in worker.releases.items():
                self.check_release(name, tag, release)
        self.assertEqual(listed, {}, "nobody made these")
        self.assertEqual(self.platform.settle(), [])

    def settle_boxes(self):
        """The boxes by name once none is on its way."""
        deadline = time.monotonic() + 30
        while True:
            boxes = self.platform.list()
            if not any(box["status"] in ("Pending", "Creating", "Deleting") for box in boxes) or time.monotonic() > deadline:
                break
            time.sleep(0.01)
        self.assertEqual(len({box["name"] for box in boxes}), len(boxes), "one is there twice")
        self.assertEqual(len({box["uid"] for box in boxes}), len(boxes))
        return {box["name"]: box for box in boxes}

    def check_box(self, name, box, found):
        status = found["status"] if found else ABSENT
        self.assertIn(status, box.states, f"{name}: {found} {self.platform.read_errors()}")
        box.reach(status)
        if box.creation is not None:
            self.repeat_creation(name, box, found)
        elif found:
            self.assertEqual(found["uid"], box.uid, name)
            self.check_files(name, box)

    def repeat_creation(self, name, box, found):
        """Whoever was not answered asks again, with the same key, and gets that one box."""
        again = self.platform.create(name, status=200 if found else 201, **box.creation)
        if found:
            self.assertEqual(again["uid"], found["uid"])
        box.uid = again["uid"]
        box.creation = None
        if not found:
            box.reach("Running")
            self.platform.wait_status(name, "Running")

    def check_files(self, name, box):
        if box.states == {"Running"}:
            self.assertEqual(self.platform.wait_ready(name).output("echo here"), "here\n")
        for path, contents in box.files.items():
            try:
                with open(self.platform.path("boxes", box.uid, "workspace", path)) as file:
                    content = file.read()
            except FileNotFoundError:
                content = None
            self.assertIn(content, contents, (name, path))
            box.files[path] = {content}

    def check_release(self, name, tag, release):
        deadline = time.monotonic() + 30
        while (status := self.platform.find_release(name, tag)) == "Building" and time.monotonic() < deadline:
            time.sleep(0.01)
        state = status or ABSENT
        self.assertIn(state, release.states, (name, tag))
        release.reach(state)


class LeftOverTest(unittest.TestCase):
    """What the other tests ask for would be seen."""

    def test_what_is_left_over_is_seen(self):
        with Platform() as platform:
            platform.create_ready("known")
            self.assertEqual(platform.left_over(), [])
            folders = [platform.path(name) for name in ("boxes/0123456789abcdef", "releases/0123456789abcdef", "incoming/x", "trash/x", "other")]
            for folder in folders:
                os.mkdir(folder)
            orphan = subprocess.Popen(["sleep", "60"], cwd=platform.data, env={}, start_new_session=True)
            time.sleep(0.1)
            found = platform.left_over()
            orphan.kill()
            orphan.wait()
            for folder in folders:
                os.rmdir(folder)
            self.assertEqual([each for each in found if "sleep 60" in each], found[:1])
            self.assertEqual(sorted(found[1:]), sorted(os.path.relpath(folder, platform.data) for folder in folders))

    def test_processes_of_a_box_that_is_not_to_run_are_seen(self):
        with Platform() as platform:
            agent = platform.create_ready("boxed")
            agent.spawn("sleep", "60")
            process, platform.process = platform.process, subprocess.Popen(["true"])
            platform.process.wait()
            found = platform.left_over()
            platform.process = process
            for word in ("--box-socket", "sleep 60"):
                self.assertTrue(any(word in each for each in found), (word, found))


class PlainCrashTest(CrashTest):
    """Boxes that no sandbox takes along."""

    SANDBOX = "none"
    N_ROUNDS = N_ROUNDS // 3


if __name__ == "__main__":
    tap.main()
