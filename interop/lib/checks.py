"""Named checks, run one after the other: a line each, then a count."""

import contextlib
import signal
import sys
import time
from collections.abc import Callable


@contextlib.contextmanager
def time_limit(seconds: float | None):
    """AssertionError in the main thread once `seconds` have passed; None is no limit."""

    def expire(*_):
        raise AssertionError(f"not done after {seconds:g} s")

    previous = signal.signal(signal.SIGALRM, expire)
    signal.setitimer(signal.ITIMER_REAL, seconds or 0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


class Checks:
    def __init__(self):
        self._all: list[tuple[str, Callable, tuple, float | None]] = []

    def add(self, name: str, *arguments, limit: float | None = None):
        """Decorates function(world, *arguments); stack it to run one function on several inputs.

        `limit`: seconds after which it fails.
        """

        def register(function: Callable) -> Callable:
            self._all.append((name, function, arguments, limit))
            return function

        return register

    def names(self, part: str = "") -> list[str]:
        return [name for name, *_ in self._all if part in name]

    def run(self, world, part: str = "") -> bool:
        """True if at least one check ran and none failed. `part` selects by name."""
        passed = failed = 0
        for name, function, arguments, limit in self._all:
            if part not in name:
                continue
            start = time.monotonic()
            try:
                with time_limit(limit):
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
