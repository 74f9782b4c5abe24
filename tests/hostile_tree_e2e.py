#!/usr/bin/env python3
"""Trees that a hostile peer serves, fetched by a real node onto a real disk."""

import os
import signal
import subprocess
import time
from pathlib import Path
from urllib.parse import quote

from command import LOOPBACK, Running, Share, bytes_of, run, run_tests, small_disk, tree_of
from unixfs_blocks import Tree, hold, text_of

class Hostile(Share):
    """A node whose store holds these blocks, and serves them to whoever asks."""

    def __init__(self, blocks: dict[bytes, bytes], home: Path):
        seed = home.parent / f"{home.name}-seed"
        seed.write_bytes(b"seed")
        hold(blocks, home, seed)
        super().__init__(seed, home=home)
        self.provider = f"{self.address}/p2p/{self.serving['peer_id']}"

    def link_to(self, cid: bytes, name: str = "t", *others: "Hostile") -> str:
        providers = [self.provider] + [other.provider for other in others]
        return (f"ipfs://{text_of(cid)}?filename={quote(name, safe='')}"
                + "".join("&provider=" + quote(each, safe="") for each in providers))  # fmt: skip


def get(link: str, to: Path, *options, home: Path):
    return run("--json", *LOOPBACK, "get", link, "-o", to, *options, home=home)


def named(folder: Path) -> list[str]:
    """What has got a name there; partial trees do not."""
    return [name for name in sorted(os.listdir(folder)) if not name.endswith(".shoal")]


def everything_but(folder: Path, *homes: str) -> set[str]:
    return {name for name in os.listdir(folder) if name not in homes}


def test_K1_names_that_lead_out_of_their_folder(folder):
    tree = Tree()
    leaf = tree.raw(b"pwned")
    bad = [b"..", b".", b"", b"a/b", b"/abs", b"../../x", b"n\0l", b"/", b"n" * 256]
    roots = [tree.folder([(b"fine", leaf), (name, leaf)]) for name in bad]
    roots += [tree.folder([(b"sub", tree.folder([(name, leaf)]))]) for name in bad]
    roots.append(tree.folder([(b"..", tree.folder([(b"x", leaf)]))]))
    out = folder / "out"
    out.mkdir()
    with Hostile(tree.blocks, folder / "a") as server:
        before = everything_but(folder, "b")
        for root in roots:
            get(server.link_to(root), out, home=folder / "b").fails("failed")
            assert named(out) == [], os.listdir(out)
        assert everything_but(folder, "b") == before
        written = [path for path in folder.rglob("*") if path.is_file() and b"pwned" == path.read_bytes()]
        for path in written:
            assert out in path.parents and path.name == "fine", path


def test_K1_the_name_in_the_link_is_one_name(folder):
    tree = Tree()
    leaf = tree.raw(b"content")
    out = folder / "out"
    out.mkdir()
    with Hostile(tree.blocks, folder / "a") as server:
        for name, kept in [("../../x", "x"), ("/etc/passwd", "passwd"), ("..", None), ("a/", None),
                           ("a\nb", None), ("n" * 256, None)]:  # fmt: skip
            get(server.link_to(leaf, name), out, home=folder / "b").works()
            assert named(out) == [kept or text_of(leaf)], (name, os.listdir(out))
            os.remove(out / named(out)[0])


def test_K6_K9_odd_names_are_kept_byte_for_byte_and_never_run(folder):
    tree = Tree()
    odd = [b"CON", b"NUL.txt", b"a\\b", b"..\\..\\x", b"trailing.", b"trailing ", b"\xff\xfe", b"-rf",
           b"$(touch pwned)", b"`touch pwned`", b"; touch pwned", b"| touch pwned", b"&& touch pwned",
           b"new\nline", b"\x1b[2J", b"'", b'"', b"*", b"~", b"...", b"n" * 255]  # fmt: skip
    root = tree.folder([(name, tree.raw(name)) for name in odd])
    with Hostile(tree.blocks, folder / "a") as server:
        done = run("--json", *LOOPBACK, "get", server.link_to(root), home=folder / "b", cwd=folder)
        done.works()
        assert sorted(os.listdir(os.fsencode(folder / "t"))) == sorted(odd)
        for name in odd:
            assert (Path(os.fsdecode(os.fsencode(folder / "t") + b"/" + name))).read_bytes() == name
        listed = run("--json", *LOOPBACK, "ls", server.link_to(root), home=folder / "b").works()
        listed.stdout.decode()  # B11: valid UTF-8, whatever the names are
        shown = run(*LOOPBACK, "ls", server.link_to(root), home=folder / "b").works().stdout
        assert b"\x1b" not in shown and b"\xff" not in shown
        # The name of a download may be one of these as well.
        get(server.link_to(tree.raw(b"CON"), "$(touch pwned)"), folder / "t", home=folder / "b")
    assert not list(folder.rglob("pwned"))


def test_K3_a_symlink_and_then_a_file_beneath_it(folder):
    tree = Tree()
    victim, out = folder / "victim", folder / "out"
    victim.mkdir()
    out.mkdir()
    leaf = tree.raw(b"pwned")
    link = tree.symlink(os.fsencode(victim))
    below = tree.folder([(b"passwd", leaf)])
    twice = [tree.folder(both) for both in ([(b"x", link), (b"x", below)], [(b"x", below), (b"x", link)])]
    alone, replaced = tree.folder([(b"x", link)]), tree.folder([(b"x", below)])
    with Hostile(tree.blocks, folder / "a") as server:
        for root in twice:
            get(server.link_to(root), out, home=folder / "b").fails("failed")
            assert named(out) == [] and os.listdir(victim) == []
        # The link alone comes as it is; what takes its place is not put where it leads.
        get(server.link_to(alone), out, home=folder / "b").works()
        assert os.readlink(out / "t" / "x") == str(victim)
        get(server.link_to(replaced), out, "--force", home=folder / "b").works()
        assert (out / "t" / "x" / "passwd").read_bytes() == b"pwned"
        assert os.listdir(victim) == []


def test_K4_parents_are_swapped_for_symlinks_during_a_get(folder):
    tree = Tree()
    late = tree.raw(bytes_of(1000, 7))
    early = [(b"f%02d" % i, tree.raw(bytes_of(1000, i))) for i in range(5)]
    root = tree.folder([(b"sub", tree.folder(early + [(b"late", late)])), (b"zz", late)])
    most = {hash_of: block for hash_of, block in tree.blocks.items() if hash_of != late[2:]}
    for what in ("target", "sub"):
        victim, out = folder / f"victim-{what}", folder / f"out-{what}"
        victim.mkdir()
        out.mkdir()
        with Hostile(most, folder / f"a-{what}") as first, Hostile(tree.blocks, folder / f"b-{what}") as second:
            # The only one who has the last block does not answer until the parents are swapped.
            second.process.send_signal(signal.SIGSTOP)
            with Running("get", first.link_to(root, "t", second), "-o", out, home=folder / f"c-{what}") as work:
                end = time.monotonic() + 10
                while not list(out.glob(".t.*.shoal/sub/f04")):
                    assert time.monotonic() < end and work.process.poll() is None
                    time.sleep(0.01)
                (partial,) = out.glob(".t.*.shoal")
                moved = folder / f"moved-{what}"
                swapped = out if what == "target" else partial / "sub"
                swapped.rename(moved)
                swapped.symlink_to(victim)
                second.process.send_signal(signal.SIGCONT)
                code = work.finish()
        assert os.listdir(victim) == [], (what, os.listdir(victim))
        if what == "target":  # the folder that was asked for, wherever it is now
            assert code == 0, work.events[-1]
            assert (moved / "t" / "zz").read_bytes() == bytes_of(1000, 7)
        else:
            assert code != 0, work.events[-1]


def test_K8_claims_that_no_disk_holds(folder):
    tree = Tree()
    out = folder / "out"
    out.mkdir()
    part, size = tree.raw(b"\0"), 1
    levels = []
    while size < 1 << 60:
        part, size = tree.file([(part, size), (part, size)]), 2 * size
        levels.append(part)
    zeros = levels[-1]
    chain = tree.raw(b"x")
    for _ in range(500):
        chain = tree.file([(chain, 1)])
    lies = tree.file([(tree.raw(b"12345"), 1)])
    roots = {"io": [zeros, tree.folder([(b"f", zeros)])], "failed": [chain, lies, tree.folder([(b"f", lies)])]}
    with Hostile(tree.blocks, folder / "a") as server:
        for code, all_of in roots.items():
            for root in all_of:
                get(server.link_to(root), out, home=folder / "b").fails(code)
                assert named(out) == []
        used = int(subprocess.run(["du", "-sk", out], capture_output=True, check=True).stdout.split()[0])
        assert used < 1024, used


def test_K8_a_disk_that_fills_up_leaves_nothing_with_a_name(folder):
    disk = folder / "disk"
    tree = Tree()
    # Each says it is one byte, so that the sum promises to fit.
    root = tree.folder([(b"%03d" % i, tree.raw(bytes_of(100_000, i))) for i in range(100)])
    with small_disk(disk, "4m"), Hostile(tree.blocks, folder / "a") as server:
        get(server.link_to(root), disk, home=folder / "b").fails("io")
        assert named(disk) == []
        subprocess.run(["mount", "-o", "remount,size=32m", disk], check=True)
        get(server.link_to(root), disk, home=folder / "b").works()
        assert len(tree_of(disk / "t")) == 100


run_tests(dict(globals()))
