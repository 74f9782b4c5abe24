#!/usr/bin/env python3
"""A disk that is full is an error with a name, and the download goes on once there is room."""

import subprocess

from command import Share, bytes_of, get, run_tests, small_disk


def test_a_full_disk_is_named_and_survived(folder):
    disk = folder / "disk"
    source = folder / "data.bin"
    source.write_bytes(bytes_of(8_000_000))
    with small_disk(disk, "4m"), Share(source, home=folder / "a") as share:
        failed = get(share.link, disk / "got", home=folder / "b").fails("io")
        assert "space" in failed.last["message"].lower(), failed.last
        subprocess.run(["mount", "-o", "remount,size=32m", disk], check=True)
        get(share.link, disk / "got", home=folder / "b").works()
        assert (disk / "got").read_bytes() == source.read_bytes()


run_tests(dict(globals()))
