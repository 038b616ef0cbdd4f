#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Fails where a file breaks a rule that no compiler knows: licence line, size,
promises without a reason, paths of somebody's machine, what one of the two
compilers cannot compile."""

import pathlib
import re
import subprocess
import sys

LINES_MAX = {".h": 300, ".cc": 600, ".py": 400, ".md": 200}
FUNCTION_LINES_MAX = 70
CODE = {".h", ".cc", ".py", ".cmake", ".sh"}
# A promise says why it is not kept now: "TODO(reason): what, until when".
BARE_TODO = re.compile(r"\b(?:TODO|FIXME|XXX)\b(?!\([^)]+\): \w)")
# Clang 14 cannot compile what answers a std::ranges::subrange.
SUBRANGE = re.compile(r"\bstd::(?:views::|ranges::(?:views::|subrange|equal_range|partition|"
                      r"stable_partition|remove|remove_if|rotate|search|search_n|unique)\b)")
FUNCTION_START = re.compile(r"^[^\s#/}].*")


def is_code(name, text):
    path = pathlib.PurePosixPath(name)
    return path.suffix in CODE or path.name == "CMakeLists.txt" or text.startswith("#!")


def long_functions(text):
    """(line, length) of C++ functions outside classes that are too long.

    Relies on clang-format: such a function ends with a "}" alone in the first
    column, and no other line of its body starts there.
    """
    lines = text.splitlines()
    for end, line in enumerate(lines):
        if line != "}":
            continue
        start = end - 1
        while start > 0 and not FUNCTION_START.match(lines[start]):
            start -= 1
        if end - start + 1 > FUNCTION_LINES_MAX:
            yield start + 1, end - start + 1


def violations_of(name, text, root):
    """What is wrong with one file; `root` is where the sources lie."""
    suffix = pathlib.PurePosixPath(name).suffix
    lines = text.splitlines()
    if is_code(name, text) and not any("SPDX-License-Identifier: " in line for line in lines[:2]):
        yield f"{name}:1: no SPDX line"
    if len(lines) > LINES_MAX.get(suffix, len(lines)):
        yield f"{name}: {len(lines)} lines, at most {LINES_MAX[suffix]}"
    if suffix == ".h" and "#pragma once" not in lines:
        yield f"{name}: no #pragma once"
    if suffix == ".cc":
        for line, length in long_functions(text):
            yield f"{name}:{line}: function of {length} lines, at most {FUNCTION_LINES_MAX}"
    for number, line in enumerate(lines, 1):
        if BARE_TODO.search(line):
            yield f"{name}:{number}: a promise without a reason"
        if suffix in {".h", ".cc"} and SUBRANGE.search(line):
            yield f"{name}:{number}: ranges that clang 14 cannot compile"
        if root and root in line:
            yield f"{name}:{number}: a path of this machine"
        if line != line.rstrip() and suffix in CODE | {".md", ".txt"}:
            yield f"{name}:{number}: spaces at the end of the line"


def sources(root):
    """Names of all files of the project, those not yet committed too."""
    listed = subprocess.run(
        ["git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True, check=True)
    return [name for name in listed.stdout.decode().split("\0") if name]


def violations(root):
    for name in sources(root):
        path = pathlib.Path(root, name)
        # The checks speak of what they look for; corpora are made of bytes.
        if name.startswith(("tools/lint/", "tests/fuzz/corpus/")) or not path.is_file():
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        yield from violations_of(name, text, root)


if __name__ == "__main__":
    found = list(violations(str(pathlib.Path(sys.argv[1]).resolve())))
    print("\n".join(found) or "sources keep the rules")
    sys.exit(bool(found))
