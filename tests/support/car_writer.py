# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Writes CARs from nothing but the standard library.

Knows nothing of the C++ code, so that what both agree on is the format. Used
by the sample of tools/run, the end-to-end tests and the benchmarks.
"""

import base64
import hashlib
import io

RAW, DAG_PB, DAG_CBOR = 0x55, 0x70, 0x71
IDENTITY, SHA2_256 = 0x00, 0x12


def varint(number):
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def sha2_256_cid(codec, block):
    return b"\x01" + varint(codec) + b"\x12\x20" + hashlib.sha256(block).digest()


def identity_cid(codec, block):
    return b"\x01" + varint(codec) + b"\x00" + varint(len(block)) + block


def cid_text(cid):
    """A CIDv1 as dagfs shows it."""
    return "b" + base64.b32encode(cid).decode().lower().rstrip("=")


# dag-cbor: as much as tests need. Links are Link objects.


class Link:
    def __init__(self, cid):
        self.cid = cid


def _cbor_head(major, number):
    if number < 24:
        return bytes([major << 5 | number])
    for size, info in ((1, 24), (2, 25), (4, 26), (8, 27)):
        if number < 1 << 8 * size:
            return bytes([major << 5 | info]) + number.to_bytes(size, "big")
    raise ValueError(number)


def dag_cbor(value):
    if value is None or isinstance(value, bool):
        return {None: b"\xf6", True: b"\xf5", False: b"\xf4"}[value]
    if isinstance(value, int):
        return _cbor_head(0, value) if value >= 0 else _cbor_head(1, -1 - value)
    if isinstance(value, bytes):
        return _cbor_head(2, len(value)) + value
    if isinstance(value, str):
        return _cbor_head(3, len(value.encode())) + value.encode()
    if isinstance(value, (list, tuple)):
        return _cbor_head(4, len(value)) + b"".join(dag_cbor(item) for item in value)
    if isinstance(value, Link):
        return b"\xd8\x2a" + dag_cbor(b"\x00" + value.cid)
    keys = sorted(value, key=lambda key: (len(key.encode()), key.encode()))
    return _cbor_head(5, len(keys)) + b"".join(
        dag_cbor(key) + dag_cbor(value[key]) for key in keys)


# dag-pb and UnixFS.


def _field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def pb_node(links, data):
    """`links`: (cid, name, total size)."""
    encoded = b"".join(
        _field(2, _field(1, cid) + _field(2, name) + _field(3, size))
        for cid, name, size in links)
    return encoded + (b"" if data is None else _field(1, data))


def unixfs(kind, data=None, filesize=None, blocksizes=(), mode=None, mtime=None):
    """The Data of a dag-pb node. `kind`: raw 0, directory 1, file 2, symlink 4."""
    out = _field(1, kind)
    if data is not None:
        out += _field(2, data)
    if filesize is not None:
        out += _field(3, filesize)
    out += b"".join(_field(4, size) for size in blocksizes)
    if mode is not None:
        out += _field(7, mode)
    if mtime is not None:
        out += _field(8, _field(1, mtime))
    return out


class Dag:
    """Puts UnixFS nodes into a CAR as they are made. Every method answers
    (cid, total size of the DAG), what a directory's link needs."""

    def __init__(self, put, chunk_size=1 << 20, fan_out=1024):
        self._put = put
        self._chunk_size = chunk_size
        self._fan_out = fan_out

    def block(self, codec, block):
        cid = sha2_256_cid(codec, block)
        self._put(cid, block)
        return cid, len(block)

    def file(self, content, mode=None, mtime=None):
        """`content`: bytes, or a binary file to read from."""
        source = io.BytesIO(content) if isinstance(content, bytes) else content
        level = []  # (cid, total size, file size)
        while chunk := source.read(self._chunk_size):
            level.append((*self.block(RAW, chunk), len(chunk)))
        if not level:
            level.append((*self.block(RAW, b""), 0))
        wanted = mode is not None or mtime is not None
        while len(level) > 1 or wanted:
            level = [self._interior(level[i:i + self._fan_out], mode, mtime)
                     for i in range(0, len(level), self._fan_out)]
            wanted = False
        return level[0][:2]

    def _interior(self, children, mode, mtime):
        sizes = [child[2] for child in children]
        node = pb_node([(cid, b"", total) for cid, total, _ in children],
                       unixfs(2, filesize=sum(sizes), blocksizes=sizes, mode=mode, mtime=mtime))
        cid, own = self.block(DAG_PB, node)
        return cid, own + sum(child[1] for child in children), sum(sizes)

    def symlink(self, target):
        return self.block(DAG_PB, pb_node([], unixfs(4, data=target)))

    def directory(self, entries, mode=None, mtime=None):
        """`entries`: name (bytes) to (cid, total size)."""
        links = [(*entries[name][:1], name, entries[name][1]) for name in sorted(entries)]
        cid, own = self.block(DAG_PB, pb_node(links, unixfs(1, mode=mode, mtime=mtime)))
        return cid, own + sum(entry[1] for entry in entries.values())

    def tree(self, content):
        """A dict of names to bytes (files) and dicts (directories)."""
        if isinstance(content, bytes):
            return self.file(content)
        return self.directory({name: self.tree(child) for name, child in content.items()})


class CarWriter:
    """A CARv1, written as blocks come. The root may be named at the end."""

    def __init__(self, path, roots=None):
        # A root of the usual size: replaced in place when it is known.
        self._file = open(path, "wb")
        self._placeholder = roots is None
        self._header([bytes(36)] if roots is None else roots)
        self._seen = set()

    def _header(self, roots):
        header = dag_cbor({"roots": [Link(root) for root in roots], "version": 1})
        self._file.write(varint(len(header)) + header)

    def put(self, cid, block):
        """Adds a section, unless there is one with this CID."""
        if cid not in self._seen:
            self._seen.add(cid)
            self.section(cid, block)

    def section(self, cid, block):
        self._file.write(varint(len(cid) + len(block)) + cid + block)

    def write(self, some):
        """Bytes as they are, for what no good writer would write."""
        self._file.write(some)

    def close(self, root=None):
        if self._placeholder:
            self._file.seek(0)
            self._header([root])
        self._file.close()


def write_tree_car(path, content, **options):
    """A CAR of one UnixFS tree (see Dag.tree); answers its root CID."""
    car = CarWriter(path)
    root, _ = Dag(car.put, **options).tree(content)
    car.close(root)
    return root
