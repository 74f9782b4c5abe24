#!/usr/bin/env python3
"""Limits on upload and download: how exactly they hold, that they change, and what stays quick."""

import concurrent.futures
import json
import threading
import time

from command import SANITIZED, Running, Share, bytes_of, run, run_tests

MB = 1_000_000
WINDOW = 3.5


class Meter:
    """The bytes that a `get` has at each time, by its progress lines."""

    def __init__(self, getter: Running):
        self.getter, self.seen = getter, []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        try:
            while event := self.getter.next_event(time.monotonic() + 60):
                if event["event"] == "progress":
                    self.seen.append((time.monotonic(), event["bytes_done"]))
        except AssertionError:
            pass

    def rate(self, seconds: float) -> float:
        """Bytes a second from now on, for about so long: between two progress lines."""
        first = len(self.seen)
        time.sleep(seconds)
        (begin, before), (end, after) = self.seen[first], self.seen[-1]
        return (after - before) / (end - begin)


def holds(rate: float, limit: float) -> None:
    print(f"        {rate / MB:.2f} MB/s with a limit of {limit / MB:.0f}, {100 * (rate / limit - 1):+.1f} %")
    if not SANITIZED:
        assert 0.95 * limit <= rate <= 1.05 * limit, (rate, limit)


def measure_up(folder) -> None:
    with Share("--up", "16M", folder / "data.bin", home=folder / "a") as share:
        with Running("get", share.link, "-o", folder / "got-a", home=folder / "b") as getter:
            meter = Meter(getter)
            time.sleep(1)
            holds(meter.rate(WINDOW), 16 * MB)
            said = run("--json", "limit", "--up", "8M", home=folder / "a").works().last
            assert said == {"event": "limits", "up": 8 * MB, "down": None}, said
            time.sleep(1.2)
            holds(meter.rate(WINDOW), 8 * MB)
            run("limit", "--lift", home=folder / "a").works()
            if not SANITIZED:
                assert getter.process.wait(20) == 0


def measure_down(folder) -> None:
    with Share(folder / "data.bin", home=folder / "c") as share:
        with Running("--down", "16M", "get", share.link, "-o", folder / "got-c", home=folder / "d") as getter:
            meter = Meter(getter)
            time.sleep(1)
            holds(meter.rate(WINDOW), 16 * MB)
            run("limit", "--down", "8M", home=folder / "d").works()
            time.sleep(1.2)
            holds(meter.rate(WINDOW), 8 * MB)


def test_up_and_down_hold_and_change_while_they_run(folder):
    (folder / "data.bin").write_bytes(bytes_of(160 * MB))
    with concurrent.futures.ThreadPoolExecutor() as both:
        for one in [both.submit(measure_up, folder), both.submit(measure_down, folder)]:
            one.result()


def test_a_small_request_is_answered_quickly_under_a_full_upload(folder):
    (folder / "data.bin").write_bytes(bytes_of(120 * MB))
    with Share("--up", "10M", folder / "data.bin", home=folder / "a") as share:
        with Running("get", share.link, "-o", folder / "got", home=folder / "b"):
            time.sleep(1)
            pings = run("--json", *("--listen", "/ip4/127.0.0.1/tcp/0", "--no-lan"), "ping", share.address,
                        "-c", "6", home=folder / "c").works()  # fmt: skip
            events = [json.loads(line) for line in pings.stdout.splitlines()]
            times = sorted(event["ms"] for event in events if event["event"] == "ping")
            print(f"        pings take {times} ms")
            if not SANITIZED:
                assert times[-2] < 100, times


def test_without_a_rate_it_says_how_to_use_it(folder):
    run("--json", "limit", home=folder / "a").fails("usage")
    run("--json", "limit", "--up", "0", home=folder / "a").fails("usage")
    run("--json", "limit", "--up", "5M", home=folder / "nowhere").fails("not_found")


run_tests(dict(globals()))
