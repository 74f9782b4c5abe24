"""Pairs of peers that take orders, of Shoal and of other implementations, for benchmarks of one connection."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path[:0] = [str(HERE), str(ROOT / "interop/lib")]

from peer import Peer
from process import run

OURS = ROOT / "build/release/interop_peer"
RUST = ROOT / "interop/rust"
GO = ROOT / "interop/go"


class System:
    """`build`: makes the program ready. `words`: what starts one peer with a security protocol."""

    def __init__(self, name: str, folder: Path | None, words):
        self.name, self._folder, self._words = name, folder, words

    def build(self) -> None:
        if self._folder:
            run(self._folder / "build", timeout=3600)

    def peer(self, scratch: Path, role: str, security: str) -> Peer:
        home = scratch / f"{self.name}-{role}-{security}"
        return Peer(*self._words(home, security), log=scratch / f"{home.name}.log")


def shoal(home: Path, security: str) -> tuple:
    """Ours speaks QUIC beside TCP."""
    return (OURS, home) if security == "quic" else (OURS, home, "--security", security)


SYSTEMS = {
    "shoal": System("Shoal", None, shoal),
    "rust": System("rust-libp2p", RUST, lambda _, security: (
        RUST / "bin/peer", "--key", "ed25519", "--security", security)),
    "go": System("go-libp2p", GO, lambda _, security: (
        GO / "bin/peer", "--key", "ed25519", "--security", security)),
}  # fmt: skip
