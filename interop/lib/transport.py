"""Noise, TLS, yamux, identify, push, ping and streams, with who dials and who asks both ways round."""

import itertools
import time
from concurrent.futures import ThreadPoolExecutor

import peer
import web_certificate
from process import Service, run

MB = 1_000_000
KEY_TYPES = ("ed25519", "secp256k1", "ecdsa", "rsa")
COMMON = {"/echo/1.0.0", "/ipfs/id/1.0.0", "/ipfs/id/push/1.0.0", "/ipfs/ping/1.0.0"}
NEW = "/interop/new/1.0.0"


def register(checks, name: str, key_types=KEY_TYPES, takes_all_at_once: bool = True) -> None:
    """`name`: the other implementation. The world has ours() and theirs(key_type).

    `takes_all_at_once`: streams whose protocol, bytes and end come together arrive whole.
    """
    for ours_first in (True, False):
        a, b = ("shoal", name) if ours_first else (name, "shoal")
        for key_type in key_types:
            checks.add(f"{a} dials {b}, {name} with a key of {key_type}", ours_first, key_type)(dials)
        checks.add(f"{a} learns who {b} is", ours_first)(identifies)
        checks.add(f"{a} pings {b}", ours_first)(pings)
        checks.add(f"{a} takes the push of {b}", ours_first)(takes_push)
        for what, streams, size in (
            ("100 MB and back on 50 streams at once", 50, 2 * MB),
            ("100 MB and back on 1 stream", 1, 100 * MB),
            ("nothing, and its end, on 100 streams", 100, 0),
        ):
            checks.add(f"{a} sends {b} {what}", ours_first, streams, size)(echoes)
        checks.add(f"{a} breaks streams off at {b}", ours_first)(breaks_off)
        checks.add(f"{a} hangs up on {b}", ours_first)(hangs_up)
    checks.add(f"shoal and {name} send each other 100 MB and back on 50 streams at once")(both_ways)
    checks.add(f"shoal ping reaches {name}")(command_pings)
    if takes_all_at_once:
        checks.add(f"examples/echo asks {name}")(example_asks)
    checks.add(f"{name} sends examples/echo 100 MB and back on 50 streams at once")(example_answers)


def register_tls(checks, name: str, key_types=KEY_TYPES) -> None:
    """With a peer of `name` that speaks TLS alone."""
    for ours_first in (True, False):
        a, b = ("shoal", name) if ours_first else (name, "shoal")
        for key_type in key_types:
            checks.add(f"{a} dials {b} by TLS, {name} with a key of {key_type}", ours_first, key_type)(
                dials_by_tls
            )
        for streams, size in ((1, 100 * MB), (50, 2 * MB)):
            what = f"100 MB and back on {streams} stream{'s' * (streams > 1)} by TLS"
            checks.add(f"{a} sends {b} {what}", ours_first, streams, size)(echoes_by_tls)
        checks.add(f"{a} hangs up on {b} by TLS", ours_first)(hangs_up_by_tls)


def register_quic(checks, name: str, key_types=KEY_TYPES, pings_on_one_stream: bool = True) -> None:
    """With a peer of `name` that speaks QUIC alone.

    `pings_on_one_stream`: it answers more than one.
    """
    for ours_first in (True, False):
        a, b = ("shoal", name) if ours_first else (name, "shoal")
        for key_type in key_types:
            checks.add(f"{a} dials {b} by QUIC, {name} with a key of {key_type}", ours_first, key_type)(
                dials_by_quic
            )
        checks.add(f"{a} learns who {b} is by QUIC", ours_first)(identifies_by_quic)
        if pings_on_one_stream:
            checks.add(f"{a} pings {b} by QUIC", ours_first)(pings_by_quic)
        for what, streams, size in (
            ("100 MB and back on 50 streams at once", 50, 2 * MB),
            ("100 MB and back on 1 stream", 1, 100 * MB),
            ("nothing, and its end, on 100 streams", 100, 0),
        ):
            checks.add(f"{a} sends {b} {what} by QUIC", ours_first, streams, size)(echoes_by_quic)
        checks.add(f"{a} breaks streams off at {b} by QUIC", ours_first)(breaks_off_by_quic)
        checks.add(f"{a} hangs up on {b} by QUIC", ours_first)(hangs_up_by_quic)


def register_websocket(checks, name: str, key_types=KEY_TYPES, kinds=("ws", "wss")) -> None:
    """With a peer of `name` that speaks WebSocket alone, and Noise in it. In TLS, each verifies the other."""
    for kind, ours_first in itertools.product(kinds, (True, False)):
        a, b = ("shoal", name) if ours_first else (name, "shoal")
        how = "by WebSocket" if kind == "ws" else "by WebSocket in TLS"
        for key_type in key_types if kind == "ws" else key_types[:1]:
            checks.add(f"{a} dials {b} {how}, {name} with a key of {key_type}", kind, ours_first, key_type)(
                dials_by_websocket
            )
        for what, streams, size in (
            ("100 MB and back on 50 streams at once", 50, 2 * MB),
            ("100 MB and back on 1 stream", 1, 100 * MB),
            ("nothing, and its end, on 100 streams", 100, 0),
        ):
            checks.add(f"{a} sends {b} {what} {how}", kind, ours_first, streams, size)(echoes_by_websocket)
        checks.add(f"{a} hangs up on {b} {how}", kind, ours_first)(hangs_up_by_websocket)


def register_perf(checks, name: str, quic: bool = False) -> None:
    for ours_first in (True, False):
        a, b = ("shoal", name) if ours_first else (name, "shoal")
        for security in ("noise", "tls", *(["quic"] if quic else [])):
            checks.add(f"{a} measures {b} by {security}", ours_first, security)(measures)


class Pair:
    """Two peers, the first of which has dialled the second.

    `security`: what the other implementation speaks; ours prefers Noise and speaks all. "quic" is a
    transport with a security of its own, "ws" WebSocket with Noise, and "wss" the same in TLS.
    """

    def __init__(self, world, ours_first: bool, key_type: str = "ed25519", security: str = "noise"):
        self.transport = security if security in ("quic", "ws", "wss") else "tcp"
        if security == "wss":
            web_certificate.provide(world)
        ours = world.ours()
        try:
            theirs = world.theirs(key_type, "--security", security)
        except BaseException:
            ours.stop()
            raise
        self.a, self.b = (ours, theirs) if ours_first else (theirs, ours)

    def __enter__(self):
        try:
            self.connection = self.a("dial", address=self.b.address_by(self.transport))
        except BaseException:
            self.__exit__()
            raise
        return self.a, self.b

    def __exit__(self, *_):
        self.a.stop()
        self.b.stop()


def dials(world, ours_first, key_type) -> None:
    pair = Pair(world, ours_first, key_type)
    with pair as (a, b):
        other = connection_of(b)
        for seen, peer, direction in ((pair.connection, b, "outbound"), (other, a, "inbound")):
            assert seen["peer_id"] == peer.id, seen
            assert seen["direction"] == direction, seen
            assert seen.get("security", "/noise") == "/noise", seen
            assert seen.get("muxer", "/yamux/1.0.0") == "/yamux/1.0.0", seen
        a("ping", peer_id=b.id, count=1)


def dials_by_tls(world, ours_first, key_type) -> None:
    pair = Pair(world, ours_first, key_type, "tls")
    with pair as (a, b):
        for seen in (pair.connection, connection_of(b)):
            assert seen.get("security", "/tls/1.0.0") == "/tls/1.0.0", seen
            assert seen.get("muxer", "/yamux/1.0.0") == "/yamux/1.0.0", seen
        a("ping", peer_id=b.id, count=1)


def dials_by_quic(world, ours_first, key_type) -> None:
    with Pair(world, ours_first, key_type, "quic") as (a, b):
        for asker, asked, direction in ((a, b, "outbound"), (b, a, "inbound")):
            seen = connection_of(asker)
            assert seen["peer_id"] == asked.id, seen
            assert seen["direction"] == direction, seen
            assert "/quic-v1" in seen["remote"], seen
        a("ping", peer_id=b.id, count=1)


def identifies_by_quic(world, ours_first) -> None:
    with Pair(world, ours_first, security="quic") as (a, b):
        for asker, asked in ((a, b), (b, a)):
            told = asker("identify", peer_id=asked.id)
            assert COMMON <= set(told["protocols"]), told
        assert a("identify", peer_id=b.id)["observed"].startswith("/ip4/127.0.0.1/udp/")


def pings_by_quic(world, ours_first) -> None:
    with Pair(world, ours_first, security="quic") as (a, b):
        for asker, asked in ((a, b), (b, a)):
            times = asker("ping", peer_id=asked.id, count=3)
            assert len(times) >= 3 and max(times) < 1000, times


def echoes_by_quic(world, ours_first, streams, size) -> None:
    with Pair(world, ours_first, security="quic") as (a, b):
        a("echo", timeout=120, peer_id=b.id, streams=streams, bytes=size)
        expect_served(b, streams, streams * size)


def breaks_off_by_quic(world, ours_first) -> None:
    with Pair(world, ours_first, security="quic") as (a, b):
        a("reset", peer_id=b.id, count=5)
        a("echo", peer_id=b.id, streams=10, bytes=MB)
        b("echo", peer_id=a.id, streams=10, bytes=MB)


def hangs_up_by_quic(world, ours_first) -> None:
    with Pair(world, ours_first, security="quic") as (a, b):
        a("ping", peer_id=b.id, count=1)
        a("hang_up", peer_id=b.id)
        expect_disconnected(a, b)
        a("dial", address=b.address_by("quic"))


def dials_by_websocket(world, kind, ours_first, key_type) -> None:
    with Pair(world, ours_first, key_type, kind) as (a, b):
        for asker, asked, direction in ((a, b, "outbound"), (b, a, "inbound")):
            seen = connection_of(asker)
            assert seen["peer_id"] == asked.id, seen
            assert seen["direction"] == direction, seen
            assert seen.get("security", "/noise") == "/noise", seen
        assert peer.transport_of(connection_of(a)["remote"]) == kind, a("connections")
        a("ping", peer_id=b.id, count=1)


def echoes_by_websocket(world, kind, ours_first, streams, size) -> None:
    with Pair(world, ours_first, security=kind) as (a, b):
        a("echo", timeout=120, peer_id=b.id, streams=streams, bytes=size)
        expect_served(b, streams, streams * size)


def hangs_up_by_websocket(world, kind, ours_first) -> None:
    with Pair(world, ours_first, security=kind) as (a, b):
        a("ping", peer_id=b.id, count=1)
        a("hang_up", peer_id=b.id)
        expect_disconnected(a, b)
        a("dial", address=b.address_by(kind))


def expect_disconnected(a, b) -> None:
    deadline = time.monotonic() + 5
    while a("connections") or b("connections"):
        assert time.monotonic() < deadline, "still connected after 5 s"
        time.sleep(0.05)


def echoes_by_tls(world, ours_first, streams, size) -> None:
    with Pair(world, ours_first, security="tls") as (a, b):
        a("echo", timeout=120, peer_id=b.id, streams=streams, bytes=size)
        expect_served(b, streams, streams * size)


def hangs_up_by_tls(world, ours_first) -> None:
    with Pair(world, ours_first, security="tls") as (a, b):
        a("ping", peer_id=b.id, count=1)
        a("hang_up", peer_id=b.id)
        expect_disconnected(a, b)


def measures(world, ours_first, security) -> None:
    with Pair(world, ours_first, security=security) as (a, b):
        told = a("perf", timeout=120, peer_id=b.id, bytes=100 * MB)
        assert told["up_seconds"] > 0 and told["down_seconds"] > 0, told


def connection_of(peer) -> dict:
    """Its only one, which it may hear of a little later than the one who dialled."""
    deadline = time.monotonic() + 5
    while not (found := peer("connections")) and time.monotonic() < deadline:
        time.sleep(0.01)
    (connection,) = found
    return connection


def identifies(world, ours_first) -> None:
    with Pair(world, ours_first) as (a, b):
        for asker, asked in ((a, b), (b, a)):
            told = asker("identify", peer_id=asked.id)
            assert told["agent"].startswith("interop-"), told
            assert COMMON <= set(told["protocols"]), told
            listening = asked.address.partition("/p2p/")[0]
            assert any(each.startswith(listening) for each in told["addresses"]), told
        assert a("identify", peer_id=b.id)["observed"].startswith("/ip4/127.0.0.1/tcp/")


def pings(world, ours_first) -> None:
    with Pair(world, ours_first) as (a, b):
        for asker, asked in ((a, b), (b, a)):
            times = asker("ping", peer_id=asked.id, count=3)
            assert len(times) >= 3 and max(times) < 1000, times


def takes_push(world, ours_first) -> None:
    with Pair(world, ours_first) as (a, b):
        before = a("identify", peer_id=b.id)["protocols"]
        assert NEW not in before, before
        b("identify", peer_id=a.id)  # or it could not know that it may push
        b("serve", protocol=NEW)
        deadline = time.monotonic() + 10
        while NEW not in a("identify", peer_id=b.id)["protocols"]:
            assert time.monotonic() < deadline, "no push came within 10 s"
            time.sleep(0.05)


def echoes(world, ours_first, streams, size) -> None:
    with Pair(world, ours_first) as (a, b):
        a("echo", timeout=120, peer_id=b.id, streams=streams, bytes=size)
        expect_served(b, streams, streams * size)


def both_ways(world) -> None:
    with Pair(world, ours_first=True) as (a, b), ThreadPoolExecutor() as pool:
        words = {"timeout": 120, "streams": 50, "bytes": 2 * MB}
        running = [
            pool.submit(asker, "echo", peer_id=asked.id, **words)
            for asker, asked in ((a, b), (b, a))
        ]
        for each in running:
            each.result()
        expect_served(a, 50, 100 * MB)
        expect_served(b, 50, 100 * MB)


def expect_served(peer, streams: int, size: int) -> None:
    """The last stream may still be ending there when it has ended here."""
    deadline = time.monotonic() + 5
    while peer("served")["whole"] != streams and time.monotonic() < deadline:
        time.sleep(0.05)
    served = peer("served")
    assert served == {"whole": streams, "broken": 0, "bytes": size}, served


def breaks_off(world, ours_first) -> None:
    with Pair(world, ours_first) as (a, b):
        a("reset", peer_id=b.id, count=5)
        a("echo", peer_id=b.id, streams=10, bytes=MB)
        b("echo", peer_id=a.id, streams=10, bytes=MB)


def hangs_up(world, ours_first) -> None:
    with Pair(world, ours_first) as (a, b):
        a("identify", peer_id=b.id)
        a("hang_up", peer_id=b.id)
        expect_disconnected(a, b)
        a("dial", address=b.address)


def command_pings(world) -> None:
    with world.theirs() as theirs:
        world.shoal().lines("ping", theirs.address, "-c", "3", timeout=20)


def example_asks(world) -> None:
    with world.theirs() as theirs:
        text = run(world.example_echo, theirs.address, "a word or two", timeout=20)
        assert text == "a word or two\n", text
        expect_served(theirs, 1, len(text) - 1)


def example_answers(world) -> None:
    server = Service(world.example_echo, "/ip4/127.0.0.1/tcp/0", log=world.fresh("log"))
    try:
        address = server.wait_line(lambda line: line.startswith("/ip4/")).strip()
        with world.theirs() as theirs:
            theirs("dial", address=address)
            peer_id = address.rpartition("/p2p/")[2]
            theirs("echo", timeout=120, peer_id=peer_id, streams=50, bytes=2 * MB)
    finally:
        server.stop()
