#!/usr/bin/env python3
"""One home: what it serves and what it only remembers, its port, several commands at once.

  home_e2e.py [FILTER]         SHOAL_TURNS=N: N commands killed, instead of 12
"""

import json
import os
import random
import re
import signal
import socket
import subprocess
import time
from pathlib import Path

from command import LOOPBACK, SHOAL, OnTerminal, Running, Share, bytes_of, get, run, run_tests

TURNS = int(os.environ.get("SHOAL_TURNS", "12"))
TOP_SECRET = b"TOPSECRET " * 1000


def write(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_stopped_share_is_not_served_by_the_next(folder):
    secret, other = write(folder / "k", TOP_SECRET), write(folder / "p", b"public")
    home, guest = folder / "home", folder / "guest"
    with Share(secret, home=home) as first:
        link = first.link
        assert first.stop() == 0
    with Share(other, home=home) as second:
        assert second.address == first.address, "the home keeps its port"
        get(link, folder / "got", home=guest).fails("not_found")
        old = link.split("?")[0] + "?" + second.link.split("?")[1]
        run("--json", *LOOPBACK, "cat", old, home=guest).fails("not_found")
        get(second.link, folder / "p2", home=guest).works()
        assert second.stop() == 0
    assert not (folder / "got").exists()


def test_excluded_file_is_not_served(folder):
    tree = folder / "tree"
    write(tree / "open", b"open"), write(tree / "secret", TOP_SECRET)
    home, guest = folder / "home", folder / "guest"
    with Share(tree, home=home) as first:
        secret = json.loads(run("--json", "cid", tree / "secret").works().stdout)["cid"]
        assert run(*LOOPBACK, "cat", f"{first.cid}/secret", "--connect", first.address, home=guest).stdout == TOP_SECRET
        assert first.stop() == 0
    with Share(tree, "--exclude", "secret", home=home) as second:
        asked = run("--json", *LOOPBACK, "cat", secret, "--connect", second.address, home=guest)
        asked.fails("not_found")
        asked = run("--json", *LOOPBACK, "cat", f"{first.cid}/secret", "--connect", second.address, home=folder / "g2")
        asked.fails("not_found")
        assert second.stop() == 0


def test_home_serves_nothing_of_what_it_got_earlier(folder):
    source = write(folder / "k", TOP_SECRET)
    home, guest = folder / "home", folder / "guest"
    with Share(source, home=home) as share:
        get(share.link, folder / "got", home=guest).works()
        # The same home, got from once, lists something else meanwhile.
        with Running("get", "bafkreifzjut3te7nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e", home=guest) as waits:
            waits.wait_for("waiting")
            address = json.loads(run("--json", "id", home=guest).works().stdout)["addresses"][0]
            asked = run("--json", *LOOPBACK, "cat", share.cid, "--connect", address, home=folder / "third")
            asked.fails("not_found")
            assert waits.stop() == 143
        assert share.stop() == 0


def test_four_commands_at_once_on_one_home(folder):
    content = bytes_of(3_000_000)
    source, mine = write(folder / "film", content), write(folder / "mine", b"mine")
    home = folder / "home"
    with Share(source, home=folder / "elsewhere") as far, Share(mine, home=home) as own:
        with Share(write(folder / "more", b"more"), home=home) as second:
            assert second.serving["peer_id"] != own.serving["peer_id"]
            words = [
                ["get", far.link, "-o", folder / "got"],
                ["cat", far.link],
                ["stat", far.link],
                ["ls", far.link],
                ["ping", far.address, "-c", "1"],
                ["id"],
                ["status"],
            ]
            running = [
                subprocess.Popen(
                    [str(word) for word in [SHOAL, "--home", home, "-q", *LOOPBACK, *words_of]],
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                )
                for words_of in words
            ]
            results = [one.communicate(timeout=20) for one in running]
            for one, words_of, (out, error) in zip(running, words, results):
                assert one.returncode == 0, (words_of, out[-300:], error)
            assert results[1][0] == content
            assert (folder / "got").read_bytes() == content
            for share in (own, second):
                get(share.link, folder / f"from {share.cid}", home=folder / "guest").works()
                assert share.stop() == 0
        assert far.stop() == 0


def test_kill_of_any_command_leaves_the_others_working(folder):
    home, dice = folder / "home", random.Random(1)
    with Share(write(folder / "far", bytes_of(200_000)), home=folder / "elsewhere") as far:
        for turn in range(TURNS):
            share = Running("share", write(folder / "mine", bytes_of(100_000, turn)), home=home)
            others = [
                subprocess.Popen(
                    [str(word) for word in [SHOAL, "--home", home, "-q", *LOOPBACK, *words]],
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                )
                for words in (
                    ["get", far.link, "-o", folder / f"got{turn}"],
                    ["cat", far.link],
                    ["ls", far.link],
                )
            ]
            time.sleep(dice.random() * 0.2)
            everybody = [share.process, *others]
            victim = dice.choice(everybody)
            victim.send_signal(signal.SIGKILL)
            for one in others:
                out, error = one.communicate(timeout=20)
                assert one is victim or one.returncode == 0, (turn, one.args, error)
            if share.process is not victim:
                link = share.wait_for("serving")["link"]
                get(link, folder / f"mine{turn}", home=folder / "guest").works()
                assert share.stop() == 0
            share.process.wait(20)
        assert far.stop() == 0


def test_link_of_yesterday_works_today(folder):
    source, home = write(folder / "f", b"kept"), folder / "home"
    links = []
    for _ in range(2):
        with Share(source, home=home) as share:
            links.append(share.link)
            get(links[0], folder / f"got{len(links)}", home=folder / "guest").works()
            assert share.stop() == 0
    assert links[0] == links[1]


def test_port_taken_by_another_program_is_said(folder):
    source, home = write(folder / "f", b"kept"), folder / "home"
    with Share(source, home=home) as share:
        port = int(share.address.split("/")[4])
        assert share.stop() == 0
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port))
        other.listen()
        plain = subprocess.Popen(
            [SHOAL, "--home", home, *LOOPBACK, "share", source], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        assert plain.stdout.readline().startswith(b"ipfs://")
        plain.send_signal(signal.SIGTERM)
        out, error = plain.communicate(timeout=20)
        assert f"port {port}".encode() in error, error
    with Share(source, home=home) as share:
        assert int(share.address.split("/")[4]) == port, "free again"
        assert share.stop() == 0


def test_id_tells_where_the_home_is_reached(folder):
    home = folder / "home"
    idle = json.loads(run("--json", "id", home=home).works().stdout)
    assert idle["running"] is False and idle["addresses"] == []
    assert b"no peer can reach it" in run("id", home=home).works().stdout
    with Share(write(folder / "f", b"x"), home=home) as share:
        busy = json.loads(run("--json", "id", home=home).works().stdout)
        assert busy["running"] is True and busy["peer_id"] == idle["peer_id"]
        assert busy["addresses"] == share.serving["addresses"]
        assert share.stop() == 0
    assert json.loads(run("--json", "id", home=home).works().stdout)["running"] is False


def test_status_tells_what_is_served_and_what_is_remembered(folder):
    home = folder / "home"
    first, second = write(folder / "first", b"1" * 5000), write(folder / "second", b"2" * 5000)
    with Share(first, home=home) as share:
        assert share.stop() == 0
    with Share(second, home=home) as share:
        status = json.loads(run("--json", "status", home=home).works().stdout)
        (node,) = status["nodes"]
        assert node["process"] == str(share.process.pid) and node["peer_id"] == share.serving["peer_id"]
        assert [one["name"] for one in node["serves"]] == ["second"], node
        assert node["serves"][0]["cid"] == share.cid
        assert node["connections"] == 0 and node["in"]["rate"] >= 0 and node["out"]["bytes"] >= 0, node
        assert {os.path.basename(place["path"]) for place in status["places"]} <= {"first", "second", folder.name}
        text = run("status", home=home).works().stdout.decode()
        assert "serves   second" in text and "remembered" in text, text
        assert re.search(r"traffic  .+/s in, .+/s out \(last minute\)", text), text
        get(share.link, folder / "got", home=folder / "getter").works()
        time.sleep(2)
        (node,) = json.loads(run("--json", "status", home=home).works().stdout)["nodes"]
        assert node["out"]["bytes"] > 5000 and node["in"]["bytes"] > 500, node
        assert share.stop() == 0
    assert json.loads(run("--json", "status", home=home).works().stdout)["nodes"] == []


def test_forget_empties_the_memory(folder):
    home, kept = folder / "home", write(folder / "kept", b"k" * 5000)
    gone = folder / "gone"
    write(gone / "a", b"a" * 3000), write(gone / "b", b"b" * 3000)
    for path in (kept, gone):
        run("share", "--index-only", path, home=home).works()
    link = run("share", "--index-only", kept, home=home).works().stdout.decode().strip()
    assert json.loads(run("--json", "forget", gone, home=home).works().stdout)["files"] == 2
    status = json.loads(run("--json", "status", home=home).works().stdout)
    assert [place["path"] for place in status["places"]] == [str(kept)]
    run("--json", "forget", gone, home=home).fails("not_found")
    assert json.loads(run("--json", "forget", link, home=home).works().stdout)["files"] == 1
    run("share", "--index-only", kept, home=home).works()
    run("forget", "--all", home=home).works()
    status = json.loads(run("--json", "status", home=home).works().stdout)
    assert status["places"] == [] and status["blocks"] == 0
    run("--json", "forget", home=home).fails("usage")
    with Share(kept, home=home) as share:
        assert "share" in run("--json", "forget", "--all", home=home).fails("locked").last["message"]
        assert share.stop() == 0
    assert kept.read_bytes() == b"k" * 5000


def test_announced_address_comes_first_in_the_link(folder):
    with Share(write(folder / "f", b"x"), "--announce", "/ip4/198.51.100.7/tcp/4001", home=folder / "home") as share:
        assert share.address == f"/ip4/198.51.100.7/tcp/4001/p2p/{share.serving['peer_id']}"
        assert "%2Fip4%2F198.51.100.7%2Ftcp%2F4001" in share.link and "127.0.0.1" not in share.link
        assert share.stop() == 0
    for wrong in ("4001", "/ip4/0.0.0.0/tcp/4001", "/ip4/198.51.100.7/tcp/0"):
        run("--json", "id", "--announce", wrong, home=folder / "home").fails("usage")


def test_get_waits_for_a_peer_that_comes(folder):
    source = write(folder / "f", b"x" * 1000)
    cid = json.loads(run("--json", "cid", source).works().stdout)["cid"]
    with Running("get", cid, "-o", folder / "got", home=folder / "guest") as waits:
        assert waits.wait_for("waiting")["for"] == "peers"
        address = json.loads(run("--json", "id", home=folder / "guest").works().stdout)["addresses"][0]
        with Share(source, "--connect", address, home=folder / "home") as share:
            assert waits.finish() == 0
            assert share.stop() == 0
    assert (folder / "got").read_bytes() == b"x" * 1000
    get(cid, folder / "never", "--timeout", "1s", home=folder / "empty").fails("timeout")


def test_links_without_a_way_say_so(folder):
    source = write(folder / "f", b"x")
    with Share(source, home=folder / "home") as share:
        peer, cid = share.serving["peer_id"], share.cid
        link = share.link
        assert share.stop() == 0
    hint = get(f"{cid}?provider=/p2p/{peer}", folder / "g", home=folder / "guest").fails("unreachable").last["hint"]
    assert "no address" in hint, hint
    hint = get(link, folder / "g", home=folder / "guest").fails("unreachable").last["hint"]
    assert "this machine only" in hint, hint


def test_share_says_what_the_receiver_types(folder):
    source = write(folder / "it's.txt", b"x")
    with OnTerminal(*LOOPBACK, "share", source, home=folder / "home") as terminal:
        command = terminal.wait_for(r"shoal get '\S+'")
        terminal.wait_for(r"this machine only\.")
        terminal.wait_for("▀+")
        terminal.process.send_signal(signal.SIGINT)
        assert terminal.finish() == 0
    words = command.split("'")
    assert words[1].startswith("ipfs://") and len(words) == 3, command
    with OnTerminal(*LOOPBACK, "share", "--no-qr", source, home=folder / "home") as terminal:
        terminal.wait_for(r"this machine only\.")
        time.sleep(0.3)
        terminal.process.send_signal(signal.SIGINT)
        assert terminal.finish() == 0
        assert "▀" not in terminal.text


def test_sharer_is_told_of_a_peer_that_cannot_be_connected(folder):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    peer = json.loads(run("--json", "id", home=folder / "other").works().stdout)["peer_id"]
    plain = subprocess.Popen(
        [SHOAL, "--home", folder / "home", *LOOPBACK, "share", write(folder / "f", b"x"),
         "--connect", f"/ip4/127.0.0.1/tcp/{port}/p2p/{peer}"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert plain.stdout.readline().startswith(b"ipfs://")
    time.sleep(1)
    plain.send_signal(signal.SIGTERM)
    error = plain.communicate(timeout=20)[1].decode()
    assert f"cannot connect to {peer}" in error, error


if __name__ == "__main__":
    run_tests(dict(globals()))
