#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Fails when a folder includes a header from a layer above its own, or a
package's header outside the one place that may know the package."""

import pathlib
import re
import sys

LAYERS = ["car/base", "car", "mount", "dagstore", "fs", "tools"]  # lowest first
# Where a package's headers may be included: prefix of the header, prefixes of
# the files. tests/ may look behind the curtain.
ONLY_IN = {
    "<leveldb/": ("dagstore/level_db.",),
    "<sqlite3": ("dagstore/migration/sqlite_table.",),
    "<fuse": ("fs/fuse/",),
    "<spdlog/": ("fs/fuse/", "dagstore/", "tools/"),
    "<CLI/": ("tools/",),
}
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"][^>"]+)', re.MULTILINE)


def rank(name):
    """The layer that `name`, a path from the root, lies in; None for others."""
    homes = [i for i, layer in enumerate(LAYERS) if name.startswith(layer + "/")]
    return min(homes, default=None)


def violations_of(name, text):
    """What is wrong with the includes of one source."""
    for header in INCLUDE.findall(text):
        target = rank(header[1:])
        if target is not None and target > rank(name):
            yield f"{name}: {header[1:]} is in a higher layer"
        if header.startswith('"tests/'):
            yield f"{name}: {header[1:]} is for tests"
        if header.startswith(('"./', '"../')) or (header[0] == '"' and "/" not in header):
            yield f"{name}: {header[1:]} is not a path from the root"
        for prefix, homes in ONLY_IN.items():
            if header.startswith(prefix) and not name.startswith(homes):
                yield f"{name}: only {' or '.join(homes)} may include {prefix}...>"


def violations(root):
    for layer in LAYERS[1:]:
        for path in sorted((root / layer).rglob("*")):
            if path.suffix in (".h", ".cc"):
                name = path.relative_to(root).as_posix()
                yield from violations_of(name, path.read_text(encoding="utf-8"))


if __name__ == "__main__":
    found = list(violations(pathlib.Path(sys.argv[1])))
    print("\n".join(found) or "layers hold")
    sys.exit(bool(found))
