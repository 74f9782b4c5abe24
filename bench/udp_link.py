#!/usr/bin/env python3
"""A line between two UDP sockets of this machine, in user space: it delays, loses and queues packets.

    bench/udp_link.py IP:PORT --rtt MS --mbit N --loss PERCENT --queue-ms N

Prints the port at which it takes packets for IP:PORT, and sends what comes from there back to the last
other sender. Ends with its stdin.
"""

import argparse
import collections
import random
import select
import socket
import sys
import time

HEADERS = 28  # IPv4 and UDP, which count on a line
BUFFER = 16 * 1024 * 1024
SO_RCVBUFFORCE = 33


class Direction:
    def __init__(self, options):
        self._rate = options.mbit * 125_000
        self._delay, self._longest = options.rtt / 2000, options.queue_ms / 1000
        self._loss, self._random = options.loss / 100, random.Random(options.seed)
        self._free_at = 0.0
        self.waiting = collections.deque()  # (when it arrives, packet), in order

    def put(self, packet: bytes, now: float) -> None:
        begins = max(now, self._free_at)
        if begins - now > self._longest:
            return
        self._free_at = begins + (len(packet) + HEADERS) / self._rate
        if self._random.random() >= self._loss:
            self.waiting.append((self._free_at + self._delay, packet))


def main() -> None:
    arguments = argparse.ArgumentParser(description="A line in user space.")
    arguments.add_argument("target")
    for name, default in (("--rtt", 40), ("--mbit", 200), ("--loss", 1), ("--queue-ms", 100), ("--seed", 1)):
        arguments.add_argument(name, type=float, default=default)
    options = arguments.parse_args()
    ip, port = options.target.rsplit(":", 1)
    run((ip, int(port)), Direction(options), Direction(options))


def run(target: tuple, there: Direction, back: Direction) -> None:
    line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    line.bind(("127.0.0.1", 0))
    line.setblocking(False)
    try:
        line.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER)
    except PermissionError:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
    print(line.getsockname()[1], flush=True)
    client = None
    while True:
        now = time.monotonic()
        for direction, to in ((there, target), (back, client)):
            while direction.waiting and direction.waiting[0][0] <= now:
                line.sendto(direction.waiting.popleft()[1], to)
        due = min((each.waiting[0][0] for each in (there, back) if each.waiting), default=now + 1)
        ready, _, _ = select.select([line, sys.stdin], [], [], max(0.0, due - time.monotonic()))
        if sys.stdin in ready and not sys.stdin.readline():
            return
        for _ in range(64 if line in ready else 0):
            try:
                packet, sender = line.recvfrom(2048)
            except BlockingIOError:
                break
            if sender == target:
                back.put(packet, time.monotonic())
            else:
                client = sender
                there.put(packet, time.monotonic())


if __name__ == "__main__":
    main()
