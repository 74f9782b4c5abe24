#!/usr/bin/env python3
"""A sharer behind a router that forwards ports on request, in network namespaces: by NAT-PMP and by UPnP."""

import signal
import sys
from pathlib import Path

from command import bytes_of, run_tests
from doctor_e2e import Doctor
from nat_e2e import PRESERVES_PORTS, Command, internet

OUTSIDE = "203.0.113.11"
GATEWAY = Path(__file__).resolve().parent / "home_gateway.py"


def is_forwarded(machine) -> bool:
    return "dnat to" in machine.router.call("nft", "list", "table", "ip", "home")


def share_and_get(folder: Path, kind: str):
    source, got = folder / "source", folder / "got"
    source.write_bytes(bytes_of(5_000_000))
    with internet() as net:
        home, elsewhere = net.home(11, PRESERVES_PORTS), net.host(2)
        gateway = home.router.start(sys.executable, GATEWAY, kind, "192.168.11.1", OUTSIDE)
        try:
            assert gateway.stdout.readline() == "ready\n", gateway.stderr.read()
            with Command(home, folder / "a", "share", source) as share:
                serving = share.wait_for("serving")
                while not any(OUTSIDE in address and "/tcp/" in address for address in serving["addresses"]):
                    serving = share.wait_for("serving")
                assert is_forwarded(home)
                with Command(elsewhere, folder / "b", "get", serving["link"], "-o", got) as getter:
                    done = getter.wait_for("done")
                share.process.send_signal(signal.SIGINT)
                share.process.communicate(timeout=10)
            assert got.read_bytes() == source.read_bytes()
            assert done["sources"][0]["path"] == "direct", done["sources"]
            assert OUTSIDE in done["sources"][0]["address"], done["sources"]
            assert not is_forwarded(home), "the router still forwards after the end"
            check = Doctor(home, folder / "c").checks()["port_mapping"]
            assert check["state"] == "good" and OUTSIDE in check["finding"], check
            print(check["finding"])
            without = Doctor(home, folder / "c", "--no-port-mapping").checks()["port_mapping"]
            assert without["state"] == "poor" and "--no-port-mapping" in without["advice"], without
        finally:
            gateway.kill()
            gateway.communicate()


def test_a_router_forwards_by_nat_pmp(folder: Path):
    share_and_get(folder, "pmp")


def test_a_router_forwards_by_upnp(folder: Path):
    share_and_get(folder, "upnp")


if __name__ == "__main__":
    run_tests(dict(globals()))
