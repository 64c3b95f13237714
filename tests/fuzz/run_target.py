#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs a target under libFuzzer for some seconds, from its corpus and with its dictionary: DICT CORPUS PROGRAM [PLANTED].

PLANTED is the same target with a bug in the parser. The corpus must not show the bug, the fuzzer must find it within its
time, and what it found must be no finding without the bug. DEVBOX_FUZZ_SEED repeats a run, DEVBOX_FUZZ_SECONDS sets its time.
"""
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

SECONDS = int(os.environ.get("DEVBOX_FUZZ_SECONDS", "4"))
SECONDS_TO_FIND = 120
MIN_RUNS = 1000
SEED = int(os.environ.get("DEVBOX_FUZZ_SEED") or random.SystemRandom().randrange(1, 1 << 31))


class Target:
    def __init__(self, program, folder):
        self.program = program
        self.folder = folder
        self.output = ""

    def run(self, *arguments):
        """Its exit status."""
        ended = subprocess.run([self.program, f"-seed={SEED}", f"-artifact_prefix={self.folder}/found-", "-timeout=20", *arguments],
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", cwd=self.folder)
        self.output = ended.stdout
        return ended.returncode

    def fuzz(self, dictionary, corpus, seconds, *options):
        fresh = os.path.join(self.folder, "fresh")
        os.mkdir(fresh)
        return self.run(f"-dict={dictionary}", f"-max_total_time={seconds}", "-print_final_stats=1", *options, fresh, corpus)

    def number(self, pattern):
        match = None
        for match in re.finditer(pattern, self.output):
            pass
        return int(match.group(1)) if match else 0

    def count_runs(self):
        return self.number(r"stat::number_of_executed_units:\s+(\d+)")

    def findings(self):
        return [os.path.join(self.folder, name) for name in os.listdir(self.folder) if name.startswith("found-")]


def check(results, name, passed, detail):
    results.append(passed)
    print(f"{'ok' if passed else 'not ok'} {len(results)} {name}: {detail}", flush=True)


def check_clean(results, target, dictionary, corpus):
    status = target.fuzz(dictionary, corpus, SECONDS)
    check(results, "finds nothing", status == 0, f"status {status}")
    entries = target.number(r"Dictionary: (\d+) entries")
    check(results, "has a dictionary", entries > 0, f"{entries} entries")
    runs = target.count_runs()
    check(results, "runs", runs >= MIN_RUNS, f"{runs} inputs in {SECONDS} s")
    edges = target.number(r"INITED cov: (\d+)")
    check(results, "is instrumented", edges > 0, f"the corpus reaches {edges} edges")


def check_planted(results, planted, clean, dictionary, corpus):
    inputs = [os.path.join(corpus, name) for name in sorted(os.listdir(corpus))]
    status = planted.run(*inputs)
    check(results, "the corpus does not show the planted bug", status == 0, f"status {status}")
    if status != 0:
        return
    status = planted.fuzz(dictionary, corpus, SECONDS_TO_FIND, "-max_len=128")
    findings = planted.findings()
    check(results, "the fuzzer finds the planted bug", status != 0 and len(findings) == 1, f"status {status} after {planted.count_runs()} inputs")
    if findings:
        status = clean.run(*findings)
        check(results, "it is none without the bug", status == 0, f"status {status}")


def main():
    dictionary, corpus, *programs = sys.argv[1:]
    results = []
    print(f"# seed {SEED}", flush=True)
    with tempfile.TemporaryDirectory(prefix="devbox-fuzz-") as folder:
        targets = [Target(os.path.abspath(program), folder) for program in programs]
        if len(targets) == 1:
            check_clean(results, targets[0], dictionary, corpus)
        else:
            check_planted(results, targets[1], targets[0], dictionary, corpus)
        if not all(results):
            for target in targets:
                print("".join(f"# {line}\n" for line in target.output.splitlines()[-60:]), end="")
            for number, finding in enumerate(targets[0].findings()):
                kept = f"{os.path.basename(programs[-1])}-{SEED}-{number}"
                shutil.copy(finding, kept)
                print(f"# the input is in {os.path.abspath(kept)}")
    print(f"1..{len(results)}")
    sys.exit(0 if all(results) else 1)


main()
