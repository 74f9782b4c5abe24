#!/usr/bin/env python3
"""Two machines behind NATs and a relay in the open, in network namespaces: what meets directly, and what by the relay."""

import contextlib
import filecmp
import json
import subprocess
import time
from pathlib import Path

from command import PATIENCE, SANITIZED, SHOAL, CannotRun, bytes_of, check_event, run_tests

NAMESPACE = ["unshare", "--user", "--map-root-user", "--net"]
# A home router: what comes unasked is dropped, at its own ports, too.
FIREWALL = """
table ip home {
  chain input { type filter hook input priority 0; policy drop; ct state established,related accept; iif "lan" accept; }
  chain forward {
    type filter hook forward priority 0; policy drop
    ct state established,related accept
    ct status dnat accept
    iif "lan" accept
  }
  chain outward { type nat hook postrouting priority 100; oif "wan" masquerade %s; }
}
"""
PRESERVES_PORTS = ""
SYMMETRIC = "random,fully-random"


class Machine:
    def __init__(self, prefix: list[str], process: subprocess.Popen):
        self.prefix, self.pid = prefix, process.pid

    def call(self, *words, given: str | None = None) -> str:
        line = [*self.prefix, *[str(word) for word in words]]
        done = subprocess.run(line, input=given, capture_output=True, text=True)
        if done.returncode != 0:
            raise CannotRun(f"{' '.join(line)}: {done.stderr}")
        return done.stdout

    def start(self, *words, stdin=subprocess.DEVNULL) -> subprocess.Popen:
        return subprocess.Popen(
            [*self.prefix, *[str(word) for word in words]], stdin=stdin, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def received_bytes(self) -> int:
        for line in self.call("cat", "/proc/net/dev").splitlines():
            if line.strip().startswith("eth0:"):
                return int(line.split(":")[1].split()[0])
        raise AssertionError("no eth0")


class Internet:
    """A wire, and machines on it."""

    def __init__(self, network: str = "203.0.113"):
        self._processes, self._network = [], network
        hub = subprocess.Popen([*NAMESPACE, "sleep", "600"], stderr=subprocess.PIPE)
        self._processes.append(hub)
        time.sleep(0.3)
        if hub.poll() is not None:
            raise CannotRun("needs network namespaces")
        self._hub = Machine(self._inside(hub), hub)
        self._hub.call("ip", "link", "add", "br0", "type", "bridge")
        self._hub.call("ip", "link", "set", "br0", "up")
        self._wires = 0

    @staticmethod
    def _inside(process: subprocess.Popen) -> list[str]:
        return ["nsenter", "--preserve-credentials", "--user", "--net", "-t", str(process.pid)]

    def _machine(self) -> Machine:
        process = subprocess.Popen([*self._hub.prefix, "unshare", "--net", "sleep", "600"])
        self._processes.append(process)
        time.sleep(0.3)
        machine = Machine(self._inside(process), process)
        machine.call("ip", "link", "set", "lo", "up")
        return machine

    def _plug_in(self, machine: Machine, name: str, address: str):
        self._wires += 1
        port = f"w{self._wires}"
        self._hub.call("ip", "link", "add", port, "type", "veth", "peer", "name", name, "netns", machine.pid)
        self._hub.call("ip", "link", "set", port, "master", "br0", "up")
        machine.call("ip", "address", "add", f"{address}/24", "dev", name)
        machine.call("ip", "link", "set", name, "up")

    def host(self, number: int) -> Machine:
        machine = self._machine()
        self._plug_in(machine, "eth0", f"{self._network}.{number}")
        return machine

    def home(self, number: int, masquerade: str) -> Machine:
        """A machine behind a router of its own."""
        router, machine = self._machine(), self._machine()
        self._plug_in(router, "wan", f"{self._network}.{number}")
        router.call("ip", "link", "add", "lan", "type", "veth", "peer", "name", "eth0", "netns", machine.pid)
        router.call("ip", "address", "add", f"192.168.{number}.1/24", "dev", "lan")
        router.call("ip", "link", "set", "lan", "up")
        router.call("sysctl", "-qw", "net.ipv4.ip_forward=1")
        router.call("nft", "-f", "-", given=FIREWALL % masquerade)
        machine.call("ip", "address", "add", f"192.168.{number}.2/24", "dev", "eth0")
        machine.call("ip", "link", "set", "eth0", "up")
        machine.call("ip", "route", "add", "default", "via", f"192.168.{number}.1")
        machine.router = router
        return machine

    def end(self):
        for process in reversed(self._processes):
            process.kill()
            process.wait()


@contextlib.contextmanager
def internet():
    net = Internet()
    try:
        yield net
    finally:
        net.end()


class Command:
    """A shoal on a machine."""

    def __init__(self, machine: Machine, home: Path, *words):
        self.process = machine.start(SHOAL, "--home", home, "--json", "--no-lan", *words)
        self.events = []

    def wait_for(self, name: str, **fields) -> dict:
        end = time.monotonic() + 2 * PATIENCE
        for line in self.process.stdout:
            self.events.append(check_event(json.loads(line)))
            if self.events[-1]["event"] == name and fields.items() <= self.events[-1].items():
                return self.events[-1]
            assert time.monotonic() < end, self.events[-5:]
        raise AssertionError(f"ended without {name}: {self.events[-5:]} {self.process.stderr.read()}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()


def write_big(path: Path, size: int):
    piece = 1 << 26
    with open(path, "wb") as file:
        for number, at in enumerate(range(0, size, piece)):
            file.write(bytes_of(min(piece, size - at), number))


def transfer(
    folder: Path, masquerade: str | tuple[str, str], size: int, *, sharer: tuple = (), transport: str = "tcp/4001"
) -> tuple[list[str], dict, float]:
    """The paths of a download between two homes, its last event, and the part of it that the relay carried. Two
    masquerades are the sharer's and the getter's."""
    theirs, ours = masquerade if isinstance(masquerade, tuple) else (masquerade, masquerade)
    small, source, got = folder / "small", folder / "source", folder / "got"
    small.write_text("nothing of interest")
    write_big(source, size)
    with internet() as net:
        open_host, one, two = net.host(1), net.home(11, theirs), net.home(12, ours)
        at, anywhere = [("--listen", f"/ip4/{ip}/{transport}") for ip in ("203.0.113.1", "0.0.0.0")]
        with Command(open_host, folder / "r", *at, "share", small, "--relay-service") as relay:
            address = relay.wait_for("serving")["addresses"][0]
            with Command(one, folder / "a", *anywhere, "share", source, "--relay", address, *sharer) as share:
                link = share.wait_for("serving")["link"]
                assert "p2p-circuit" in link, link
                before = open_host.received_bytes()
                with Command(two, folder / "b", *anywhere, "get", link, "-o", got) as getter:
                    done = getter.wait_for("done")
                    paths = [event["to"] for event in getter.events if event["event"] == "path"]
                relayed = (open_host.received_bytes() - before) / size
    assert filecmp.cmp(got, source, shallow=False)
    print(f"{' then '.join(paths)}; {relayed:.1%} of it through the relay, {done['seconds']:.1f} s")
    return paths, done, relayed


def test_two_home_routers_are_passed(folder: Path):
    paths, done, relayed = transfer(folder, PRESERVES_PORTS, 60_000_000, sharer=("--up", "10M"))
    assert paths == ["relay", "punched"], paths
    assert done["sources"][0]["path"] == "punched", done["sources"]
    assert relayed < (0.5 if SANITIZED else 0.05)


def test_two_home_routers_are_passed_by_quic(folder: Path):
    paths, done, relayed = transfer(folder, PRESERVES_PORTS, 60_000_000, sharer=("--up", "10M"),
                                    transport="udp/4001/quic-v1")  # fmt: skip
    assert paths == ["relay", "punched"], paths
    assert "quic-v1" in done["sources"][0]["address"], done["sources"]
    # A first packet that comes too soon is sent again after some 300 ms.
    assert relayed < (0.5 if SANITIZED else 0.1)


def test_less_than_a_twentieth_of_a_gibibyte_is_relayed(folder: Path):
    paths, done, relayed = transfer(folder, PRESERVES_PORTS, 1 << 30)
    assert paths == ["relay", "punched"], paths
    assert done["sources"][0]["path"] == "punched", done["sources"]
    assert relayed < (0.5 if SANITIZED else 0.05)


def test_a_symmetric_nat_is_met_by_guessing_ports(folder: Path):
    paths, done, _ = transfer(folder, (SYMMETRIC, PRESERVES_PORTS), 30_000_000, sharer=("--up", "2M"))
    assert paths == ["relay", "punched"], paths
    assert done["sources"][0]["path"] == "punched", done["sources"]


def test_two_symmetric_nats_are_relayed_and_say_so(folder: Path):
    paths, done, relayed = transfer(folder, SYMMETRIC, 20_000_000)
    assert paths == ["relay"], paths
    assert done["sources"][0]["path"] == "relay", done["sources"]
    assert relayed > 1


def test_a_sharer_behind_a_router_sends_to_who_knows_only_the_cid(folder: Path):
    """No address is given but that of a node in the open, which is both a way in and, by itself, a relay."""
    small, source = folder / "small", folder / "source"
    small.write_text("nothing of interest")
    source.write_bytes(bytes_of(20_000_000))
    with internet() as net:
        open_host, home, elsewhere = net.host(1), net.home(11, PRESERVES_PORTS), net.host(2)
        listen = ("--listen", "/ip4/203.0.113.1/tcp/4001")
        with Command(open_host, folder / "r", *listen, "share", small) as hub:
            way_in = ("--bootstrap", hub.wait_for("serving")["addresses"][0])
            with Command(home, folder / "a", "share", source, *way_in) as share:
                serving = share.wait_for("serving")
                while not any("p2p-circuit" in one for one in serving["addresses"]):
                    serving = share.wait_for("serving")
                cid = serving["cid"]
                if not any(event["event"] == "findable" for event in share.events):
                    share.wait_for("findable")
                told = {"cid": cid, "cid and id": f"{cid}?provider=%2Fp2p%2F{serving['peer_id']}"}
                for number, (what, target) in enumerate(told.items()):
                    out = folder / f"got-{number}"
                    with Command(elsewhere, folder / f"b-{number}", "get", target, *way_in, "-o", out) as getter:
                        done = getter.wait_for("done")
                    assert out.read_bytes() == source.read_bytes()
                    print(f"told the {what}: {done['sources'][0]['path']} in {done['seconds']:.1f} s")
                    assert done["sources"][0]["path"] == "direct", done["sources"]


if __name__ == "__main__":
    run_tests(dict(globals()))
