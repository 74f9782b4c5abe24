#!/usr/bin/env python3
"""Slow takers, slow senders and idle peers beside newcomers, all from one address: every newcomer has its
first block soon, and memory stays small and comes back.

  fair_door_e2e.py           200 hostile connections, 20 newcomers
  fair_door_e2e.py --full    600 hostile connections; every newcomer has its first block within 5 s
  fair_door_e2e.py KIND...   only these kinds, as hostile_peer names them

Programs of one machine are exempt from limits of an address, so all of it is done twice: over loopback, and over
an address in a network namespace, where that can be had.
"""

import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from command import LOOPBACK, SHOAL, Share
from hostile_e2e import MIB, PEER, SCRATCH, Crowd, Memory, make_source, rss_of, wait_for_memory

KINDS = ["takes_slowly", "sends_slowly", "keeps_a_connection"]
ELSEWHERE = "192.0.2.1"  # an address like any other, in a network namespace
NEWCOMERS = 20
SECONDS_TO_TAKE_ALL = 6  # the crowd's, before anybody else comes


class Newcomer(threading.Thread):
    """How long a first byte of content takes, from the start of the command on."""

    def __init__(self, link: str, home: Path):
        super().__init__()
        self.words = [SHOAL, "--home", home, *LOOPBACK, "cat", link, "--length", "1"]
        self.seconds, self.code = None, None
        self.start()

    def run(self):
        began = time.monotonic()
        words = [str(word) for word in self.words]
        with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            timer = threading.Timer(40, process.kill)
            timer.start()
            if process.stdout.read(1):
                self.seconds = time.monotonic() - began
            self.code = process.wait()
            timer.cancel()


def newcomers(link: str, folder: Path, count: int) -> list[float]:
    all_of_them = []
    for number in range(count):
        all_of_them.append(Newcomer(link, folder / f"newcomer-{number}-{time.monotonic_ns()}"))
        time.sleep(0.05)
    for newcomer in all_of_them:
        newcomer.join()
    late = [newcomer for newcomer in all_of_them if newcomer.seconds is None or newcomer.code != 0]
    assert not late, f"{len(late)} of {count} newcomers got nothing"
    return sorted(newcomer.seconds for newcomer in all_of_them)


def test_newcomers(folder: Path, address: str, connections: int, bound: float, kinds: list[str]):
    source, wants = folder / "source.bin", folder / "wants"
    wants.write_text("\n".join(make_source(source, 64 * MIB)))
    with Share(source, home=folder / "sharer") as share:
        pid = share.process.pid
        alone = newcomers(share.link, folder, 3)[-1]
        before = rss_of(pid)
        memory = Memory(pid)
        with Crowd(share.address, connections, wants, kinds, hosts=address) as crowd:
            time.sleep(SECONDS_TO_TAKE_ALL)
            beside = newcomers(share.link, folder, NEWCOMERS)
            counts = crowd.leave()
        memory.stop()
        print(counts)
        print(f"first block alone {alone:.2f} s; beside {connections} hostile connections from {address} "
              f"{beside[0]:.2f} to {beside[-1]:.2f} s; memory before {before / MIB:.1f} MiB, at most "
              f"{memory.peak / MIB:.1f}", flush=True)
        back = wait_for_memory(pid, before + 24 * MIB)
        print(f"{rss_of(pid) / MIB:.1f} MiB {back:.1f} s after they left")
        share.stop()
    assert beside[-1] < bound, f"a newcomer waited {beside[-1]:.1f} s for its first block"
    assert memory.peak < 250 * MIB, "too much memory"


def elsewhere():
    namespace = ["unshare", "--user", "--map-root-user", "--net", "sh", "-c"]
    address = f"ip link set lo up && ip address add {ELSEWHERE}/32 dev lo"
    if subprocess.run([*namespace, address], capture_output=True).returncode != 0:
        print("without a network namespace: over loopback alone")
        return
    again = [sys.executable, *sys.argv, "--elsewhere"]
    subprocess.run([*namespace, f'{address} && exec "$@"', "sh", *again], check=True)


def main():
    sanitized = PEER.parent.name in ("asan", "tsan")  # they keep what was freed: their memory says nothing
    if not PEER.exists() or sanitized:
        sys.exit(77)
    kinds = [word for word in sys.argv[1:] if not word.startswith("-")] or KINDS
    address = "127.0.0.1"
    if "--elsewhere" in sys.argv:
        address = ELSEWHERE
        LOOPBACK[1] = f"/ip4/{address}/tcp/0"
    else:
        elsewhere()
    folder = Path(tempfile.mkdtemp(prefix="shoal-door-", dir=SCRATCH))
    try:
        if "--full" in sys.argv:
            test_newcomers(folder, address, 600, 5, kinds)
        else:
            test_newcomers(folder, address, 200, 15, kinds)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
