#!/usr/bin/env python3
"""get --force: the old target or the new one is there, whole, at every moment, and nothing else is deleted."""

import contextlib
import os
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

from command import SANITIZED, LOOPBACK, SHOAL, CannotRun, Share, bytes_of, get, run, run_tests, small_disk, tree_of

NOBODY = 65534
KILLS = 10 if SANITIZED else 50


def new_tree(folder: Path) -> Path:
    (folder / "new" / "deep").mkdir(parents=True)
    for number in range(40):
        (folder / "new" / f"file{number:02}").write_bytes(bytes_of(5000, number))
    (folder / "new" / "deep" / "big").write_bytes(bytes_of(2_500_000, 99))
    return folder / "new"


def old_tree(at: Path) -> Path:
    (at / "closed").mkdir(parents=True)
    (at / "closed" / "inner").write_bytes(b"inner")
    for number in range(200):
        (at / f"dir{number % 20:02}").mkdir(exist_ok=True)
        (at / f"dir{number % 20:02}" / f"mine{number:03}").write_bytes(b"mine %d" % number)
    (at / "file00").write_bytes(b"edited")
    return at


def as_nobody() -> list[str]:
    """A way to run a command without root's right to delete whatever it likes."""
    if os.geteuid() != 0:
        return []
    words = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    if shutil.which("setpriv") is None or subprocess.run([*words, "true"], check=False).returncode != 0:
        raise CannotRun("needs setpriv")
    return words


def give_away(folder: Path):
    if os.geteuid() != 0:
        return
    os.chmod(folder, 0o777)
    for path in folder.rglob("*"):
        os.lchown(path, NOBODY, NOBODY)


def left_beside(target: Path) -> list[str]:
    return sorted(name for name in os.listdir(target.parent) if name.startswith(f".{target.name}."))


@contextlib.contextmanager
def opened_again(folder: Path):
    try:
        yield
    finally:
        for path in list(folder.glob(".*.shoal*/closed")) + [folder / "t" / "closed"]:
            if path.is_dir():
                path.chmod(0o700)


def test_killed_at_random_moments_leaves_the_old_or_the_new(folder):
    words = as_nobody()
    chance = random.Random(int(os.environ.get("SEED", "11")))
    out, home = folder / "out", folder / "b"
    source = new_tree(folder)
    out.mkdir()
    home.mkdir()
    old, new = tree_of(old_tree(folder / "model")), tree_of(source)
    with Share(source, "--name", "t", home=folder / "a") as share, opened_again(out):
        give_away(folder)
        command = [*words, SHOAL, "--home", home, "--json", *LOOPBACK, "get", share.link, "-o", out, "--force"]
        command = [str(word) for word in command]

        def place_old():
            for name in left_beside(out / "t"):
                closed = out / name / "closed"
                if closed.is_dir():
                    closed.chmod(0o700)
                shutil.rmtree(out / name) if (out / name).is_dir() else (out / name).unlink()
            if (out / "t").exists():
                shutil.rmtree(out / "t")
            old_tree(out / "t")
            give_away(out)
            (out / "t" / "closed").chmod(0)

        def which() -> str:
            closed = out / "t" / "closed"
            if closed.is_dir():
                closed.chmod(0o700)
            there = tree_of(out / "t")
            assert there in (old, new), sorted(set(there) ^ set(new))[:10]
            return "old" if there == old else "new"

        place_old()
        began = time.monotonic()
        assert subprocess.run(command, capture_output=True, timeout=30).returncode == 0
        whole = time.monotonic() - began
        assert which() == "new"
        seen, edge = {"old": 0, "new": 0}, whole / 2
        for _ in range(KILLS):
            place_old()
            with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
                time.sleep(edge * chance.uniform(0.5, 1.5))
                process.send_signal(signal.SIGKILL)
            found = which()
            seen[found] += 1
            # Towards the moment at which the names change.
            edge *= 1.15 if found == "old" else 0.87
        last = subprocess.run(command, capture_output=True, timeout=30)
        assert last.returncode == 0, last.stdout
        assert which() == "new"
        print(seen)
        assert seen["old"] > 0 and seen["new"] > 0, seen


def test_what_cannot_be_deleted_is_told_and_deleted_later(folder):
    words = as_nobody()
    out, home = folder / "out", folder / "b"
    source = new_tree(folder)
    out.mkdir()
    home.mkdir()
    old_tree(out / "t")
    with Share(source, "--name", "t", home=folder / "a") as share, opened_again(out):
        give_away(folder)
        (out / "t" / "closed").chmod(0)
        command = [str(word) for word in [*words, SHOAL, "--home", home, *LOOPBACK, "get", share.link, "-o", out]]
        done = subprocess.run([*command, "--force"], capture_output=True, text=True, timeout=30)
        assert done.returncode == 0, done.stderr
        assert tree_of(out / "t") == tree_of(source)
        (left,) = left_beside(out / "t")
        assert left.endswith(".shoal.old") and left in done.stderr, done.stderr
        (out / left / "closed").chmod(0o700)
        assert subprocess.run(command, capture_output=True, timeout=30).returncode == 0
        assert left_beside(out / "t") == []


def test_says_what_it_deletes(folder):
    source = new_tree(folder)
    target = old_tree(folder / "t")
    with Share(source, "--name", "t", home=folder / "a") as share:
        refused = get(share.link, target.parent, home=folder / "b").fails("exists").last
        assert "201 files" in refused["hint"] and "closed/inner" in refused["hint"], refused
        said = run(*LOOPBACK, "get", share.link, "-o", target.parent, "--force", home=folder / "b").works().stderr.decode()
        assert said.count("201 files") == 2, said
        shutil.rmtree(target)
        old_tree(target)
        done = get(share.link, target.parent, "--force", home=folder / "b").works()
        (removed,) = [event for event in done.events if event["event"] == "removed"]
        assert removed["files"] == 201 and removed["path"] == str(target) and removed["left"] is None, removed
        assert tree_of(target) == tree_of(source)


def test_crosses_no_mount(folder):
    source = new_tree(folder)
    target = old_tree(folder / "t")
    with Share(source, "--name", "t", home=folder / "a") as share:
        with small_disk(target / "mounted", "1m"):
            (target / "mounted" / "precious").write_bytes(b"precious")
            before = tree_of(target)
            failed = get(share.link, target.parent, "--force", home=folder / "b").fails("io").last
            assert "mounted" in failed["message"], failed
            assert tree_of(target) == before
            assert left_beside(target) == []
        # A part of the same file system is another place as well.
        precious = folder / "precious"
        precious.mkdir()
        (precious / "file").write_bytes(b"precious")
        subprocess.run(["mount", "--bind", precious, target / "mounted"], check=True)
        try:
            get(share.link, target.parent, "--force", home=folder / "b").fails("io")
        finally:
            subprocess.run(["umount", target / "mounted"], check=True)
        assert (precious / "file").read_bytes() == b"precious"
        get(share.link, target.parent, "--force", home=folder / "b").works()
        assert tree_of(target) == tree_of(source)


def test_killed_with_a_mount_below_leaves_all_as_it_was(folder):
    chance = random.Random(5)
    source = new_tree(folder)
    target = old_tree(folder / "t")
    with Share(source, "--name", "t", home=folder / "a") as share, small_disk(target / "mounted", "1m"):
        (target / "mounted" / "precious").write_bytes(b"precious")
        before = tree_of(target)
        words = [SHOAL, "--home", folder / "b", *LOOPBACK, "get", share.link, "-o", target.parent, "--force"]
        for _ in range(10):
            with subprocess.Popen([str(word) for word in words], stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL) as process:  # fmt: skip
                time.sleep(chance.uniform(0, 0.3))
                process.send_signal(signal.SIGKILL)
            assert tree_of(target) == before


def test_touches_no_home(folder):
    source = new_tree(folder)
    with Share(source, "--name", "t", home=folder / "a") as share:
        target = old_tree(folder / "t")
        home = target / "home"
        run("--json", "id", home=home)
        run("--json", "share", "--index-only", source, home=home).works()
        key = (home / "identity.key").read_bytes()
        for own in home, folder / "c":  # its own, and one of another node
            failed = get(share.link, target.parent, "--force", home=own).fails("io").last
            assert "home" in failed["message"], failed
            assert (home / "identity.key").read_bytes() == key
            assert (target / "dir00" / "mine000").exists()
        failed = get(share.link, home / "index.db", "--force", home=home).fails("io").last
        assert (home / "index.db").stat().st_size > 0, failed


def test_a_folder_given_by_o_is_the_target_when_this_link_made_it(folder):
    source = new_tree(folder)
    out = folder / "out"
    with Share(source, "--name", "t", home=folder / "a") as share:
        for _ in range(3):
            get(share.link, out, home=folder / "b").works()
            assert tree_of(out) == tree_of(source)
        (out / "file00").write_bytes(b"edited")
        failed = get(share.link, out, home=folder / "b").fails("exists").last
        assert str(out) in failed["message"] and not (out / "new").exists(), failed
        get(share.link, out, "--force", home=folder / "b").works()
        assert tree_of(out) == tree_of(source)
        # Another link goes into it.
        with Share(source / "deep", home=folder / "c") as other:
            get(other.link, out, home=folder / "b").works()
        assert (out / "deep" / "big").exists()


def test_modes_and_times_of_the_link_are_those_on_the_disk(folder):
    source = folder / "tool"
    source.mkdir()
    (source / "run").write_bytes(b"#!/bin/sh\n")
    (source / "run").chmod(0o777)
    os.utime(source / "run", (1_000_000_000, 1_000_000_000))
    got = folder / "got"
    with Share(source, "--preserve", home=folder / "a") as share:
        for _ in range(2):
            get(share.link, got, home=folder / "b").works()
            found = (got / "run").stat()
            assert found.st_mode & 0o7777 == 0o777 & ~umask(), oct(found.st_mode)
            assert found.st_mtime == 1_000_000_000
            (got / "run").chmod(0o600)
            os.utime(got / "run", (5, 5))
            os.utime(got, (7, 7))


def umask() -> int:
    mask = os.umask(0o22)
    os.umask(mask)
    return mask


run_tests(dict(globals()))
