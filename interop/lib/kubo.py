"""A Kubo node on loopback, with a repository of its own and no way to the public network."""

import json
from pathlib import Path

from process import Service, run

FOLDER = Path(__file__).resolve().parent.parent / "kubo"
IPFS = FOLDER / "bin/ipfs"
MODERN = "unixfs-v1-2025"
LEGACY = "unixfs-v0-2015"  # CIDv0, 256 KiB chunks, dag-pb leaves, 174 links


def build() -> None:
    run(FOLDER / "build", timeout=1800)


class Kubo:
    """Offline until `start`. `config` overrides values: {"Swarm.Transports.Security.TLS": False}."""

    def __init__(self, home: Path, profile: str = MODERN, config: dict | None = None):
        self.home = home
        self.env = {"IPFS_PATH": home, "IPFS_TELEMETRY": "off"}
        self.daemon: Service | None = None
        self.ipfs("init", f"--profile=test,{profile}")
        self.configure({"Routing.Type": "none", "Provide.Enabled": False, **(config or {})})

    def configure(self, values: dict) -> None:
        """Before `start`. A key is a path through the configuration, with dots."""
        file = self.home / "config"
        config = json.loads(file.read_text())
        for path, value in values.items():
            *folders, name = path.split(".")
            section = config
            for folder in folders:
                section = section.setdefault(folder, {})
            section[name] = value
        file.write_text(json.dumps(config))

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def ipfs(self, *arguments, timeout: float = 300) -> str:
        return run(IPFS, *arguments, env=self.env, timeout=timeout).strip()

    def start(self):
        log = self.home / "daemon.log"
        self.daemon = Service(IPFS, "daemon", log=log, env=self.env)
        self.daemon.wait_line(lambda line: line.startswith("Daemon is ready"))
        self.peer_id = json.loads(self.ipfs("id"))["ID"]
        (listening,) = self.ipfs("swarm", "addrs", "local").splitlines()
        self.address = f"{listening}/p2p/{self.peer_id}"
        return self

    def stop(self) -> None:
        if self.daemon:
            self.daemon.stop()
            self.daemon = None

    def add(self, path: Path, *options) -> str:
        return self.ipfs("add", "-r", "-Q", *options, path)

    def cid(self, path: Path, *options) -> str:
        return self.add(path, "--only-hash", *options)

    def connect(self, address: str) -> None:
        self.ipfs("swarm", "connect", address, timeout=20)

    def get(self, cid: str, to: Path) -> Path:
        self.ipfs("get", "-o", to, cid)
        return to
