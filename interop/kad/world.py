"""What the Kademlia checks share: networks that start when first used and last until the end."""

import base64
from functools import cached_property
from pathlib import Path

import networks
import suite
from nodes import Node
from shoal_node import ShoalNode

SIZES = {"kubo": 20, "go": 40, "js": 10}
QUICK_SIZES = {"kubo": 5, "go": 12, "js": 6}
MIXED_SIZES = {"kubo": 3, "go": 8, "js": 4}


class World(suite.World):
    quick = False

    def __init__(self, binary: Path, root: Path):
        super().__init__(binary, root)
        self._networks: dict[str, networks.Network] = {}
        self._mixed: dict[str, networks.Network] = {}

    def network(self, kind: str) -> networks.Network:
        """Of one implementation."""
        if kind not in self._networks:
            count = (QUICK_SIZES if self.quick else SIZES)[kind]
            started = self._close_later(networks.START[kind](self, count))
            self._networks[kind] = started
            networks.wait_filled(started.nodes, started.peer_ids)
        return self._networks[kind]

    @property
    def mixed(self) -> dict[str, networks.Network]:
        """Of all, each of which bootstraps from those before it."""
        if not self._mixed:
            for kind, start in networks.START.items():
                known = [each for network in self._mixed.values() for each in network.bootstrap]
                self._mixed[kind] = self._close_later(start(self, MIXED_SIZES[kind], known))
            everybody = set().union(*(network.peer_ids for network in self._mixed.values()))
            for network in self._mixed.values():
                networks.wait_filled(network.nodes, everybody)
        return self._mixed

    def _close_later(self, network: networks.Network) -> networks.Network:
        self.services.callback(network.stop)
        return network

    @cached_property
    def observer(self) -> Node:
        """A DHT client without a network, which asks single peers directly."""
        return self._close_later(networks.go_nodes(self, 1, client=True)).nodes[0]

    def pk_record(self, key_type: str = "ed25519") -> tuple[str, bytes]:
        """Key and value that a fresh key makes, which nobody has put yet."""
        maker = networks.go_nodes(self, 1, key=key_type)
        maker.stop()
        (node,) = maker.nodes
        return f"/pk/{node.peer_id}", node.public_key

    def ipns_record(self, cid: str, key_type: str = "ed25519") -> tuple[str, bytes]:
        maker = networks.go_nodes(self, 1, key=key_type)
        try:
            made = maker.nodes[0]("ipns_record", path=f"/ipfs/{cid}", sequence=1)
        finally:
            maker.stop()
        return made["key"], base64.b64decode(made["value"])

    def shoal_node(self, bootstrap) -> ShoalNode:
        return ShoalNode(self.binary, self.fresh("shoal"), bootstrap)
