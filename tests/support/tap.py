# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs the unittest cases of a module and reports them in the Test Anything Protocol, one line each."""
import sys
import traceback
import unittest


def name_of_row(test):
    """What a test that is named after a row of docs/wire.md says of itself, or of its class: "current: POST /files/move: 1409 when the target exists"."""
    dialects = ("classic: ", "current: ", "platform: ")
    if (own := test.shortDescription() or "").startswith(dialects):
        return own
    if (shared := type(test).__doc__ or "").startswith(dialects):
        return f"{shared.splitlines()[0]}: {test.id().rpartition('.')[2].removeprefix('test_').replace('_', ' ')}"
    return None


class TapResult(unittest.TestResult):
    def __init__(self):
        super().__init__()
        self.number = 0

    def report(self, test, verdict, detail=""):
        self.number += 1
        name = test.id().removeprefix("__main__.")
        if row := name_of_row(test):
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
