#!/usr/bin/env python3
"""A file system that takes neither symlinks nor every name gets all the rest."""

import contextlib
import os
import shutil
import subprocess
from pathlib import Path

from command import CannotRun, Share, bytes_of, get, run, run_tests


@contextlib.contextmanager
def fat_disk(folder: Path):
    """A disk in a file, of whatever kind of FAT this machine can mount."""
    image, at = folder / "disk.img", folder / "disk"
    at.mkdir()
    ways = [("mkfs.vfat", ["mount", "-o", "loop", "-t", "vfat"]), ("mkfs.exfat", ["mount", "-o", "loop", "-t", "exfat"]),
            ("mkfs.exfat", ["mount.exfat-fuse"])]  # fmt: skip
    for make, mount in ways:
        if shutil.which(make) is None or shutil.which(mount[0]) is None:
            continue
        with open(image, "wb") as file:
            file.truncate(64 << 20)
        if subprocess.run([make, image], capture_output=True, check=False).returncode != 0:
            continue
        device = image
        if mount[0] != "mount":
            losetup = subprocess.run(["losetup", "-f", "--show", image], capture_output=True, text=True, check=False)
            device = losetup.stdout.strip() or image
        subprocess.run([*mount, device, at], capture_output=True, check=False)
        mounted = os.path.ismount(at)
        try:
            if mounted:
                yield at
        finally:
            if mounted:
                subprocess.run(["umount", at], check=False)
            if device != image:
                subprocess.run(["losetup", "-d", device], check=False)
        if mounted:
            return
    raise CannotRun("no FAT can be made and mounted here")


def test_all_that_fits_is_placed_and_the_rest_is_listed(folder):
    source = folder / "source"
    (source / "sub").mkdir(parents=True)
    (source / "12:30 notes.txt").write_bytes(b"notes")
    (source / "big").write_bytes(bytes_of(3_000_000))
    (source / "sub" / "fine").write_bytes(b"fine")
    (source / "link").symlink_to("big")
    (source / "NAME").write_bytes(b"one")
    (source / "name").write_bytes(b"two")
    with fat_disk(folder) as disk, Share(source, home=folder / "a") as share:
        for number in range(2):
            failed = get(share.link, disk, home=folder / "b").fails("io")
            missing = {event["path"]: event["reason"] for event in failed.events if event["event"] == "not_placed"}
            assert {"12:30 notes.txt", "link"} < missing.keys() and len(missing) == 3, missing
            assert all(missing.values()), missing
            assert os.listdir(disk) == ["source"], os.listdir(disk)
            assert (disk / "source" / "big").read_bytes() == (source / "big").read_bytes()
            assert (disk / "source" / "sub" / "fine").read_bytes() == b"fine"
            assert len(os.listdir(disk / "source")) == 3
        said = run("--listen", "/ip4/127.0.0.1/tcp/0", "get", share.link, "-o", disk, home=folder / "b")
        assert said.code == 6 and b"12:30 notes.txt" in said.stderr, said.stderr
        done = get(share.link, folder / "elsewhere", home=folder / "b").works().last
        assert done["blocks_fetched"] <= 1, done
        assert (folder / "elsewhere" / "12:30 notes.txt").read_bytes() == b"notes"
        assert (folder / "elsewhere" / "name").read_bytes() == b"two"


run_tests(dict(globals()))
