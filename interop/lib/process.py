"""Child processes: run to the end, or kept as a service and ended by their own id."""

import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def stop_cleanly_when_terminated() -> None:
    """SIGTERM unwinds the stack, so that services are stopped and scratch directories go."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def run(*command, **options) -> str:
    return run_bytes(*command, **options).decode()


def run_bytes(
    *command, env: dict | None = None, timeout: float = 300, stdin: bytes = b""
) -> bytes:
    """The command's stdout; AssertionError with its stderr if it fails or takes too long."""
    words = [str(word) for word in command]
    line = " ".join(words)
    try:
        done = subprocess.run(
            words, env=_environment(env), capture_output=True, timeout=timeout, input=stdin,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise AssertionError(f"`{line}` not done after {timeout:g} s") from None
    if done.returncode != 0:
        reason = (done.stderr or done.stdout).decode(errors="replace").strip()[-500:]
        raise AssertionError(f"`{line}` exits with {done.returncode}: {reason}")
    return done.stdout


def _environment(extra: dict | None) -> dict:
    return {**os.environ, **{key: str(value) for key, value in (extra or {}).items()}}


class Service:
    """A process that runs until `stop`. Its stderr is in `log`, its stdout is read line by line."""

    def __init__(self, *command, log: Path, env: dict | None = None):
        self._log = log
        with open(log, "wb") as errors:
            self._process = subprocess.Popen(
                [str(word) for word in command], env=_environment(env), text=True,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors,
            )  # fmt: skip
        self.pid = self._process.pid

    def wait_line(self, wanted, timeout: float = 60) -> str:
        """The first line of stdout for which wanted(line) holds."""
        stop = threading.Timer(timeout, self._process.kill)
        stop.start()
        try:
            for line in self._process.stdout:
                if wanted(line):
                    threading.Thread(target=self._drain, daemon=True).start()
                    return line
        finally:
            stop.cancel()
        raise AssertionError(f"{self._process.args[0]} ended early: {self._log.read_text()[-500:]}")

    def _drain(self) -> None:
        for _ in self._process.stdout:
            pass

    def cpu_seconds(self) -> float:
        return cpu_seconds(self.pid)

    def peak_rss_bytes(self) -> int:
        return peak_rss_bytes(self.pid)

    def wait(self, timeout: float = 60) -> int:
        return self._process.wait(timeout)

    def stop(self) -> int:
        self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def peak_rss_bytes(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0  # already a zombie


@dataclass
class Usage:
    seconds: float
    cpu_seconds: float
    peak_rss_bytes: int


def measure(*command, env: dict | None = None) -> Usage:
    """Runs a command to its successful end.

    The peak is sampled, because the kernel's ru_maxrss begins with that of the forking Python.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    child = subprocess.Popen(
        [str(word) for word in command], env=_environment(env),
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    ended = threading.Event()
    peak = [0]

    def sample():
        while not ended.wait(0.02):
            try:
                peak[0] = max(peak[0], peak_rss_bytes(child.pid))
            except (FileNotFoundError, ProcessLookupError):
                return

    sampler = threading.Thread(target=sample)
    sampler.start()
    errors = child.stderr.read()
    code = child.wait()
    seconds = time.monotonic() - start
    ended.set()
    sampler.join()
    if code != 0:
        raise RuntimeError(f"{command[0]} exits with {code}: {errors.decode()[-500:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Usage(seconds, cpu, peak[0])
