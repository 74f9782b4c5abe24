"""A world with two peers that take orders: Shoal's, and one of another implementation."""

import os
import sys
from pathlib import Path

import suite
from peer import Peer
from process import run


def world_of(*command):
    """`command`: how the other peer is started; it takes --key KIND and --security PROTOCOL."""

    class World(suite.World):
        def __init__(self, binary: Path, root: Path):
            super().__init__(binary, root)
            self._peer = binary.with_name("interop_peer")
            self.example_echo = binary.parent / "examples/echo"
            for program in (self._peer, self.example_echo):
                if not os.access(program, os.X_OK):
                    sys.exit(f"{program} is not there: `./dev interop` builds it")

        def ours(self, *arguments) -> Peer:
            return Peer(self._peer, self.fresh("peer"), *arguments, log=self.fresh("log"))

        def theirs(self, key_type: str = "ed25519", *arguments) -> Peer:
            return Peer(*command, "--key", key_type, *arguments, log=self.fresh("log"))

    return World


def builder(folder: Path):
    return lambda: run(folder / "build", timeout=3600)
