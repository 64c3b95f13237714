#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the libraries export is what their symbol files and their introspection data say: `ninja update-symbols` writes the symbol files anew.

A symbol file has a heading for each version, and below it the functions that appeared in it.
"""
import os
import re
import subprocess
import sys
import unittest
import xml.etree.ElementTree

import tap

GIR = {"c": "{http://www.gtk.org/introspection/c/1.0}", "glib": "{http://www.gtk.org/introspection/glib/1.0}"}
LIBRARIES = {
    "glib": (os.environ["DEVBOX_GLIB_LIBRARY"], os.environ["DEVBOX_GLIB_GIR"], os.environ["DEVBOX_GLIB_SYMBOLS"]),
    "server": (os.environ["DEVBOX_SERVER_LIBRARY"], os.environ["DEVBOX_SERVER_GIR"], os.environ["DEVBOX_SERVER_SYMBOLS"]),
}
DOCUMENTED = ("function", "method", "constructor", "property", "class", "enumeration", "bitfield", "virtual-method")


def read_exports(library):
    listing = subprocess.run(["nm", "-D", "--defined-only", library], check=True, capture_output=True, text=True).stdout
    return {line.split()[2] for line in listing.splitlines()}


def read_introspection(path):
    """Returns the functions with the versions that they appeared in, and what is said of nothing."""
    functions, incomplete = {}, []
    namespace = xml.etree.ElementTree.parse(path).getroot().find("{*}namespace")
    for parent in namespace.iter():
        for element in parent:
            kind = element.tag.rpartition("}")[2]
            if element.get(GIR["glib"] + "get-type"):
                functions[element.get(GIR["glib"] + "get-type")] = element.get("version")
            if kind in ("function", "method", "constructor") and element.get("moved-to") is None:
                functions[element.get(GIR["c"] + "identifier")] = element.get("version")
            if kind in DOCUMENTED or element.tag == GIR["glib"] + "signal":
                name = f"{parent.get('name')}.{element.get('name')}"
                missing = [what for what, there in (("Since", element.get("version")), ("text", element.find("{*}doc") is not None)) if not there]
                parameters = element.findall("{*}parameters/{*}parameter")
                missing += [parameter.get("name") for parameter in parameters if parameter.find("{*}doc") is None]
                returned = element.find("{*}return-value")
                if returned is not None and returned.find("{*}type[@name='none']") is None and returned.find("{*}doc") is None:
                    missing.append("Returns")
                if missing and element.get("moved-to") is None:
                    incomplete.append((name, missing))
    return functions, incomplete


def read_symbols(path):
    symbols, version = {}, None
    with open(path, encoding="utf-8") as file:
        for line in file:
            if heading := re.fullmatch(r"\[([0-9.]+)\]\n", line):
                version = heading.group(1)
            elif line.strip() and not line.startswith("#"):
                symbols[line.strip()] = version
    return symbols


def write_symbols(path, functions):
    with open(path, "w", encoding="utf-8") as file:
        file.write("# SPDX-License-Identifier: LGPL-2.1-or-later\n# Written by `ninja update-symbols`; every line is a promise to keep.\n")
        for version in sorted(set(functions.values()), key=lambda version: [int(part) for part in version.split(".")]):
            file.write(f"[{version}]\n")
            file.writelines(f"{name}\n" for name in sorted(functions) if functions[name] == version)


class SymbolsTest(unittest.TestCase):
    def for_each(self, check):
        for name, paths in LIBRARIES.items():
            with self.subTest(name):
                check(*paths)

    def test_exports_are_the_symbol_file(self):
        self.for_each(lambda library, gir, symbols: self.assertEqual(sorted(read_exports(library)), sorted(read_symbols(symbols))))

    def test_introspection_is_the_symbol_file(self):
        self.for_each(lambda library, gir, symbols: self.assertEqual(read_introspection(gir)[0], read_symbols(symbols)))

    def test_all_is_documented(self):
        self.for_each(lambda library, gir, symbols: self.assertEqual(read_introspection(gir)[1], []))

    def test_nothing_is_empty(self):
        self.for_each(lambda library, gir, symbols: self.assertGreater(len(read_symbols(symbols)), 5))


if __name__ == "__main__":
    if sys.argv[1:] == ["--update"]:
        for library, gir, symbols in LIBRARIES.values():
            write_symbols(symbols, read_introspection(gir)[0])
    else:
        tap.main()
