#!/usr/bin/env python3
"""Hostile connections of every kind at once beside one honest transfer: it completes, the sharer's memory
stays small, and comes back when they have left.

  hostile_e2e.py           200 connections beside 64 MiB
  hostile_e2e.py --full    500 connections beside 1 GiB, which then takes at most twice its time alone
  hostile_e2e.py KIND...   only these kinds, as hostile_peer names them
"""

import base64
import hashlib
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from command import LOOPBACK, Ended, Share, run

MIB = 1 << 20
PEER = Path(os.environ["SHOAL"]).with_name("hostile_peer")
HOSTS = 16  # loopback addresses that the crowd comes from
PATIENCE_FOR_MEMORY = 60
SCRATCH = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def rss_of(pid: int) -> int:
    with open(f"/proc/{pid}/status") as status:
        for line in status:
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
    return 0


class Memory:
    """The largest resident size of a process while it is watched."""

    def __init__(self, pid: int):
        self.pid, self.peak, self._on = pid, 0, True
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self):
        while self._on and os.path.exists(f"/proc/{self.pid}"):
            self.peak = max(self.peak, rss_of(self.pid))
            time.sleep(0.02)

    def stop(self):
        self._on = False
        self._thread.join()


def make_source(path: Path, size: int) -> list[str]:
    """A file, and the CIDs of its leaves, which are its MiBs as raw blocks."""
    chance, cids = random.Random(5), []
    with open(path, "wb") as file:
        for _ in range(size // MIB):
            block = chance.randbytes(MIB)
            file.write(block)
            cid = b"\x01\x55\x12\x20" + hashlib.sha256(block).digest()
            cids.append("b" + base64.b32encode(cid).decode().lower().rstrip("="))
    return cids


def same(a: Path, b: Path) -> bool:
    with open(a, "rb") as one, open(b, "rb") as other:
        while piece := one.read(MIB):
            if piece != other.read(MIB):
                return False
        return not other.read(1)


def timed_get(link: str, source: Path, folder: Path, name: str, patience: float) -> float:
    home, target = folder / f"home-{name}", folder / name
    started = time.monotonic()
    run(*LOOPBACK, "get", link, "-o", target, home=home, timeout=patience).works()
    took = time.monotonic() - started
    assert same(source, target), "the file is not right"
    shutil.rmtree(home)
    target.unlink()
    return took


class Crowd(Ended):
    def __init__(self, address: str, connections: int, wants: Path, kinds: list[str], hosts=HOSTS):
        words = [PEER, address, connections, hosts, wants, *kinds]
        self.process = subprocess.Popen([str(word) for word in words], stdout=subprocess.PIPE, text=True)

    def leave(self) -> str:
        assert self.process.poll() is None, f"the crowd has died: {self.process.poll()}"
        self.process.terminate()
        return self.process.communicate(timeout=20)[0]


def wait_for_memory(pid: int, bound: int) -> float:
    started = time.monotonic()
    while rss_of(pid) > bound:
        waited = time.monotonic() - started
        assert waited < PATIENCE_FOR_MEMORY, f"{rss_of(pid) // MIB} MiB are still held after {waited:.0f} s"
        time.sleep(0.2)
    return time.monotonic() - started


class Bounds:
    def __init__(self, times: float, rss: int, kept: int, stay: float):
        self.times, self.rss, self.kept, self.stay = times, rss, kept, stay


# What is wanted, and what a short run on a busy machine must not exceed.
FULL = Bounds(times=2.0, rss=200 * MIB, kept=10 * MIB, stay=60)
SHORT = Bounds(times=40.0, rss=400 * MIB, kept=100 * MIB, stay=12)


def attack(folder: Path, size: int, connections: int, bounds: Bounds, kinds: list[str]):
    source, wants = folder / "source.bin", folder / "wants"
    wants.write_text("\n".join(make_source(source, size)))
    with Share(source, home=folder / "sharer") as share:
        pid = share.process.pid
        alone = min(timed_get(share.link, source, folder, f"alone-{n}", 120) for n in range(2))
        before = rss_of(pid)
        memory = Memory(pid)
        arrived = time.monotonic()
        with Crowd(share.address, connections, wants, kinds) as crowd:
            time.sleep(3)
            beside = timed_get(share.link, source, folder, "beside", 280)
            time.sleep(max(0.0, arrived + bounds.stay - time.monotonic()))
            counts = crowd.leave()
        memory.stop()
        print(counts)
        print(f"{size // MIB} MiB alone {alone:.2f} s, beside {connections} hostile connections {beside:.2f} s "
              f"({beside / alone:.1f} x); memory before {before / MIB:.1f} MiB, at most {memory.peak / MIB:.1f}",
              flush=True)
        back = wait_for_memory(pid, before + bounds.kept)
        print(f"{rss_of(pid) / MIB:.1f} MiB {back:.1f} s after they left")
        share.stop()
    assert memory.peak < bounds.rss, "too much memory"
    assert beside <= bounds.times * alone, "the honest transfer was held up"


def main():
    sanitized = PEER.parent.name in ("asan", "tsan")  # they keep what was freed: their memory says nothing
    if not PEER.exists() or sanitized:
        sys.exit(77)
    full = "--full" in sys.argv
    kinds = [word for word in sys.argv[1:] if not word.startswith("-")]
    folder = Path(tempfile.mkdtemp(prefix="shoal-hostile-", dir=SCRATCH))
    try:
        if full:
            attack(folder, 1024 * MIB, 500, FULL, kinds)
        else:
            attack(folder, 64 * MIB, 200, SHORT, kinds)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
