# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs the unittest cases of a module and reports them in the Test Anything Protocol, one line each."""
import sys
import traceback
import unittest


class TapResult(unittest.TestResult):
    def __init__(self):
        super().__init__()
        self.number = 0

    def report(self, test, verdict, detail=""):
        self.number += 1
        name = test.id().removeprefix("__main__.")
        # A test of a row of docs/wire.md is named after it.
        if (row := test.shortDescription() or "").startswith(("classic: ", "current: ")):
            name = f"{row} ({name})".replace("#", "")
        print(f"{verdict} {self.number} {name}{detail}", flush=True)

    def addSuccess(self, test):
        super().addSuccess(test)
        self.report(test, "ok")

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.report(test, "ok", f" # SKIP {reason}")

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.fail_with(test, err)

    def addError(self, test, err):
        super().addError(test, err)
        self.fail_with(test, err)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.fail_with(subtest, err)

    def fail_with(self, test, err):
        self.report(test, "not ok")
        for line in "".join(traceback.format_exception(*err)).splitlines():
            print(f"# {line}", flush=True)


def main():
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"])
    if len(sys.argv) > 1:
        suite = unittest.defaultTestLoader.loadTestsFromNames(sys.argv[1:], sys.modules["__main__"])
    result = TapResult()
    suite.run(result)
    print(f"1..{result.number}")
    sys.exit(0 if result.wasSuccessful() else 1)
