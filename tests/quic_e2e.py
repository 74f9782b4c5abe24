#!/usr/bin/env python3
"""QUIC on real sockets: a getter's address changes in the middle of a transfer, and a port where nobody listens."""

import time
from pathlib import Path

from command import LOOPBACK, SANITIZED, bytes_of, run, run_tests
from nat_e2e import Command, internet

SIZE = 40_000_000
RATE = "8M"
BEFORE = 10_000_000
LONGEST_PAUSE = 10 if SANITIZED else 2


class Arrivals:
    """When how many bytes had arrived, by a getter's progress lines."""

    def __init__(self, getter: Command):
        self.getter, self.bytes = getter, 0

    def wait_for_more_than(self, count: int) -> float:
        """Its time."""
        while self.bytes <= count:
            self.bytes = self.getter.wait_for("progress")["bytes_done"]
        return time.monotonic()


def moved(folder: Path, change) -> tuple[float, dict, list[dict]]:
    """Seconds until bytes came again after change(getter's machine), the last event, and whom the sharer met."""
    source, got = folder / "source", folder / "got"
    source.write_bytes(bytes_of(SIZE))
    with internet() as net:
        server, client = net.host(1), net.host(2)
        at = ("--listen", "/ip4/203.0.113.1/udp/4001/quic-v1", "--up", RATE)
        with Command(server, folder / "a", *at, "share", source) as share:
            link = share.wait_for("serving")["link"]
            own = ("--listen", "/ip4/0.0.0.0/udp/4001/quic-v1")
            with Command(client, folder / "b", *own, "get", link, "-o", got) as getter:
                arrivals = Arrivals(getter)
                arrivals.wait_for_more_than(BEFORE)
                change(client)
                began = time.monotonic()
                # What had arrived before it may be told a little later.
                in_flight = arrivals.bytes + 1_000_000
                pause = arrivals.wait_for_more_than(in_flight) - began
                done = getter.wait_for("done")
                own_id = share.wait_for("sent")["peer_id"]
                met = [event for event in share.events
                       if event["event"] == "peer" and event["peer_id"] == own_id]  # fmt: skip
    assert got.read_bytes() == source.read_bytes()
    return pause, done, met


def expect_it_went_on(pause: float, done: dict, met: list[dict]) -> None:
    print(f"more than a megabyte came within {pause:.1f} s; {done['seconds']:.1f} s in all")
    assert pause < LONGEST_PAUSE, pause
    assert done["blocks_duplicate"] == 0, done
    (source,) = done["sources"]
    assert "/quic-v1" in source["address"], source
    # Nobody was dialled anew.
    assert len(met) == 1, met


def test_a_getter_that_changes_its_address_goes_on(folder: Path):
    def change(machine):
        machine.call("ip", "address", "add", "203.0.113.77/24", "dev", "eth0")
        machine.call("ip", "address", "del", "203.0.113.2/24", "dev", "eth0")
        # Where the last address of a network goes, those that were added to it go, too.
        machine.call("ip", "address", "replace", "203.0.113.77/24", "dev", "eth0")

    expect_it_went_on(*moved(folder, change))


def test_a_getter_that_changes_its_network_goes_on(folder: Path):
    """As from Wi-Fi to a cable: another interface, another network, and a route that leads through it."""

    def change(machine):
        machine.call("ip", "address", "add", "203.0.113.88/32", "dev", "lo")
        machine.call("ip", "route", "replace", "203.0.113.0/24", "dev", "eth0", "src", "203.0.113.88")
        machine.call("ip", "address", "del", "203.0.113.2/24", "dev", "eth0")
        machine.call("ip", "route", "replace", "203.0.113.0/24", "dev", "eth0", "src", "203.0.113.88")

    expect_it_went_on(*moved(folder, change))


def test_a_port_where_nobody_listens_is_told_at_once(folder: Path):
    nobody = "/ip4/127.0.0.1/udp/9/quic-v1/p2p/12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp"
    began = time.monotonic()
    run("--json", *LOOPBACK, "ping", nobody, home=folder / "a").fails("unreachable")
    took = time.monotonic() - began
    print(f"told after {took:.2f} s")
    assert SANITIZED or took < 1.5, took


if __name__ == "__main__":
    run_tests(dict(globals()))
