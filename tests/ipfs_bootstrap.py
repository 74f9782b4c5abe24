#!/usr/bin/env python3
"""The way into the public IPFS network, for tests: a name server, and the machine that it leads to.

    ipfs_bootstrap.py

Runs in a network namespace of its own. Prints a line for each TXT record that is asked for, and for each connection.
"""

import socket
import struct
import threading

PEER = "QmNnooDu7bfjPFoTZYxMNLWUQJyrVwtbZg5gBMjTezGAJN"
MACHINE = ("127.0.0.1", 4001)
TXT, HEADER_BYTES = 16, 12


def name_in(query: bytes) -> tuple[str, int]:
    """The name that is asked for, and where its question ends."""
    labels, at = [], HEADER_BYTES
    while query[at]:
        labels.append(query[at + 1 : at + 1 + query[at]].decode())
        at += 1 + query[at]
    return ".".join(labels), at + 5


def answer_to(query: bytes, end: int) -> bytes:
    text = f"dnsaddr=/ip4/{MACHINE[0]}/tcp/{MACHINE[1]}/p2p/{PEER}".encode()
    record = struct.pack("!HHHIHB", 0xC000 | HEADER_BYTES, TXT, 1, 60, len(text) + 1, len(text)) + text
    return query[:2] + struct.pack("!HHHHH", 0x8180, 1, 1, 0, 0) + query[HEADER_BYTES:end] + record


def answer_names(server: socket.socket):
    while True:
        query, asker = server.recvfrom(2048)
        name, end = name_in(query)
        if query[end - 4 : end - 2] != struct.pack("!H", TXT):
            continue
        print(f"asked {name}", flush=True)
        server.sendto(answer_to(query, end), asker)


def main():
    names = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    names.bind(("127.0.0.1", 53))
    machine = socket.create_server(MACHINE)
    threading.Thread(target=answer_names, args=[names], daemon=True).start()
    print("ready", flush=True)
    while True:
        connection, _ = machine.accept()
        print("connected", flush=True)
        connection.close()


if __name__ == "__main__":
    main()
