#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Copies a source file with one text, which must be there once, replaced by another: a bug that a fuzz target has to find."""
import sys

source, copy, old, new = sys.argv[1:]
with open(source, encoding="utf-8") as file:
    text = file.read()
if text.count(old) != 1 or old == new:
    sys.exit(f"{source}: “{old}” is there {text.count(old)} times instead of once: plant another bug in tests/fuzz/meson.build")
with open(copy, "w", encoding="utf-8") as file:
    file.write(text.replace(old, new))
