#!/usr/bin/env python3
"""Many peers that come, stay for nothing, and go: what they cost in descriptors and in lines."""

import os
import time
from pathlib import Path

import command
from command import LOOPBACK, CannotRun, OnTerminal, Share, get, run, run_tests
from hostile_e2e import PEER, Crowd

FILES = 64


def few_files(folder: Path) -> str:
    """The command, with a low limit of open files."""
    script = folder / "few_files"
    script.write_text(f'#!/bin/sh\nulimit -n {FILES}\nexec "{os.environ["SHOAL"]}" "$@"\n')
    script.chmod(0o755)
    return str(script)


def shared_file(folder: Path) -> tuple[Path, Path]:
    if not PEER.exists():
        raise CannotRun("needs hostile_peer beside the program")
    source, wants = folder / "source.bin", folder / "wants"
    source.write_bytes(command.bytes_of(3_000_000))
    wants.write_text("")
    return source, wants


def test_newcomers_get_in_past_idle_peers_with_64_descriptors(folder: Path):
    source, wants = shared_file(folder)
    command.SHOAL, usual = few_files(folder), command.SHOAL
    try:
        share = Share(source, home=folder / "sharer")
    finally:
        command.SHOAL = usual
    with share, Crowd(share.address, 100, wants, ["keeps_a_connection"], hosts="127.0.0.1"):
        time.sleep(3)
        for number in range(3):
            began = time.monotonic()
            done = get(share.link, folder / f"got-{number}", home=folder / f"getter-{number}").works()
            assert done.last["event"] == "done", done.last
            print(f"past 100 idle peers in {time.monotonic() - began:.2f} s")
        open_now = len(os.listdir(f"/proc/{share.process.pid}/fd"))
        assert open_now < FILES - 8, f"{open_now} of {FILES} descriptors are in use"
        share.stop()
        said = share.process.stderr.read().decode()
        assert said.count("ulimit -n") == 1, said


def test_connects_by_the_thousand_print_little(folder: Path):
    source, wants = shared_file(folder)
    with Share(source, home=folder / "sharer") as share:
        with Crowd(share.address, 200, wants, ["shakes_hands_and_leaves"], hosts="127.0.0.1") as crowd:
            time.sleep(5)
            said = crowd.leave()
        get(share.link, folder / "got", home=folder / "getter").works()
        share.wait_for("sent", complete=True)
        share.stop()
    connects = int(said.split("secured")[1].split()[0])
    told = [event for event in share.events if event["event"] == "peer"]
    counts = [event for event in share.events if event["event"] == "peers"]
    size = sum(len(str(event)) for event in share.events)
    print(f"{connects} connects: {len(told)} lines of peers, {len(counts)} of counts, {size / 1000:.0f} kB in all")
    assert connects > 500, said
    assert len(told) < 300 and len(counts) < 20 and size < 200_000
    counted = sum(event["connected"] for event in counts) + sum(event["state"] == "connected" for event in told)
    assert counted > connects / 2, (counted, connects)


def test_long_names_of_peers_are_shortened(folder: Path):
    """256 bytes with control characters among them."""
    source, wants = shared_file(folder)
    with OnTerminal(*LOOPBACK, "share", source, home=folder / "a") as terminal:
        terminal.wait_for(r"ipfs://\S+")
        address = run("--json", "id", home=folder / "a").works().last["addresses"][0]
        with Crowd(address, 1, wants, ["has_a_long_name"], hosts="127.0.0.1"):
            line = terminal.wait_for(r"connected \(.*\)")
    with Share(source, home=folder / "b") as share:
        with Crowd(share.address, 1, wants, ["has_a_long_name"], hosts="127.0.0.1"):
            agent = share.wait_for("peer", state="connected")["agent"]
    name = line.removeprefix("connected (loopback, ").removesuffix(")")
    assert name.startswith(r"\x1b[2J\x0aname") and len(name) == 64, line
    assert 32 < len(agent) <= 64, agent


if __name__ == "__main__":
    run_tests(dict(globals()))
