"""Shoal in a DHT, by the command's contract (docs/cli.md), with the methods of nodes.py.

The values of `dht get` and `dht put` are bytes on stdout and stdin, without --json.
"""

import contextlib
import json
from pathlib import Path

from process import run_bytes
from shoal import LOOPBACK, Share, Shoal

ORDER_SECONDS = 60


class ShoalNode(Shoal):
    def __init__(self, binary: Path, home: Path, bootstrap):
        super().__init__(binary, home)
        self._known = [word for address in bootstrap for word in ("--bootstrap", address)]

    def ask(self, *arguments, timeout: float = ORDER_SECONDS) -> list[dict]:
        return self.lines(*arguments, *self._known, timeout=timeout, listen=LOOPBACK)

    def sharing(self, content: bytes) -> Share:
        """A running node, which is a DHT server of the LAN; its one block is known by `raw_cid`."""
        path = self.home.with_suffix(".content")
        path.write_bytes(content)
        return self.share(path, *self._known)

    @contextlib.contextmanager
    def providing(self, content: bytes):
        """The running share, after its record was stored: what runs announces by itself."""
        path = self.home.with_suffix(".content")
        path.write_bytes(content)
        done = self.ask("provide", self.cid(path))[-1]
        assert done["event"] == "provided" and done["peers"] > 0, done
        with self.sharing(content) as share:
            yield share

    def providers(self, cid: str) -> dict[str, list[str]]:
        return {
            event["peer_id"]: event["addresses"]
            for event in self.ask("find", cid)
            if event["event"] == "provider" and event["source"] == "dht"
        }

    def put(self, key: str, value: bytes) -> None:
        self._bytes("dht", "put", key, stdin=value)

    def get_value(self, key: str) -> bytes:
        return self._bytes("dht", "get", key)

    def _bytes(self, *arguments, stdin: bytes = b"") -> bytes:
        words = [self.binary, "--home", self.home, "--listen", LOOPBACK]
        return run_bytes(*words, *arguments, *self._known, timeout=ORDER_SECONDS, stdin=stdin)

    def lookup(self, key: str) -> dict:
        """The last event: peers (nearest first), hops, seconds."""
        last = self.ask("dht", "lookup", key)[-1]
        assert last["event"] == "closest", last
        return last

    def table(self) -> str:
        """As text, in which peers are named by their IDs."""
        return json.dumps(self.ask("dht", "table"))
