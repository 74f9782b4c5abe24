"""Who dials whom, by which security protocol, and what each says about itself."""

import json
import time

import data
from process import Service, free_port
from shoal import link

SMALL = 3 * data.MIB + 17
NO_TLS = {"Swarm.Transports.Security.TLS": False}
WEBSOCKET = {"Addresses.Swarm": ["/ip4/127.0.0.1/tcp/0/ws"]}
QUIC = {"Addresses.Swarm": ["/ip4/127.0.0.1/udp/0/quic-v1"]}


def register(checks) -> None:
    checks.add("kubo dials shoal, default security", {})(kubo_dials)
    checks.add("kubo dials shoal, Noise only", NO_TLS)(kubo_dials)
    checks.add("shoal dials kubo, default security", {})(shoal_dials)
    checks.add("shoal dials kubo, Noise only", NO_TLS)(shoal_dials)
    checks.add("kubo dials shoal by WebSocket", "tcp", "ws")(kubo_dials_by)
    checks.add("shoal dials kubo by WebSocket", WEBSOCKET, "/ws")(shoal_dials)
    checks.add("kubo dials shoal by QUIC", "udp", "quic-v1")(kubo_dials_by)
    checks.add("shoal dials kubo by QUIC", QUIC, "/quic-v1")(shoal_dials)
    checks.add("shoal shares over the connection it dialed")(share_over_own_dial)
    checks.add("shoal gets over a connection that kubo dialed")(get_over_foreign_dial)
    checks.add("kubo pings shoal")(kubo_pings)
    checks.add("kubo identifies shoal")(kubo_identifies)
    checks.add("shoal pings kubo")(shoal_pings)


def kubo_dials(world, config) -> None:
    file = world.input(data.write_file, SMALL)
    with world.kubo(config=config) as kubo, world.shoal().share(file) as share:
        kubo.connect(share.address)
        data.expect_same(kubo.get(share.cid, world.fresh("out")), file)


def kubo_dials_by(world, socket, protocol) -> None:
    file = world.input(data.write_file, SMALL)
    listen = f"/ip4/127.0.0.1/{socket}/{free_port()}/{protocol}"
    with world.kubo() as kubo, world.shoal().share(file, listen=listen) as share:
        assert f"/{protocol}/p2p/" in share.address, share.address
        kubo.connect(share.address)
        assert f"/{protocol}/p2p/{share.peer_id}" in kubo.ipfs("swarm", "peers")
        data.expect_same(kubo.get(share.cid, world.fresh("out")), file)


def shoal_dials(world, config, by: str = "/tcp/") -> None:
    file, out = world.input(data.write_file, SMALL), world.fresh("out")
    with world.kubo(config=config) as kubo:
        assert by in kubo.address, kubo.address
        world.shoal().get(link(kubo.add(file), kubo.address), out)
    data.expect_same(out, file)


def share_over_own_dial(world) -> None:
    file = world.input(data.write_file, SMALL)
    with world.kubo() as kubo:
        with world.shoal().share(file, "--connect", kubo.address) as share:
            data.expect_same(kubo.get(share.cid, world.fresh("out")), file)


def get_over_foreign_dial(world) -> None:
    """The receiver knows who has it but not where; the provider comes to it."""
    file, out, node = world.input(data.write_file, SMALL), world.fresh("out"), world.shoal()
    address = f"/ip4/127.0.0.1/tcp/{free_port()}"
    with world.kubo() as kubo:
        source = link(kubo.add(file), f"/p2p/{kubo.peer_id}")
        words = node.command("get", source, "-o", out, listen=address)
        peer_id = node.peer_id()  # before the getter locks the home
        getter = Service(*words, log=world.fresh("log"))
        try:
            _connect_when_up(kubo, f"{address}/p2p/{peer_id}")
            getter.wait_line(lambda line: json.loads(line)["event"] == "done")
        finally:
            getter.stop()
    data.expect_same(out, file)


def _connect_when_up(kubo, address: str, patience_seconds: float = 10) -> None:
    deadline = time.monotonic() + patience_seconds
    while True:
        try:
            return kubo.connect(address)
        except AssertionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def kubo_pings(world) -> None:
    file = world.input(data.write_file, 1)
    with world.kubo() as kubo, world.shoal().share(file) as share:
        kubo.connect(share.address)
        answer = kubo.ipfs("ping", "-n", "3", share.peer_id)
        assert answer.count("Pong received") == 3, answer


def kubo_identifies(world) -> None:
    file = world.input(data.write_file, 1)
    with world.kubo() as kubo, world.shoal().share(file) as share:
        kubo.connect(share.address)
        identity = json.loads(kubo.ipfs("id", share.peer_id))
    assert identity["AgentVersion"].lower().startswith("shoal"), identity["AgentVersion"]
    assert share.address in identity["Addresses"], identity["Addresses"]
    expected = {"/ipfs/id/1.0.0", "/ipfs/ping/1.0.0", "/ipfs/bitswap/1.2.0"}
    missing = expected - set(identity["Protocols"])
    assert not missing, f"{missing} not among {identity['Protocols']}"


def shoal_pings(world) -> None:
    with world.kubo() as kubo:
        world.shoal().lines("ping", kubo.address, "-c", "3", timeout=20)
