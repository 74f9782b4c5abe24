"""DHT nodes of the other implementations, all with the same methods.

    peer_id, address                 the address ends in /p2p/ID
    provide(content) -> cid          of one raw block; returns once the records are stored
    providers(cid) -> {id: [address]}
    find_peer(id) -> [address]
    put(key, value), get(key)        a key is /pk/ID or /ipns/ID, a value bytes; Kubo puts only /ipns
    closest(peer_id) -> [id]         up to 20
    table() -> {id}                  the routing table
"""

import base64
import json
import random
import urllib.error
import urllib.parse
import urllib.request
import uuid
from pathlib import Path

from keys import raw_cid
from kubo import IPFS, Kubo
from peer import Peer
from process import Service, run_bytes

ORDER_SECONDS = 60
BOOTSTRAP_DIALS = 4
LAN = "/ipfs/lan/kad/1.0.0"


class Node:
    """One of the nodes that a process of go/ or js/ runs."""

    def __init__(self, process: Peer, index: int, known: dict):
        self._process, self._index = process, index
        self.peer_id, self.address = known["peer_id"], known["addresses"][0]
        self.public_key = base64.b64decode(known["public_key"])

    def __call__(self, do: str, **words):
        return self._process(do, timeout=ORDER_SECONDS, node=self._index, **words)

    def provide(self, content: bytes) -> str:
        cid = raw_cid(content)
        self("provide", cid=cid)
        return cid

    def providers(self, cid: str) -> dict[str, list[str]]:
        return by_id(self("find", cid=cid))

    def records(self, cid: str) -> dict[str, list[str]]:
        """What its own store holds."""
        return by_id(self("records", cid=cid))

    def find_peer(self, peer_id: str) -> list[str]:
        return self("find_peer", peer_id=peer_id)["addresses"]

    def put(self, key: str, value: bytes) -> None:
        self("put", key=key, value=base64.b64encode(value).decode())

    def get(self, key: str) -> bytes:
        return base64.b64decode(self("get", key=key)["value"])

    def closest(self, peer_id: str) -> list[str]:
        return self("closest", key=peer_id)

    def table(self) -> set[str]:
        return set(self("table")["peers"])

    def held_providers(self, address: str, cid: str) -> dict[str, list[str]]:
        """What the peer at that address answers from its own store (go)."""
        return by_id(self("ask_providers", address=address, cid=cid)["providers"])

    def held_value(self, address: str, key: str) -> bytes | None:
        """The same for a value (go)."""
        value = self("ask_value", address=address, key=key)["value"]
        return None if value is None else base64.b64decode(value)


def by_id(described: list[dict]) -> dict[str, list[str]]:
    return {each["peer_id"]: each["addresses"] for each in described}


class KuboNode(Kubo):
    """A DHT server of the LAN, with orders by its HTTP API."""

    def __init__(self, home: Path, port: int):
        config = {
            "Routing.Type": "dhtserver",
            "Provide.Enabled": True,
            "Routing.LoopbackAddressesOnLanDHT": True,
            "Addresses.Swarm": [f"/ip4/127.0.0.1/tcp/{port}"],
        }
        super().__init__(home, config=config)
        self.peer_id = json.loads((home / "config").read_text())["Identity"]["PeerID"]
        self.address = f"/ip4/127.0.0.1/tcp/{port}/p2p/{self.peer_id}"

    def start(self):
        self.daemon = Service(IPFS, "daemon", log=self.home / "daemon.log", env=self.env)
        self.daemon.wait_line(lambda line: line.startswith("Daemon is ready"), timeout=120)
        _, _, host, _, port = (self.home / "api").read_text().strip().split("/")
        self._api = f"http://{host}:{port}/api/v0/"
        return self

    def join(self, others: list) -> None:
        """Takes them as its bootstrap, and dials as many as a round of bootstrap does."""
        if others:
            self.call("bootstrap/add", *(each.address for each in others))
        for each in random.sample(others, min(BOOTSTRAP_DIALS, len(others))):
            self.call("swarm/connect", each.address)

    def call(self, command: str, *arguments, body: bytes | None = None, **options) -> list[dict]:
        """The answer's JSON lines; `body` goes as a file."""
        words = [("arg", each) for each in arguments] + [*options.items()]
        request = urllib.request.Request(
            f"{self._api}{command}?{urllib.parse.urlencode(words)}", method="POST"
        )
        if body is not None:
            mark = uuid.uuid4().hex
            request.add_header("Content-Type", f"multipart/form-data; boundary={mark}")
            head = f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="it"\r\n\r\n'
            request.data = head.encode() + body + f"\r\n--{mark}--\r\n".encode()
        try:
            with urllib.request.urlopen(request, timeout=ORDER_SECONDS) as answer:
                return [json.loads(line) for line in answer]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{command}: {error.read().decode()[:500]}") from None

    def provide(self, content: bytes) -> str:
        cid = self.add_block(content)
        self.call("routing/provide", cid)
        return cid

    def add_block(self, content: bytes) -> str:
        return self.call("block/put", body=content, **{"cid-codec": "raw"})[0]["Key"]

    def get_content(self, cid: str) -> bytes:
        return run_bytes(IPFS, "cat", cid, env=self.env, timeout=ORDER_SECONDS)

    def providers(self, cid: str) -> dict[str, list[str]]:
        found = {}
        for event in self.call("routing/findprovs", cid, **{"num-providers": 20}):
            if event["Type"] == PROVIDER:
                found.update(_responses(event))
        return found

    def find_peer(self, peer_id: str) -> list[str]:
        for event in self.call("routing/findpeer", peer_id):
            if event["Type"] == FINAL_PEER:
                return _responses(event)[peer_id]
        raise AssertionError(f"{peer_id} not found")

    def put(self, key: str, value: bytes) -> None:
        self.call("routing/put", key, body=value)

    def get(self, key: str) -> bytes:
        for event in self.call("routing/get", key):
            if event["Type"] == VALUE:
                return base64.b64decode(event["Extra"])
        raise AssertionError(f"{key} not found")

    def closest(self, peer_id: str) -> list[str]:
        events = self.call("dht/query", peer_id)
        return [event["ID"] for event in events if event["Type"] == FINAL_PEER]

    def table(self) -> set[str]:
        (answer,) = self.call("stats/dht", "lan")
        return {peer["ID"] for bucket in answer["Buckets"] for peer in bucket["Peers"] or []}


# Types of the events that Kubo's routing commands tell.
FINAL_PEER, PROVIDER, VALUE = 2, 4, 5


def _responses(event: dict) -> dict[str, list[str]]:
    return {
        each["ID"]: [f"{address}/p2p/{each['ID']}" for address in each["Addrs"] or []]
        for each in event["Responses"]
    }
