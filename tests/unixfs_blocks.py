"""Blocks of UnixFS made one by one, also such as no honest node makes, and homes that hold them."""

import base64
import hashlib
import sqlite3
import time
from pathlib import Path

from command import run

RAW, DAG_PB = 0x55, 0x70
FOLDER, FILE, SYMLINK = 1, 2, 4


def varint(number: int) -> bytes:
    out = b""
    while number >= 0x80:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


def field(number: int, content: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(content)) + content


def number_field(number: int, value: int) -> bytes:
    return varint(number << 3) + varint(value)


def text_of(cid: bytes) -> str:
    return "b" + base64.b32encode(cid).decode().lower().rstrip("=")


class Tree:
    """Blocks of UnixFS made one by one, also such as no honest node makes."""

    def __init__(self):
        self.blocks: dict[bytes, bytes] = {}

    def add(self, codec: int, block: bytes) -> bytes:
        hash_of = b"\x12\x20" + hashlib.sha256(block).digest()
        self.blocks[hash_of] = block
        return bytes([1, codec]) + hash_of

    def raw(self, content: bytes) -> bytes:
        return self.add(RAW, content)

    def node(self, data: bytes, links=()) -> bytes:
        block = b"".join(
            field(2, field(1, cid) + field(2, name) + number_field(3, size))
            for cid, name, size in links)  # fmt: skip
        return self.add(DAG_PB, block + field(1, data))

    def folder(self, entries) -> bytes:
        return self.node(number_field(1, FOLDER), [(cid, name, 1) for name, cid in entries])

    def file(self, parts) -> bytes:
        data = number_field(1, FILE) + number_field(3, sum(size for _, size in parts))
        data += b"".join(number_field(4, size) for _, size in parts)
        return self.node(data, [(cid, b"", size) for cid, size in parts])

    def symlink(self, target: bytes) -> bytes:
        return self.node(number_field(1, SYMLINK) + field(2, target))


def identity(content: bytes, codec: int = RAW) -> bytes:
    """A CID that is its block."""
    return bytes([1, codec, 0, len(content)]) + content


def hold(blocks: dict[bytes, bytes], home: Path, seed: Path) -> None:
    """Puts the blocks into the home's index, as those of the file `seed`: sharing that serves them."""
    time.sleep(0.1)  # a file that has just changed is read again
    run("--json", "share", "--index-only", seed, home=home).works()
    root = Tree()
    links = [(bytes([1, RAW]) + hash_of, b"", 1) for hash_of in blocks]
    links += [(bytes([1, DAG_PB]) + hash_of, b"", 1) for hash_of in blocks]
    parts = [root.node(b"", links[at : at + 10_000]) for at in range(0, len(links), 10_000)]
    cid = root.node(b"", [(part, b"", 1) for part in parts])
    with sqlite3.connect(home / "index.db") as index:
        index.executemany("INSERT OR IGNORE INTO nodes(hash, size, bytes) VALUES (?, ?, ?)",
                          [(key, len(block), block) for key, block in [*blocks.items(), *root.blocks.items()]])
        index.execute("UPDATE imports SET root = ?", (cid,))
    index.close()
