"""Networks on loopback: many nodes of one kind, or of several that know each other."""

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from nodes import LAN, KuboNode, Node
from peer import Peer

HERE = Path(__file__).resolve().parent
STARTING_AT_ONCE = 4  # Kubo daemons; each takes a core for a second
# Kademlia keeps more than enough of a network in each table to find the rest by lookups.
FILLED = 12
FILL_SECONDS = 120


class Network:
    def __init__(self, nodes: list, stop):
        self.nodes, self.stop = nodes, stop

    @property
    def peer_ids(self) -> set[str]:
        return {node.peer_id for node in self.nodes}

    @property
    def bootstrap(self) -> list[str]:
        """Two of its addresses."""
        return [node.address for node in self.nodes[:2]]


def go_nodes(world, count: int, bootstrap=(), **options) -> Network:
    return _in_one_process([HERE / "bin/go_nodes"], world, count, bootstrap, **options)


def js_nodes(world, count: int, bootstrap=(), **options) -> Network:
    return _in_one_process(["node", HERE / "js/main.mjs"], world, count, bootstrap, **options)


def _in_one_process(
    command, world, count: int, bootstrap, client: bool = False, key: str = "ed25519"
) -> Network:
    known = [word for address in bootstrap for word in ("--bootstrap", address)]
    mode = ["--client"] if client else []
    process = Peer(
        *command, "--nodes", count, "--protocol", LAN, "--key", key, *mode, *known,
        log=world.fresh("log"),
    )  # fmt: skip
    nodes = [Node(process, i, known) for i, known in enumerate(process.known["nodes"])]
    return Network(nodes, process.stop)


def kubo_nodes(world, count: int, bootstrap=()) -> Network:
    """Each has the addresses of all others, and those given, as its bootstrap.

    It hears of the others once they run: Kubo's Bitswap overlooks peers that dial it while it
    starts, and never asks them.
    """
    nodes: list[KuboNode] = []
    network = Network(nodes, lambda: stop_all(nodes))
    try:
        with ThreadPoolExecutor(STARTING_AT_ONCE) as pool:
            nodes += pool.map(lambda port: KuboNode(world.fresh("kubo"), port), free_ports(count))
            for node in nodes:
                node.configure({"Bootstrap": [*bootstrap]})
            list(pool.map(KuboNode.start, nodes))
            list(pool.map(lambda node: node.join([n for n in nodes if n is not node]), nodes))
    except BaseException:
        network.stop()
        raise
    return network


START = {"kubo": kubo_nodes, "go": go_nodes, "js": js_nodes}


def stop_all(nodes: list) -> None:
    """At once, as each Kubo takes a second or two."""
    with ThreadPoolExecutor(max(1, len(nodes))) as pool:
        for node in nodes:
            pool.submit(node.stop)


def free_ports(count: int) -> list[int]:
    """Different ones, as all are held until the last is known."""
    held = [socket.socket() for _ in range(count)]
    for each in held:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in held]
    for each in held:
        each.close()
    return ports


def wait_filled(nodes: list, of: set[str]) -> None:
    """Until each table has FILLED of these peers, or all of them that are others.

    Their own refreshes are ten minutes apart; a lookup fills a table with those whom it asks.
    """
    deadline = time.monotonic() + FILL_SECONDS
    for node in nodes:
        wanted = min(FILLED, len(of - {node.peer_id}))
        while (known := len(node.table() & of)) < wanted:
            assert time.monotonic() < deadline, f"{node.address} knows {known} of {wanted}"
            node.closest(node.peer_id)
            time.sleep(0.2)
