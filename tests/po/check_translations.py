# SPDX-License-Identifier: LGPL-2.1-or-later
"""Whether every text that people read can be translated and is: POTFILES, what xgettext sees, and each catalogue."""
import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

import tap

SOURCES = Path(os.environ["SOURCES"])
PO = SOURCES / "po"
FOLDERS = ("devbox-glib", "devbox-server")
XGETTEXT = ("xgettext", "--from-code=UTF-8", "--keyword=_", "--keyword=N_", "--keyword=C_:1c,2", "--keyword=NC_:1c,2",
            "--keyword=g_dngettext:2,3", "--add-location=file", "--output=-")
# A literal may stand in pieces, but only of quoted text: xgettext does not know what a macro such as PRIu64 becomes.
LITERAL = re.compile(r'\s*(?:"(?:[^"\\\n]|\\.)*"\s*)+\)')
EXPRESSION = re.compile(r'[^"]*?\)')


def list_of(name):
    return [line for line in (PO / name).read_text().split("\n") if line and not line.startswith("#")]


def sources():
    return sorted(str(path.relative_to(SOURCES)) for folder in FOLDERS for path in (SOURCES / folder).rglob("*.[ch]"))


def extract(names):
    return subprocess.run([*XGETTEXT, *names], cwd=SOURCES, check=True, capture_output=True, text=True,
                          env={**os.environ, "LANGUAGE": ""}).stdout


class Translations(unittest.TestCase):
    def test_potfiles_is_complete_and_sorted(self):
        found = {name for line in extract(sources()).splitlines() if line.startswith("#: ") for name in line[3:].split()}
        self.assertGreater(len(found), 10)
        self.assertEqual(list_of("POTFILES"), sorted(found))

    def test_literals(self):
        seen = 0
        for name in sources():
            text = (SOURCES / name).read_text()
            for match in re.finditer(r"\bN?_ ?\(", text):
                if "#define" in text[text.rfind("\n", 0, match.start()):match.start()]:
                    continue
                seen += 1
                line = text.count("\n", 0, match.start()) + 1
                wanted = LITERAL if text[match.end():].lstrip().startswith('"') else EXPRESSION
                self.assertTrue(wanted.match(text, match.end()), f"{name}:{line}: not a plain literal")
        self.assertGreater(seen, 100)

    def test_catalogues(self):
        languages = list_of("LINGUAS")
        self.assertIn("zh_CN", languages)
        with tempfile.TemporaryDirectory() as folder:
            template = Path(folder) / "template.pot"
            template.write_text(extract(list_of("POTFILES")))
            for language in languages:
                with self.subTest(language):
                    catalogue = PO / f"{language}.po"
                    run = {"capture_output": True, "text": True, "env": {**os.environ, "LANGUAGE": ""}}
                    formatted = subprocess.run(["msgfmt", "--check", "--statistics", "--output-file=/dev/null", catalogue], **run)
                    self.assertEqual(formatted.returncode, 0, formatted.stderr)
                    self.assertRegex(formatted.stderr, r"\A\d+ translated messages\.\n\Z")
                    compared = subprocess.run(["msgcmp", catalogue, template], **run)
                    self.assertEqual((compared.returncode, compared.stderr), (0, ""), "run the target devbox-glib-1-update-po")


if __name__ == "__main__":
    tap.main()
