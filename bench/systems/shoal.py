"""`shoal share` to `shoal get`: encrypted, every block verified."""

import time
from contextlib import contextmanager
from pathlib import Path

from shoal import LOOPBACK, Share, Shoal

from . import fetch_by_process

NAME = "Shoal"
BINARY = Path(__file__).resolve().parents[2] / "build/release/shoal"


class ShoalPair:
    def __init__(self, share: Share, receiver: Shoal, prepare_seconds: float):
        self._share, self._receiver = share, receiver
        self.prepare_seconds = prepare_seconds

    def fetch(self, to: Path):
        command = self._receiver.command("get", self._share.link, "-o", to, listen=LOOPBACK)
        return fetch_by_process(self._share.service, *command)


@contextmanager
def open_system(file: Path, folder: Path):
    start = time.monotonic()
    with Shoal(BINARY, folder / "sender").share(file) as share:
        yield ShoalPair(share, Shoal(BINARY, folder / "receiver"), time.monotonic() - start)
