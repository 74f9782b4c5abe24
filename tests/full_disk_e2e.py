#!/usr/bin/env python3
"""A disk that is full is an error with a name, and the download goes on once there is room."""

import subprocess
import sys

from command import Share, bytes_of, get, run_tests


def mount(size: str, where) -> bool:
    where.mkdir()
    return subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "shoal_e2e", where],
                          capture_output=True).returncode == 0  # fmt: skip


def test_a_full_disk_is_named_and_survived(folder):
    disk = folder / "disk"
    if not mount("4m", disk):
        print("skipped: needs the right to mount")
        sys.exit(77)
    try:
        source = folder / "data.bin"
        source.write_bytes(bytes_of(8_000_000))
        with Share(source, home=folder / "a") as share:
            failed = get(share.link, disk / "got", home=folder / "b").fails("io")
            assert "space" in failed.last["message"].lower(), failed.last
            subprocess.run(["mount", "-o", "remount,size=32m", disk], check=True)
            get(share.link, disk / "got", home=folder / "b").works()
            assert (disk / "got").read_bytes() == source.read_bytes()
    finally:
        subprocess.run(["umount", disk], check=False)


run_tests(dict(globals()))
