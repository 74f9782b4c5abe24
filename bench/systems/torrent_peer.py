#!/usr/bin/env python3
"""One BitTorrent peer of a benchmark, by libtorrent (Debian: python3-libtorrent).

    torrent_peer.py [--up BYTES_PER_SECOND] seed FILE TORRENT
    torrent_peer.py [--up BYTES_PER_SECOND] get TORRENT FOLDER PORT

Speaks JSON lines on stdout: `serving` with the port, `done`, and at SIGTERM `sent`. Peers find each
other by exchange alone, beginning with the seed at PORT.
"""

import argparse
import json
import signal
import sys
import time
from pathlib import Path

import libtorrent

PIECE = 1 << 20


def say(event: str, **fields) -> None:
    print(json.dumps({"event": event, **fields}), flush=True)


def session(up: int) -> libtorrent.session:
    return libtorrent.session({
        "listen_interfaces": "127.0.0.1:0", "upload_rate_limit": up, "enable_dht": False,
        "enable_lsd": False, "enable_upnp": False, "enable_natpmp": False, "alert_mask": 0,
        "allow_multiple_connections_per_ip": True, "rate_limit_ip_overhead": False,
    })  # fmt: skip


def without_rate_classes(node: libtorrent.session) -> None:
    """Peers on loopback are limited as well."""
    classes = libtorrent.ip_filter()
    classes.add_rule("0.0.0.0", "255.255.255.255", 1)  # the global class alone
    node.set_peer_class_filter(classes)


def seed(up: int, file: Path, torrent: Path) -> None:
    files = libtorrent.file_storage()
    libtorrent.add_files(files, str(file))
    made = libtorrent.create_torrent(files, PIECE)
    libtorrent.set_piece_hashes(made, str(file.parent))
    torrent.write_bytes(libtorrent.bencode(made.generate()))
    node = session(up)
    without_rate_classes(node)
    handle = node.add_torrent({"ti": libtorrent.torrent_info(str(torrent)), "save_path": str(file.parent)})
    while not handle.status().is_seeding:
        time.sleep(0.02)
    say("serving", port=node.listen_port())
    stopped = []
    signal.signal(signal.SIGTERM, lambda *_: stopped.append(True))
    while not stopped:
        time.sleep(0.05)
    say("sent", bytes=handle.status().total_payload_upload)


def get(up: int, torrent: Path, folder: Path, port: int) -> None:
    node = session(up)
    without_rate_classes(node)
    handle = node.add_torrent({"ti": libtorrent.torrent_info(str(torrent)), "save_path": str(folder)})
    handle.connect_peer(("127.0.0.1", port))
    while not handle.status().is_seeding:
        time.sleep(0.02)
    say("done")
    while True:  # it goes on serving until it is ended
        time.sleep(1)


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--up", type=int, default=0)
    arguments.add_argument("what", choices=("seed", "get"))
    arguments.add_argument("rest", nargs="+")
    options = arguments.parse_args()
    if options.what == "seed":
        seed(options.up, *map(Path, options.rest))
    else:
        torrent, folder, port = options.rest
        get(options.up, Path(torrent), Path(folder), int(port))


if __name__ == "__main__":
    sys.exit(main())
