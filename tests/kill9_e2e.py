#!/usr/bin/env python3
"""A get that is killed at 20 random moments ends with the right file, and fetches no block again that lay
verified in its partial file."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

SHOAL = os.environ["SHOAL"]
MIB = 1 << 20
BLOCKS = 192
KILLS = 20


def start(*args):
    return subprocess.Popen([SHOAL, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def blocks_in(partial, source):
    """How many of the source's blocks lie whole and right at their places."""
    if partial is None:
        return 0
    count = 0
    with open(partial, "rb") as got, open(source, "rb") as want:
        for _ in range(BLOCKS):
            expected = want.read(MIB)
            count += got.read(MIB) == expected
    return count


def find_partial(folder):
    found = [name for name in os.listdir(folder) if name.endswith(".shoal")]
    assert len(found) <= 1, found
    return os.path.join(folder, found[0]) if found else None


def wait_for_progress(run):
    """Until it has something, so that a slow machine has it killed at work, too."""
    for line in run.stdout:
        event = json.loads(line)
        if event["event"] in ("done", "error") or (event["event"] == "progress" and event["bytes_done"] > 0):
            return


def main():
    seed = int(os.environ.get("SEED", "7"))
    chance = random.Random(seed)
    root = tempfile.mkdtemp(prefix="shoal-kill9-")
    source = os.path.join(root, "source.bin")
    target = os.path.join(root, "target")
    os.mkdir(target)
    with open(source, "wb") as file:
        for _ in range(BLOCKS):
            file.write(chance.randbytes(MIB))
    listen = ["--listen", "/ip4/127.0.0.1/tcp/0"]
    share = start("share", source, "--home", os.path.join(root, "a"), "--json", *listen)
    try:
        for line in share.stdout:
            event = json.loads(line)
            if event["event"] == "serving":
                link = event["link"]
                break
        get = ["get", link, "-o", target, "--home", os.path.join(root, "b"), "--json", *listen]
        before = grew = 0
        for _ in range(KILLS):
            run = start(*get, "--down", "5M")
            wait_for_progress(run)
            time.sleep(chance.uniform(0.05, 0.5))
            run.send_signal(signal.SIGKILL)
            run.communicate()
            partial = find_partial(target)
            after = blocks_in(partial, source) if partial else before
            if partial is None and os.path.exists(os.path.join(target, "source.bin")):
                break
            assert after >= before, f"{before} blocks were there, {after} are left"
            grew += after > before
            before = after
        assert grew >= 2, f"{before} blocks after {KILLS} kills: each began from nothing"
        last = subprocess.run([SHOAL, *get], capture_output=True, text=True, timeout=120)
        assert last.returncode == 0, last.stdout + last.stderr
        done = json.loads(last.stdout.splitlines()[-1])
        assert done["event"] == "done", done
        with open(source, "rb") as want, open(os.path.join(target, "source.bin"), "rb") as got:
            assert want.read() == got.read(), "the file is not right"
        assert find_partial(target) is None
        fetched_leaves = BLOCKS - before
        assert done["blocks_fetched"] <= fetched_leaves + 1, (done, before)
        assert done["blocks_resumed"] >= before, (done, before)
        print(f"{before} of {BLOCKS} blocks were there after {KILLS} kills; the last run fetched "
              f"{done['blocks_fetched']}, duplicates {done['blocks_duplicate']}")
    finally:
        share.terminate()
        share.communicate(timeout=10)
        shutil.rmtree(root)


if __name__ == "__main__":
    sys.exit(main())
