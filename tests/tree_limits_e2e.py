#!/usr/bin/env python3
"""Trees that cost their maker little: every command ends, in little memory, or stops when told. All blocks are here."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from command import MEMORY, SANITIZED, SHOAL, run_tests
from unixfs_blocks import Tree, hold, identity, text_of

# A development build with its tables, over what any command takes.
MOST_MIB = 256
MIB = 1 << 20


class Home:
    def __init__(self, folder: Path, tree: Tree):
        self.home = folder / "home"
        self.out = folder / "out"
        self.out.mkdir()
        seed = folder / "seed"
        seed.write_bytes(b"seed")
        hold(tree.blocks, self.home, seed)

    def start(self, command: str, cid: bytes, *options, stdout=subprocess.DEVNULL) -> subprocess.Popen:
        words = [SHOAL, "--home", self.home, "--listen", "/ip4/127.0.0.1/tcp/0", command,
                 f"ipfs://{text_of(cid)}", *options]  # fmt: skip
        if command == "get":
            words += ["-o", self.out]
        return subprocess.Popen([str(word) for word in words], stdin=subprocess.DEVNULL, stdout=stdout,
                                stderr=subprocess.PIPE)  # fmt: skip

    def run(self, command: str, cid: bytes, *options, seconds: float = 60, most_mib: int = MOST_MIB,
            stdout=subprocess.DEVNULL):  # fmt: skip
        """Exit code and stderr of a command that takes no more time and memory than it may."""
        process = self.start(command, cid, *options, stdout=stdout)
        end = time.monotonic() + seconds
        peak = 0
        try:
            while process.poll() is None:
                assert time.monotonic() < end, f"{command} {options} does not end"
                peak = max(peak, peak_mib(process.pid))
                time.sleep(0.02)
        finally:
            process.kill()
        assert peak < most_mib, f"{command} {options} took {peak} MiB"
        return process.returncode, process.stderr.read().decode()

    def ends_early(self, command: str, cid: bytes, flag: str, *options):
        code, errors = self.run(command, cid, *options)
        assert code == 1 and flag in errors and "baf" in errors, (command, code, errors)
        left = [name for name in os.listdir(self.out) if not name.endswith(".shoal")]
        assert left == [], left
        subprocess.run(["rm", "-rf", self.out], check=True)
        self.out.mkdir()


def wait_until_under_way(process: subprocess.Popen, seconds: float = 0.2):
    """Until it has worked for so long, however busy the machine is."""
    while process.poll() is None and cpu_seconds(process.pid) < seconds:
        time.sleep(0.01)


def cpu_seconds(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_mib(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) >> 10 for line in status.splitlines() if line.startswith("VmHWM")), 0)


def bomb(tree: Tree) -> bytes:
    """65 blocks that unfold into 2^64 folders."""
    folder = tree.folder([(b"f", tree.raw(b"leaf"))])
    for _ in range(64):
        folder = tree.folder([(b"a", folder), (b"b", folder)])
    return folder


def wide(tree: Tree, child: bytes, names: int = 40_000) -> bytes:
    return tree.folder([(b"%06d" % i, child) for i in range(names)])


def test_folders_that_name_one_twice(folder):
    tree = Tree()
    root = bomb(tree)
    home = Home(folder, tree)
    home.ends_early("get", root, "--max-files")
    home.ends_early("ls", root, "--max-files", "-R")
    home.ends_early("get", root, "--max-files", "--max-files", 1000)
    home.ends_early("ls", root, "--max-files", "-R", "--max-files", 1000)
    assert home.run("ls", root) == (0, "")
    assert home.run("stat", root)[0] == 0


def test_names_of_one_large_leaf(folder):
    tree = Tree()
    raw = tree.raw(bytes(range(1, 129)) * (2 * MIB // 128))
    content = b"x" * 2_000_000
    wrapped = tree.node(b"\x08\x02" + b"\x12" + bytes([0x80, 0x89, 0x7A]) + content + b"\x18" + bytes([0x80, 0x89, 0x7A]))
    roots = [tree.folder([(b"%04d" % i, leaf) for i in range(count)]) for leaf, count in [(raw, 4000), (wrapped, 400)]]
    files = [tree.file([(leaf, size)] * count) for leaf, size, count in [(raw, 2 * MIB, 4000), (wrapped, 2_000_000, 400)]]
    home = Home(folder, tree)
    for root in roots + files:
        home.ends_early("get", root, "--max-size")
        assert home.run("stat", root)[0] == 0
    for file in files:
        code, errors = home.run("cat", file)
        assert code == 1 and "--max-size" in errors, (code, errors)
    assert home.run("cat", files[1], "--max-size", "1G") == (0, "")


def test_wide_nodes_over_and_over(folder):
    tree = Tree()
    inner = wide(tree, tree.raw(b"leaf"))
    roots = [wide(tree, inner), tree.folder([(b"%04d" % i, inner) for i in range(4000)])]
    home = Home(folder, tree)
    for root in roots:
        home.ends_early("get", root, "--max-files", "--max-files", 60_000)
        assert home.run("stat", root)[0] == 0


def test_a_file_of_many_tiny_parts(folder):
    tree = Tree()
    parts, contents = 50_000, [b"a", b"b", b"c", b"d"]
    # Different nodes: one that is met again takes its memory once.
    quarters = [tree.file([(identity(byte), 1)] * parts) for byte in contents]
    root = tree.file([(quarter, parts) for quarter in quarters])
    home = Home(folder, tree)
    with open(folder / "seen", "wb") as seen:
        assert home.run("cat", root, most_mib=128, stdout=seen)[0] == 0
    assert (folder / "seen").read_bytes() == b"".join(byte * parts for byte in contents)
    assert home.run("stat", root)[0] == 0
    assert home.run("get", quarters[0])[0] == 0


def ends_on_sigterm(home: Home, command: str, root: bytes, *options):
    process = home.start(command, root, *options)
    try:
        wait_until_under_way(process)
        assert process.poll() is None, (command, process.returncode, process.stderr.read())
        process.send_signal(signal.SIGTERM)
        begun = time.monotonic()
        code = process.wait(10)
        took = time.monotonic() - begun
    finally:
        process.kill()
    assert code == 143 and took < 2.2, (command, code, took)
    subprocess.run(["rm", "-rf", home.out], check=True)
    home.out.mkdir()


def test_sigterm_ends_a_walk_of_wide_folders(folder):
    """Of 40,000 folders with 40,000 names each: there is much to do between two blocks."""
    tree = Tree()
    root = wide(tree, wide(tree, tree.raw(b"leaf")))
    home = Home(folder, tree)
    ends_on_sigterm(home, "get", root)
    ends_on_sigterm(home, "ls", root, "-R")


def test_sigterm_ends_every_command(folder):
    tree = Tree()
    repeats = bomb(tree)
    file = tree.file([(tree.raw(b"x" * MIB), MIB)] * 30_000)
    every = tree.folder([(b"%02d" % n, tree.folder([(b"%06d" % i, identity(b"%d %d" % (n, i))) for i in range(40_000)]))
                         for n in range(30)])  # fmt: skip
    home = Home(folder, tree)
    much = ["--max-files", 10**9]
    ends_on_sigterm(home, "get", repeats, *much)
    ends_on_sigterm(home, "ls", repeats, "-R", *much)
    ends_on_sigterm(home, "stat", every)
    ends_on_sigterm(home, "get", every)
    ends_on_sigterm(home, "cat", file, "--max-size", "1T")


if SANITIZED:
    sys.exit(77)
run_tests(dict(globals()), MEMORY)
