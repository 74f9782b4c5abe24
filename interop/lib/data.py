"""Test data that is the same on every machine, and the comparison of two trees.

Block i of a file is the first MiB of SHAKE-128(seed || i), both as 8 bytes big-endian; the last
block is cut. Any language with SHAKE-128 can make the same bytes.
"""

import hashlib
import os
from pathlib import Path

MIB = 1 << 20
GIB = 1 << 30
MTIME = 1_700_000_000  # what `tree` and `large_directory` stamp on all that they make


def blocks(size: int, seed: int = 1):
    for index in range(-(-size // MIB)):
        key = seed.to_bytes(8, "big") + index.to_bytes(8, "big")
        yield hashlib.shake_128(key).digest(min(MIB, size - index * MIB))


def write_file(path: Path, size: int, seed: int = 1) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "wb") as out:
        for block in blocks(size, seed):
            out.write(block)
    return path


def tree(root: Path) -> Path:
    """Nested, empty, hidden, executable, linked and non-ASCII: one of each kind."""
    write_file(root / "empty", 0)
    write_file(root / "one", 1)
    write_file(root / "a/b/c/deep", 5000, seed=2)
    write_file(root / "a/three MiB and a bit", 3 * MIB + 17, seed=3)
    write_file(root / "Zoë/日本語 🐚.txt", 300, seed=4)
    write_file(root / "run.sh", 40, seed=5).chmod(0o755)
    write_file(root / ".hidden", 10, seed=6)
    write_file(root / "a/.hidden/inside", 10, seed=7)
    (root / "no entries").mkdir()
    (root / "link").symlink_to("a/b/c/deep")
    (root / "dangling").symlink_to("nowhere")
    return _stamp(root)


def large_directory(root: Path, entries: int = 20_000) -> Path:
    """Far past the size from which a directory becomes a HAMT; every file holds its own name."""
    root.mkdir()
    for index in range(entries):
        name = f"entry-{index:05}"
        (root / name).write_text(name)
    return _stamp(root)


def directory_of_block_size(root: Path, size: int) -> Path:
    """A flat directory whose dag-pb block (CIDv1, raw leaves) has `size` bytes, about 256 KiB.

    A link to a file of one byte takes 44 bytes and its name, the directory's own data takes 4.
    """
    root.mkdir()
    count, rest = divmod(size - 4, 64)
    names = [f"entry-{index:014}" for index in range(count - 1)]
    names.append("last".ljust(20 + rest, "_"))
    for name in names:
        (root / name).write_text("x")
    return _stamp(root)


def _stamp(root: Path) -> Path:
    for folder, folders, files in os.walk(root, topdown=False):
        for name in files + folders:
            os.utime(Path(folder, name), (MTIME, MTIME), follow_symlinks=False)
    os.utime(root, (MTIME, MTIME))
    return root


def digest(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def manifest(root: Path, hidden: bool = False, metadata: bool = False) -> dict:
    """Relative path -> what is there. `metadata` adds the executable bit and mtime (seconds)."""

    def entry(path: Path):
        if path.is_symlink():
            return "link", os.readlink(path)
        kind = ("folder",) if path.is_dir() else ("file", path.stat().st_size, digest(path))
        status = path.stat()
        return kind + ((status.st_mode & 0o100, int(status.st_mtime)) if metadata else ())

    def visit(path: Path, name: str):
        found[name] = entry(path)
        if path.is_dir() and not path.is_symlink():
            for child in path.iterdir():
                if hidden or not child.name.startswith("."):
                    visit(child, f"{name}/{child.name}")

    found: dict = {}
    visit(root, ".")
    return found


def expect_same(actual: Path, expected: Path, **options) -> None:
    have, want = manifest(actual, **options), manifest(expected, **options)
    wrong = sorted(name for name in have.keys() | want.keys() if have.get(name) != want.get(name))
    if wrong:
        name = wrong[0]
        raise AssertionError(
            f"{len(wrong)} entries differ, first {name!r}: {have.get(name)} instead of {want.get(name)}"
        )
