#!/usr/bin/env python3
"""Several receivers of one link, which help each other without being told to."""

import contextlib
import math
import threading
import time
from pathlib import Path

from command import SANITIZED, Running, Share, bytes_of, run_tests

MIB = 1 << 20
UP, RATE = "8M", 8_000_000


def bound(size: int, getters: int) -> float:
    """What it takes at least, in seconds: each block leaves the source once, and the last one has to double."""
    return size / RATE * (1 + math.floor(math.log2(getters)) / (size / MIB))


class Receiver:
    """A `get` under way, whose end is timed."""

    def __init__(self, link: str, folder: Path, number: int, up: str = UP):
        self.to = folder / f"got{number}"
        self.running = Running("--up", up, "get", link, "-o", self.to, home=folder / f"home{number}")
        self.began, self.took = time.monotonic(), None
        self._thread = threading.Thread(target=self._wait, daemon=True)
        self._thread.start()

    def _wait(self):
        with contextlib.suppress(AssertionError):
            self.done = self.running.wait_for("done")
            self.took = time.monotonic() - self.began

    def finish(self) -> float:
        self._thread.join(60)
        assert self.took is not None, self.running.events[-5:]
        return self.took


@contextlib.contextmanager
def receivers(link: str, folder: Path, count: int):
    with contextlib.ExitStack() as stack:
        started = [Receiver(link, folder, number) for number in range(count)]
        for receiver in started:
            stack.enter_context(receiver.running)
        yield started


def test_six_receivers_started_together_take_little_longer_than_one(folder):
    size, count = 48 * MIB, 6
    content = bytes_of(size)
    (folder / "data.bin").write_bytes(content)
    with Share("--up", UP, folder / "data.bin", home=folder / "a") as share:
        with receivers(share.link, folder, count) as started:
            slowest = max(receiver.finish() for receiver in started)
            assert all(receiver.to.read_bytes() == content for receiver in started)
            sources = [receiver.done["sources"] for receiver in started]
        sent = sum(s["bytes"] for each in sources for s in each if s["peer_id"] == share.serving["peer_id"])
        print(f"        {slowest:.2f} s, {slowest / bound(size, count):.2f} times the bound, "
              f"{sent / size:.2f} copies, {[len(each) for each in sources]} sources")  # fmt: skip
        assert min(len(each) for each in sources) >= 2, sources
        if not SANITIZED:
            assert sent < 2 * size, sent
            assert slowest < 2 * bound(size, count), slowest


def test_all_finish_when_the_source_dies_once_each_block_is_out(folder):
    size, count = 24 * MIB, 4
    content = bytes_of(size)
    (folder / "data.bin").write_bytes(content)
    with Share("--up", UP, folder / "data.bin", home=folder / "a") as share:
        with receivers(share.link, folder, count) as started:
            time.sleep(1.15 * size / RATE)
            unfinished = sum(receiver.took is None for receiver in started)
            share.process.kill()
            for receiver in started:
                receiver.finish()
            assert all(receiver.to.read_bytes() == content for receiver in started)
            print(f"        {unfinished} of {count} had not finished when it died")


run_tests(dict(globals()))
