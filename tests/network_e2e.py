#!/usr/bin/env python3
"""Content found without an address: on a bridge of two machines, and in a network of ten nodes."""

import contextlib
import queue
import subprocess
import sys
import threading
import time
from pathlib import Path

import command
from command import LOOPBACK, PATIENCE, SANITIZED, SHOAL, CannotRun, Running, Share, bytes_of, get, run, run_tests

NAMESPACE = ["unshare", "--user", "--map-root-user", "--net"]


@contextlib.contextmanager
def two_machines():
    """Prefixes that run a command on one or the other of two machines on a bridge."""
    hub = subprocess.Popen([*NAMESPACE, "sleep", "600"], stderr=subprocess.PIPE)
    machines = []
    try:
        time.sleep(0.3)
        if hub.poll() is not None:
            raise CannotRun("needs network namespaces")
        inside = ["nsenter", "--preserve-credentials", "--user", "--net", "-t", str(hub.pid)]

        def call(*words):
            done = subprocess.run([str(word) for word in words], capture_output=True)
            if done.returncode != 0:
                raise CannotRun(f"{words}: {done.stderr.decode()}")

        call(*inside, "ip", "link", "add", "br0", "type", "bridge")
        call(*inside, "ip", "link", "set", "br0", "up")
        for number in (1, 2):
            machine = subprocess.Popen([*inside, "unshare", "--net", "sleep", "600"])
            machines.append(machine)
            time.sleep(0.3)
            own = ["nsenter", "--preserve-credentials", "--user", "--net", "-t", str(machine.pid)]
            call(*inside, "ip", "link", "add", f"v{number}", "type", "veth", "peer", "name", "eth0", "netns", machine.pid)
            call(*inside, "ip", "link", "set", f"v{number}", "master", "br0", "up")
            call(*own, "ip", "address", "add", f"10.9.0.{number}/24", "dev", "eth0")
            call(*own, "ip", "link", "set", "eth0", "up")
            call(*own, "ip", "link", "set", "lo", "up")
        yield [["nsenter", "--preserve-credentials", "--user", "--net", "-t", str(one.pid)] for one in machines]
    finally:
        for process in [*machines, hub]:
            process.kill()
            process.wait()


def start_on(machine: list[str], *words, stdin=subprocess.DEVNULL) -> subprocess.Popen:
    return subprocess.Popen(
        [*machine, *[str(word) for word in words]], stdin=stdin, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_two_machines_on_a_bridge_need_no_hint(folder):
    (folder / "film").write_bytes(bytes_of(3_000_000))
    with two_machines() as (one, two):
        share = start_on(one, SHOAL, "--home", folder / "a", "share", folder / "film")
        try:
            link = share.stdout.readline().strip()
            cid = link.removeprefix("ipfs://").split("?")[0]
            started = time.monotonic()
            got = start_on(two, SHOAL, "--home", folder / "b", "--timeout", "10s", "get", cid, "-o", folder / "got")
            _, said = got.communicate(timeout=20)
            took = time.monotonic() - started
            assert got.returncode == 0, said
            assert SANITIZED or took < 8, took
            hidden = start_on(two, SHOAL, "--home", folder / "c", "--no-lan", "--timeout", "1s", "get", cid, "-o", folder / "no")
            hidden.communicate(timeout=20)
            assert hidden.returncode == 8, "without the LAN nobody is found"
            found = start_on(two, SHOAL, "--home", folder / "d", "--json", "find", cid)
            lines, _ = found.communicate(timeout=20)
            assert found.returncode == 0 and '"provider"' in lines, lines
        finally:
            share.terminate()
            share.wait()
    assert (folder / "got").read_bytes() == (folder / "film").read_bytes()


def test_ten_nodes_that_know_one_find_content(folder):
    """Also when the one that all were told is dead."""
    with contextlib.ExitStack() as nodes:
        (folder / "first").write_bytes(b"of the first")
        first = nodes.enter_context(Share(folder / "first", home=folder / "home0"))
        others = []
        for number in range(1, 10):
            path = folder / f"file{number}"
            path.write_bytes(bytes_of(100_000, number))
            others.append(nodes.enter_context(Share(path, "--bootstrap", first.address, home=folder / f"home{number}")))
        time.sleep(3)
        started = time.monotonic()
        get(others[3].cid, folder / "got", "--bootstrap", first.address, "--timeout", "10s", home=folder / "guest").works()
        took = time.monotonic() - started
        assert SANITIZED or took < 8, took
        assert (folder / "got").read_bytes() == (folder / "file4").read_bytes()
        first.process.kill()
        first.process.wait()
        get(others[7].cid, folder / "got8", "--bootstrap", first.address, "--timeout", "10s", home=folder / "guest").works()
        get(others[6].cid, folder / "got7", "--bootstrap", first.address, "--timeout", "10s", home=folder / "home3").works()


def test_find_says_that_nobody_has_it(folder):
    (folder / "file").write_bytes(b"nobody has this")
    cid = run("cid", folder / "file").works().stdout.decode().strip()
    asked = run("--json", *LOOPBACK, "find", cid, home=folder / "home").fails("not_found")
    assert "--bootstrap" in asked.last["hint"]


def test_find_names_connected_peers(folder):
    (folder / "file").write_bytes(bytes_of(5000))
    with Share(folder / "file", home=folder / "a") as share:
        found = run("--json", *LOOPBACK, "--connect", share.address, "find", share.cid, home=folder / "b").works()
        provider = found.events[0]
        assert provider["peer_id"] == share.serving["peer_id"], provider
        assert provider["source"] == "connected" and provider["seconds"] < 5, provider
        with Running("get", share.link, "-o", folder / "got", "--seed", home=folder / "c") as guest:
            own = guest.wait_for("serving")["peer_id"]
            guest.wait_for("done")
            time.sleep(1.5)
            peers = run("--json", "peers", home=folder / "a").works().events
            assert [peer["peer_id"] for peer in peers] == [own], peers
            assert peers[0]["path"] == "loopback", peers


def test_provide_announces_what_the_node_has(folder):
    (folder / "file").write_bytes(b"provided")
    with Share(folder / "file", home=folder / "a") as server:
        (folder / "mine").write_bytes(b"mine")
        cid = run("share", "--index-only", "--json", folder / "mine", home=folder / "b").works().last["cid"]
        done = run("--json", *LOOPBACK, "--bootstrap", server.address, "provide", cid, home=folder / "b").works().last
        assert done["event"] == "provided" and done["peers"] >= 1, done
        found = run("--json", *LOOPBACK, "--bootstrap", server.address, "find", cid, home=folder / "c").works().events
        assert found[0]["source"] == "dht", found
        foreign = run(*LOOPBACK, "--bootstrap", server.address, "provide", server.cid, home=folder / "c").works()
        assert b"does not have" in foreign.stderr, foreign.stderr


def test_provide_beside_a_share_waits_for_its_record(folder):
    (folder / "file").write_bytes(b"a server")
    (folder / "mine").write_bytes(b"mine")
    with Share(folder / "file", home=folder / "server") as server:
        way = ["--bootstrap", server.address]
        with Share(folder / "mine", *way, home=folder / "a") as share:
            done = run("--json", *LOOPBACK, *way, "provide", share.cid, home=folder / "a").works()
            assert done.last["event"] == "provided" and done.last["peers"] >= 1, done.last
            assert done.last["peer_id"] == share.serving["peer_id"], done.last
            told = run(*LOOPBACK, *way, "provide", share.cid, home=folder / "a").works()
            assert b"announces it" in told.stderr, told.stderr
            found = run("--json", *LOOPBACK, *way, "find", share.cid, home=folder / "b").works().events
            assert (found[0]["source"], found[0]["peer_id"]) == ("dht", done.last["peer_id"]), found
            other = run("--json", *LOOPBACK, *way, "provide", server.cid, home=folder / "a").fails("locked")
            assert "announces what it shares" in other.last["message"], other.last
            bare = run("--json", *LOOPBACK, "provide", share.cid, home=folder / "a").works().last
            assert bare["peers"] >= 1, bare


def test_provide_beside_a_share_without_a_network_says_so(folder):
    (folder / "mine").write_bytes(b"mine")
    with Share(folder / "mine", home=folder / "a") as share:
        waited = run("--json", *LOOPBACK, "--timeout", "2s", "provide", share.cid, home=folder / "a").fails("timeout")
        assert "announcing" in waited.last["message"], waited.last
        alone = run("--json", *LOOPBACK, "provide", share.cid, home=folder / "a", timeout=70).fails("unreachable")
        assert "no network" in alone.last["message"], alone.last


class IpfsBootstrap:
    """A machine whose name server leads to a peer of the public IPFS network: what comes of it, line by line."""

    def __init__(self, folder: Path):
        (folder / "resolv.conf").write_text("nameserver 127.0.0.1\n")
        start = 'mount --bind "$1" /etc/resolv.conf && ip link set lo up && exec "$2" "$3"'
        server = Path(__file__).with_name("ipfs_bootstrap.py")
        words = ["sh", "-c", start, "sh", folder / "resolv.conf", sys.executable, server]
        self._process = start_on([*NAMESPACE, "--mount"], *words)
        self._lines: queue.Queue = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        self.program = folder / "shoal_there"
        inside = f"nsenter --preserve-credentials --user --net --mount -t {self._process.pid}"
        self.program.write_text(f'#!/bin/sh\nexec {inside} "{SHOAL}" "$@"\n')
        self.program.chmod(0o755)

    def _read(self):
        for line in self._process.stdout:
            self._lines.put(line.strip())
        self._lines.put("")

    def next(self, seconds: float = PATIENCE) -> str:
        """Empty when there is none in time, or no machine."""
        with contextlib.suppress(queue.Empty):
            return self._lines.get(timeout=seconds)
        return ""

    def __enter__(self):
        if self.next() != "ready":
            self.__exit__()
            raise CannotRun(f"needs network namespaces: {self._process.stderr.read()}")
        self._usual, command.SHOAL = command.SHOAL, str(self.program)
        return self

    def __exit__(self, *_):
        command.SHOAL = getattr(self, "_usual", command.SHOAL)
        self._process.kill()
        self._process.wait()


def test_public_alone_leads_to_the_peers_of_ipfs(folder):
    (folder / "file").write_bytes(b"for everybody")
    with IpfsBootstrap(folder) as ipfs:
        with Share(folder / "file", home=folder / "a"):
            assert ipfs.next(2) == "", "without --public nobody is to hear of it"
        with Share("--public", folder / "file", home=folder / "b"):
            assert ipfs.next() == "asked _dnsaddr.bootstrap.libp2p.io"
            while (line := ipfs.next()).startswith("asked"):
                pass
            assert line == "connected", line


if __name__ == "__main__":
    run_tests(dict(globals()))
