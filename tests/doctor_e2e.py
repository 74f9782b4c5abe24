#!/usr/bin/env python3
"""`shoal doctor` on machines of all kinds, in network namespaces: whether it tells what is there, and what to do."""

import json
import re
from pathlib import Path

from command import LOOPBACK, run, run_tests
from nat_e2e import PRESERVES_PORTS, SHOAL, SYMMETRIC, Command, internet

PATIENCE = 90
NO_UDP = """
table inet shut {
  chain datagrams {
    type filter hook %s priority 0
    %s meta l4proto udp drop
  }
}
"""


class Doctor:
    """One under way."""

    def __init__(self, machine, home: Path, *words):
        self.process = machine.start(SHOAL, "--home", home, "--json", "--no-lan", *words, "doctor")

    def checks(self) -> dict:
        out, _ = self.process.communicate(timeout=PATIENCE)
        events = [json.loads(line) for line in out.splitlines()]
        found = {event["name"]: event for event in events if event["event"] == "check"}
        for check in found.values():
            assert check["finding"], check
            assert (check["state"] == "good") == (not check["advice"]), check
        bad = [name for name, check in found.items() if check["state"] == "bad"]
        assert self.process.returncode == (1 if bad else 0), (self.process.returncode, bad)
        if bad:
            assert all(name in events[-1]["message"] for name in bad), events[-1]
        return found


def test_tells_the_truth_in_five_situations(folder: Path):
    small = folder / "small"
    small.write_text("nothing of interest")
    with internet() as net:
        peers, addresses = [], []
        for number in (1, 2):
            at = f"/ip4/203.0.113.{number}"
            words = ("--listen", f"{at}/tcp/4001", "--listen", f"{at}/udp/4001/quic-v1", "share", small)
            peers.append(Command(net.host(number), folder / f"peer-{number}", *words))
            serving = peers[-1].wait_for("serving")
            addresses.append(next(a for a in serving["addresses"] if "/tcp/" in a))
        ask = [word for address in addresses for word in ("--connect", address)]
        shut, behind = net.host(4), net.home(13, PRESERVES_PORTS)
        shut.call("nft", "-f", "-", given=NO_UDP % ("output", ""))
        behind.call("nft", "-f", "-", given=NO_UDP % ("prerouting", 'iif "eth0"'))
        six = net.host(5)
        six.call("ip", "address", "add", "2001:db8:1::5/64", "dev", "eth0", "nodad")
        doctors = {
            "open": Doctor(net.host(3), folder / "open", *ask),
            "with ipv6": Doctor(six, folder / "six", *ask),
            "home": Doctor(net.home(11, PRESERVES_PORTS), folder / "home", *ask[:2], "--timeout", "20s"),
            "symmetric": Doctor(net.home(12, SYMMETRIC), folder / "symmetric", *ask, "--timeout", "10s"),
            "no udp here": Doctor(shut, folder / "shut", *ask),
            "no udp on the way": Doctor(behind, folder / "behind", *ask),
        }
        found = {name: doctor.checks() for name, doctor in doctors.items()}
        for peer in peers:
            peer.__exit__()
    for name, checks in found.items():
        print(name)
        for check in checks.values():
            print(f"    {check['state']} {check['name']}: {check['finding']}")
    state = {name: {c["name"]: c["state"] for c in checks.values()} for name, checks in found.items()}
    for name in found:
        assert state[name]["peers"] == "good", name
        assert state[name]["ipv4"] == "good", name
        assert state[name]["ipv6"] == ("good" if name == "with ipv6" else "poor"), name
    assert "2001:db8:1::5" in found["with ipv6"]["ipv6"]["finding"]
    assert state["open"]["nat"] == "good" and found["open"]["nat"]["finding"].startswith("none")
    assert state["open"]["reachability"] == "good" and state["open"]["udp"] == "good"
    assert state["home"]["nat"] == "good" and "203.0.113.11" in found["home"]["nat"]["finding"]
    assert state["home"]["reachability"] == "poor" and "relay" in found["home"]["reachability"]["finding"]
    assert state["symmetric"]["nat"] == "poor" and "symmetric" in found["symmetric"]["nat"]["finding"]
    assert state["no udp here"]["udp"] == "bad" and "this machine" in found["no udp here"]["udp"]["finding"]
    by_relay = found["no udp on the way"]["reachability"]
    assert by_relay["state"] == "poor" and "relay" in by_relay["finding"], by_relay
    assert state["no udp on the way"]["udp"] == "bad" and "by TCP" in found["no udp on the way"]["udp"]["finding"]


def test_says_what_cannot_be_known_alone(folder: Path):
    done = run("--json", *LOOPBACK, "doctor", home=folder / "alone", timeout=60)
    checks = {event["name"]: event for event in done.events if event["event"] == "check"}
    assert {"home", "clock", "open_files", "udp_buffers", "interfaces", "ipv4", "ipv6", "peers", "udp", "port_mapping", "nat",
            "reachability", "dht"} == checks.keys()  # fmt: skip
    assert checks["peers"]["state"] == "poor" and "--connect" in checks["peers"]["advice"]
    assert checks["reachability"]["finding"].startswith("unknown")
    text = run(*LOOPBACK, "doctor", home=folder / "alone", timeout=60).stdout.decode()
    assert re.search(r"^(good|poor|bad) +clock +set$", text, re.M), text


if __name__ == "__main__":
    run_tests(dict(globals()))
