#!/usr/bin/env python3
"""Fails when a folder includes a header from a layer above its own."""

import pathlib
import re
import sys

LAYERS = ["car/base", "car", "mount", "dagstore", "fs", "tools"]  # lowest first
ONLY_IN = {"<leveldb/": "dagstore/level_db.", "<fuse": "fs/fuse/"}
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"][^>"]+)', re.MULTILINE)


def rank(name):
    """The layer that `name`, a path from the root, lies in; None for others."""
    homes = [i for i, layer in enumerate(LAYERS) if name.startswith(layer + "/")]
    return min(homes, default=None)


def violations(root):
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if path.suffix not in (".h", ".cc") or rank(name) is None:
            continue
        for header in INCLUDE.findall(path.read_text()):
            target = rank(header[1:])
            if target is not None and target > rank(name):
                yield f"{name}: {header[1:]} is in a higher layer"
            for prefix, home in ONLY_IN.items():
                if header.startswith(prefix) and not name.startswith(home):
                    yield f"{name}: only {home}* may include {prefix}...>"


if __name__ == "__main__":
    found = list(violations(pathlib.Path(sys.argv[1])))
    print("\n".join(found) or "layers hold")
    sys.exit(bool(found))
