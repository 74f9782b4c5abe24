#!/usr/bin/env python3
"""What README shows of two terminals is what two terminals show."""

import os
import re
import signal
from pathlib import Path

from command import LOOPBACK, OnTerminal, bytes_of, run_tests

README = Path(__file__).resolve().parent.parent / "README.md"


def masked(line: str) -> str:
    """Without what differs from run to run: numbers, bars, ids, addresses, folders."""
    line = re.sub(r"\x1b\[[0-9;]*[a-zA-Z]", "", line).strip()
    line = re.sub(r"ipfs://\S+", "LINK", line)
    line = re.sub(r"12D3KooW…\w+", "PEER", line)
    line = re.sub(r"^/\S+/film.mkv$", "/FOLDER/film.mkv", line)
    line = re.sub(r"\b(direct|loopback), shoal/[\d.]+", "PATH, AGENT", line)
    line = re.sub(r"\((direct|loopback)\)", "(PATH)", line)
    line = re.sub(r"\[#*-*\]", "BAR", line)
    return re.sub(r" +", " ", re.sub(r"\d+(\.\d+)? ?(kB|MB|GB|B)?", "N", line))


def shown(command: str) -> list[str]:
    """The lines below `$ shoal COMMAND` in README."""
    block = README.read_text().split(f"    $ shoal {command} ")[1].split("\n", 1)[1]
    lines = []
    for line in block.split("\n"):
        if line and not line.startswith("    "):
            break
        if line:
            lines.append(masked(line))
    assert len(lines) > 3, lines
    return lines


def test_the_two_terminals_of_the_readme(folder):
    (folder / "ann").mkdir()
    (folder / "ben").mkdir()
    (folder / "ann/film.mkv").write_bytes(bytes_of(60_000_000))
    with OnTerminal(*LOOPBACK, "share", "film.mkv", home=folder / "a", cwd=folder / "ann", columns=100) as share:
        link = share.wait_for(r"ipfs://\S+")
        get = ["get", link, "--down", "30M"]
        with OnTerminal(*LOOPBACK, *get, home=folder / "b", cwd=folder / "ben", columns=100) as ben:
            ben.wait_for(r"/film\.mkv")
            assert ben.finish() == 0
        share.wait_for("disconnected")
        share.wait_for("waiting for a peer")
        os.kill(share.process.pid, signal.SIGINT)
        assert share.finish() == 0
    for command, terminal in (("share", share), ("get", ben)):
        seen = {masked(line) for line in re.split(r"[\r\n]+", terminal.text)}
        for line in shown(command):
            assert line in seen, (command, line, sorted(seen))


run_tests(dict(globals()))
