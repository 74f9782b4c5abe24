"""Twelve nodes in one topic: Go, js, rust, and Shoal by its command."""

import json
import queue
import subprocess
import threading
import time
from pathlib import Path

import suite
from peer import Peer

HERE = Path(__file__).resolve().parent
LOOPBACK = ["--listen", "/ip4/127.0.0.1/tcp/0", "--no-lan"]
KINDS = ("go", "js", "rust", "shoal")
OF_EACH = 3
PATIENCE = 20


class ForeignNode:
    """Takes orders."""

    def __init__(self, kind: str, topic: str, unsigned: bool, log: Path):
        program = {"go": [HERE / "bin/go_peer"], "rust": [HERE / "bin/rust_peer"], "js": ["node", HERE / "js/main.mjs"]}
        self.kind, self.topic = kind, topic
        self._peer = Peer(*program[kind], *(["--unsigned"] if unsigned else []), log=log)
        self.id, self.address = self._peer.id, self._peer.address
        self._peer("subscribe", topic=topic)

    def dial(self, address: str):
        self._peer("dial", address=address)

    def peers(self) -> list[str]:
        return self._peer("peers", topic=self.topic)

    def publish(self, text: str = "", size: int = 0):
        self._peer("publish", topic=self.topic, text=text, bytes=size)

    def messages(self, count: int) -> list[tuple[int, str]]:
        heard = self._peer("messages", topic=self.topic, count=count) if count else []
        return [(message["bytes"], message["text"]) for message in heard]

    def scores(self) -> dict:
        return self._peer("scores")

    def stop(self):
        self._peer.stop()


class ShoalNode:
    """`shoal sub`; what it says comes from `shoal pub`, a peer of its own."""

    kind = "shoal"

    def __init__(self, binary: Path, home: Path, topic: str, unsigned: bool, connect: list[str]):
        self._binary, self._home, self.topic = binary, home, topic
        self._policy = ["--unsigned"] if unsigned else []
        words = [binary, "--home", home, "--json", *LOOPBACK]
        for address in connect:
            words += ["--connect", address]
        self._process = subprocess.Popen(
            [str(word) for word in [*words, "sub", topic, *self._policy]], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        known = json.loads(self._process.stdout.readline())
        self.id, self.address = known["peer_id"], known["addresses"][0]
        self._messages: queue.Queue = queue.Queue()
        self._here: set[str] = set()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self._process.stdout:
            event = json.loads(line)
            if event["event"] == "message":
                text = event.get("text", "")
                self._messages.put((len(text.encode()), text[:100]))
            elif event["event"] == "joined":
                self._here.add(event["peer_id"])
            elif event["event"] == "left":
                self._here.discard(event["peer_id"])

    def peers(self) -> list[str]:
        return sorted(self._here)

    def publish(self, text: str = "", size: int = 0):
        words = [self._binary, "--home", f"{self._home}-pub", *LOOPBACK, "--timeout", "20s", "--connect", self.address,
                 "pub", self.topic, "--whole", *self._policy]  # fmt: skip
        said = ("x" * size if size else text).encode()
        done = subprocess.run([str(word) for word in words], input=said, capture_output=True, timeout=60)
        assert done.returncode == 0, done.stderr.decode()

    def messages(self, count: int) -> list[tuple[int, str]]:
        end = time.monotonic() + PATIENCE
        out = []
        for _ in range(count):
            try:
                out.append(self._messages.get(timeout=max(0.0, end - time.monotonic())))
            except queue.Empty:
                raise AssertionError(f"{len(out)} messages came of {count}") from None
        return out

    def waiting(self) -> int:
        return self._messages.qsize()

    def kill(self):
        self._process.kill()
        self._process.wait()

    def stop(self):
        if self._process.poll() is None:
            self._process.terminate()
        self._process.wait()


class World(suite.World):
    def __init__(self, binary: Path, root: Path):
        super().__init__(binary, root)
        self._meshes = {}

    def foreign(self, kind: str, topic: str, unsigned: bool) -> ForeignNode:
        node = ForeignNode(kind, topic, unsigned, self.fresh(kind))
        self.services.callback(node.stop)
        return node

    def own(self, topic: str, unsigned: bool, connect: list[str]) -> ShoalNode:
        node = ShoalNode(self.binary, self.fresh("shoal"), topic, unsigned, connect)
        self.services.callback(node.stop)
        return node

    def mesh(self, unsigned: bool) -> list:
        """Made once for each policy: a ring of all kinds, each with two others besides."""
        if unsigned in self._meshes:
            return self._meshes[unsigned]
        topic = "unsigned" if unsigned else "signed"
        nodes: list = []
        for number in range(OF_EACH):
            for kind in KINDS[:3]:
                nodes.append(self.foreign(kind, topic, unsigned))
            nodes.append(self.own(topic, unsigned, [nodes[-1].address, nodes[-3].address]))
        for number, node in enumerate(nodes):
            if node.kind == "shoal":
                continue
            for step in (1, 3, 5):
                node.dial(nodes[(number + step) % len(nodes)].address)
        end = time.monotonic() + PATIENCE
        while min(len(node.peers()) for node in nodes) < 3:
            assert time.monotonic() < end, [(node.kind, len(node.peers())) for node in nodes]
            time.sleep(0.2)
        time.sleep(2)  # a heartbeat or two, in which meshes form
        self._meshes[unsigned] = nodes
        return nodes
