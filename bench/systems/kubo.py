"""Kubo to Kubo by Bitswap over TCP, connected directly, profile unixfs-v1-2025, `ipfs get`."""

import time
from contextlib import contextmanager
from pathlib import Path

from kubo import IPFS, Kubo, build
from process import measure

from . import Transfer

NAME = "Kubo 0.41"


class KuboPair:
    def __init__(self, sender: Kubo, receiver: Kubo, cid: str, prepare_seconds: float):
        self._sender, self._receiver, self._cid = sender, receiver, cid
        self.prepare_seconds = prepare_seconds

    def fetch(self, to: Path) -> Transfer:
        """The receiver's share is that of its daemon and of the `ipfs get` that writes the file."""
        source, target = self._sender.daemon, self._receiver.daemon
        source_before, target_before = source.cpu_seconds(), target.cpu_seconds()
        client = measure(
            IPFS, "get", "--progress=false", "-o", to, self._cid, env=self._receiver.env
        )
        return Transfer(
            client.seconds,
            source.cpu_seconds() - source_before,
            target.cpu_seconds() - target_before + client.cpu_seconds,
            source.peak_rss_bytes(),
            target.peak_rss_bytes() + client.peak_rss_bytes,
        )


@contextmanager
def open_system(file: Path, folder: Path):
    build()
    sender = Kubo(folder / "sender")
    start = time.monotonic()
    cid = sender.add(file)
    prepare_seconds = time.monotonic() - start
    with sender, Kubo(folder / "receiver") as receiver:
        receiver.connect(sender.address)
        yield KuboPair(sender, receiver, cid, prepare_seconds)
