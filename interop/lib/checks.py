"""Named checks, run one after the other: a line each, then a count."""

import sys
import time
from collections.abc import Callable


class Checks:
    def __init__(self):
        self._all: list[tuple[str, Callable, tuple]] = []

    def add(self, name: str, *arguments):
        """Decorates function(world, *arguments); stack it to run one function on several inputs."""

        def register(function: Callable) -> Callable:
            self._all.append((name, function, arguments))
            return function

        return register

    def names(self, part: str = "") -> list[str]:
        return [name for name, _, _ in self._all if part in name]

    def run(self, world, part: str = "") -> bool:
        """True if at least one check ran and none failed. `part` selects by name."""
        passed = failed = 0
        for name, function, arguments in self._all:
            if part not in name:
                continue
            start = time.monotonic()
            try:
                function(world, *arguments)
                verdict, passed = "ok  ", passed + 1
            except Exception as error:
                verdict, failed = "FAIL", failed + 1
                name += f"\n     {type(error).__name__}: {error}"
            print(f"{verdict} {time.monotonic() - start:6.1f} s  {name}", flush=True)
        print(f"{passed} passed, {failed} failed")
        return passed > 0 and failed == 0

    def main(self, world, part: str) -> None:
        sys.exit(0 if self.run(world, part) else 1)
