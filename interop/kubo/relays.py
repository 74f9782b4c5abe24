"""Circuits through relays: each implementation uses the other's."""

import json
import time

import data
from shoal import link

SMALL = 50_000  # passes a relay with the usual limits
LARGE = 3 * data.MIB + 17
# On loopback nobody finds out by itself where it can be reached.
OPEN = {"Internal.Libp2pForceReachability": "public"}
HIDDEN = {"Internal.Libp2pForceReachability": "private"}


def register(checks) -> None:
    checks.add("shoal is reached through kubo's relay", "shoal")(through_kubo)
    checks.add("kubo reaches shoal through kubo's relay", "kubo")(through_kubo)
    checks.add("kubo is reached through shoal's relay")(kubo_behind_shoal)
    checks.add("kubo reaches shoal through shoal's relay")(kubo_through_shoal)


def circuit(relay: str, peer: str) -> str:
    return f"{relay}/p2p-circuit/p2p/{peer}"


def through_kubo(world, who) -> None:
    file, out = world.input(data.write_file, SMALL), world.fresh("out")
    relaying = {"Swarm.RelayService.Enabled": True, **OPEN}
    with world.kubo(config=relaying) as relay, world.shoal().share(file, "--relay", relay.address) as share:
        way = circuit(relay.address, share.peer_id)
        assert way in share.addresses, share.addresses
        if who == "shoal":
            done = world.shoal().get(link(share.cid, way), out)
            assert done["sources"][0]["path"] == "relay", done
            data.expect_same(out, file)
            return
        # Its Bitswap does not use relays with limits; its ping does.
        with world.kubo() as other:
            other.connect(way)
            assert "p2p-circuit" in other.ipfs("swarm", "peers"), other.ipfs("swarm", "peers")
            identity = json.loads(other.ipfs("id", share.peer_id))
            assert identity["AgentVersion"].lower().startswith("shoal"), identity


def kubo_behind_shoal(world) -> None:
    file, out = world.input(data.write_file, LARGE), world.fresh("out")
    with world.shoal().share(world.input(data.write_file, 1), "--relay-service") as relay:
        hidden = {
            "Swarm.RelayClient.Enabled": True,
            "Swarm.RelayClient.StaticRelays": [relay.address],
            "Swarm.EnableHolePunching": False,
            **HIDDEN,
        }
        with world.kubo(config=hidden) as kubo:
            source = link(kubo.add(file), circuit(relay.address, kubo.peer_id))
            done = get_when_reserved(world, source, out)
    assert done["sources"][0]["path"] == "relay", done
    data.expect_same(out, file)


def get_when_reserved(world, source: str, out, patience_seconds: float = 60) -> dict:
    """A Kubo looks for a place at its relays some seconds after its start."""
    deadline = time.monotonic() + patience_seconds
    while True:
        try:
            return world.shoal().get(source, out, "--timeout", "5s")
        except AssertionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(1)


def kubo_through_shoal(world) -> None:
    file = world.input(data.write_file, LARGE)
    with world.shoal().share(world.input(data.write_file, 1), "--relay-service") as relay:
        with world.shoal().share(file, "--relay", relay.address) as share, world.kubo() as kubo:
            kubo.connect(circuit(relay.address, share.peer_id))
            data.expect_same(kubo.get(share.cid, world.fresh("out")), file)
