"""A peer that takes orders: JSON lines on its stdin, an answer for each on its stdout."""

import json
import subprocess
import threading
from pathlib import Path


def transport_of(address: str) -> str:
    """"quic", "ws", "wss" or "tcp"."""
    parts = address.split("/")
    if "ws" in parts or "wss" in parts:
        return "wss" if "tls" in parts or "wss" in parts else "ws"
    return "quic" if "quic-v1" in parts else "tcp"


class Peer:
    def __init__(self, *command, log: Path):
        self._log = log
        with open(log, "wb") as errors:
            self._process = subprocess.Popen(
                [str(word) for word in command], text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
            )  # fmt: skip
        try:
            self.known = self._answer("starting", timeout=60)
        except BaseException:
            self.stop()
            raise
        self.pid = self._process.pid
        self.id, self.addresses = self.known["peer_id"], self.known["addresses"]
        self.address = next(
            (each for each in self.addresses if transport_of(each) == "tcp"), self.addresses[0]
        )

    def address_by(self, transport: str) -> str:
        return next(each for each in self.addresses if transport_of(each) == transport)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def __call__(self, do: str, timeout: float = 60, **words):
        """What it answers; AssertionError with its reason when it fails or takes too long."""
        self._process.stdin.write(json.dumps({"do": do, **words}) + "\n")
        self._process.stdin.flush()
        return self._answer(do, timeout)

    def _answer(self, what: str, timeout: float):
        late = threading.Timer(timeout, self._process.kill)
        late.start()
        line = self._process.stdout.readline()
        late.cancel()
        if not line:
            reason = self._log.read_text(errors="replace").strip()[-500:]
            raise AssertionError(f"{what}: no answer within {timeout:g} s, or it ended: {reason}")
        answer = json.loads(line)
        if "error" in answer:
            raise AssertionError(f"{what}: {answer['error'][:500]}")
        return answer["ok"]

    def stop(self) -> None:
        """It ends with its stdin."""
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
