"""What the `run` scripts share: their arguments, a scratch directory, the programs under test."""

import argparse
import contextlib
import os
import sys
import tempfile
from pathlib import Path

from checks import Checks
from process import stop_cleanly_when_terminated
from shoal import Shoal

ROOT = Path(__file__).resolve().parent.parent.parent


class World:
    """What the checks of one run share. `services` are closed at its end, whatever happened."""

    def __init__(self, binary: Path, root: Path):
        self.binary, self.root = binary, root
        self.services = contextlib.ExitStack()
        self._made = 0

    def fresh(self, kind: str) -> Path:
        self._made += 1
        return self.root / f"{kind}-{self._made}"

    def shoal(self) -> Shoal:
        return Shoal(self.binary, self.fresh("shoal"))

    def input(self, make, *arguments) -> Path:
        """Data made once by make(path, ...)."""
        path = self.root / "-".join(["input", make.__name__, *map(str, arguments)])
        return path if path.exists() else make(path, *arguments)


def main(name: str, checks: Checks, build, world=World) -> None:
    arguments = argparse.ArgumentParser(description=f"Checks Shoal against {name}.")
    arguments.add_argument("--only", default="", metavar="PART", help="checks named so")
    arguments.add_argument("--list", action="store_true", help="name the checks, run none")
    default = os.environ.get("SHOAL", ROOT / "build/release/shoal")
    arguments.add_argument("shoal", nargs="?", type=Path, default=Path(default))
    options = arguments.parse_args()
    if options.list:
        print("\n".join(checks.names(options.only)))
        return
    if not os.access(options.shoal, os.X_OK):
        sys.exit(f"{options.shoal} is not there: build it first (./dev build)")
    stop_cleanly_when_terminated()
    os.umask(0o022)  # modes are part of some CIDs
    build()
    with tempfile.TemporaryDirectory(prefix=f"shoal-{name.lower()}-") as root:
        made = world(options.shoal.resolve(), Path(root))
        with made.services:
            checks.main(made, options.only)
