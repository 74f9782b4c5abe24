#!/usr/bin/env python3
"""Two real nodes on the loopback interface: share and get, and how they end."""

import fcntl
import json
import os
import re
import signal
import socket
import subprocess
import threading
import time
from contextlib import contextmanager
from pathlib import Path

from command import LOOPBACK, PATIENCE, SHOAL, OnTerminal, Running, Share, bytes_of, get, run, run_on_terminal, run_tests, tree_of

MB = 1_000_000


def write(path: Path, content: bytes = b"x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def make_tree(folder: Path) -> Path:
    write(folder / "Übergrößen/写真 2024.jpg", bytes_of(2 * MB))
    write(folder / "a b/100% & more?#.txt", b"text\n")
    write(folder / "empty file", b"")
    write(folder / "🦈/deep/er/x", b"deep")
    (folder / "empty folder").mkdir()
    (folder / "link").symlink_to("a b/100% & more?#.txt")
    (folder / "dangling").symlink_to("../nowhere")
    for i in range(300):
        write(folder / f"many/file {i:03}", b"%d" % i)
    return folder


def test_a_file_arrives(folder):
    source = write(folder / "data.bin", bytes_of(5 * MB))
    with Share(source, home=folder / "a") as share:
        assert share.serving["name"] == "data.bin" and share.serving["bytes"] == 5 * MB
        done = get(share.link, folder / "got.bin", home=folder / "b").works()
        assert (folder / "got.bin").read_bytes() == source.read_bytes()
        last = done.last
        assert last["event"] == "done" and last["bytes"] == 5 * MB and last["files"] == 1, last
        assert last["cid"] == share.cid and last["path"] == str(folder / "got.bin"), last
        assert last["blocks_fetched"] == last["blocks"] and last["blocks_resumed"] == 0, last
        peer, address = share.serving["peer_id"], "/ip4/127.0.0.1/tcp/"
        (source_line,) = last["sources"]
        assert source_line["peer_id"] == peer and source_line["address"].startswith(address)
        assert source_line["path"] == "loopback" and source_line["blocks"] == last["blocks"]
        own = [event for event in done.events if event["event"] == "serving"]
        assert len(own) == 1 and own[0]["cid"] == share.cid, own
        assert own[0]["peer_id"] != peer
        assert any(event["event"] == "progress" for event in done.events)
        sent = share.wait_for("sent")
        assert sent["complete"] and sent["bytes"] >= 5 * MB, sent
        assert share.wait_for("peer", state="gone")["agent"].startswith("shoal/")
        assert share.stop(signal.SIGINT) == 0


def test_a_tree_arrives_as_it_is(folder):
    tree = make_tree(folder / "tree")
    with Share(tree, home=folder / "a") as share:
        get(share.link, folder / "got", home=folder / "b").works()
        assert tree_of(folder / "got") == tree_of(tree)
        assert share.serving["files"] >= 304


def test_every_command_counts_a_tree_alike(folder):
    tree = make_tree(folder / "tree")
    with Share(tree, home=folder / "a") as share:
        got = get(share.link, folder / "got", home=folder / "b").works()
        last = [event for event in got.events if event["event"] == "progress"][-1]
        assert last["bytes_done"] == last["bytes_total"] == got.last["bytes"] == share.serving["bytes"], last
        cid = run("--json", "cid", tree, home=folder / "c").works().last
        assert cid["files"] == got.last["files"] == share.serving["files"], (cid, got.last)


def test_patterns_are_not_read_from_a_symlink(folder):
    write(folder / "real", b"content")
    (folder / "tree").mkdir()
    (folder / "tree/.shoalignore").symlink_to("../real")
    done = run("share", "--index-only", folder / "tree", home=folder / "a").works()
    assert ".shoalignore: not read" in done.stderr.decode(), done.stderr


def test_names_come_from_the_link(folder):
    source = write(folder / "data.bin", b"content")
    (folder / "here").mkdir()
    with Share(source, "--name", "Größe: 1.txt", home=folder / "a") as share:
        done = run("--json", *LOOPBACK, "get", share.link, home=folder / "b", cwd=folder / "here")
        assert done.works().last["path"].endswith("/Größe: 1.txt"), done.last
        assert (folder / "here/Größe: 1.txt").read_bytes() == b"content"
        into = get(share.link, folder / "here", home=folder / "b").works()
        assert Path(into.last["path"]) == folder / "here/Größe: 1.txt"


def test_several_paths_become_a_folder(folder):
    one, two = write(folder / "x/one", b"1"), write(folder / "y/two", b"2")
    with Share(one, two, "--name", "both", home=folder / "a") as share:
        get(share.link, folder / "got", home=folder / "b").works()
        assert tree_of(folder / "got") == {"one": ("file", b"1"), "two": ("file", b"2")}


def test_hidden_and_excluded_files_stay(folder):
    tree = folder / "tree"
    for name in ("kept", ".secret", "a.tmp", "sub/b.tmp", "sub/kept", "ignored/x", "sub/.git/y"):
        write(tree / name)
    write(tree / ".shoalignore", b"# not these\nignored/\n")
    with Share(tree, "--exclude", "*.tmp", home=folder / "a") as share:
        get(share.link, folder / "got", home=folder / "b").works()
        kept = {name for name, (kind, _) in tree_of(folder / "got").items() if kind == "file"}
        assert kept == {"kept", "sub/kept"}, kept
    cids = {run("cid", *flags, tree).works().stdout for flags in ([], ["--hidden"], ["--exclude", "*.tmp"])}
    assert len(cids) == 3


def test_mode_and_time_come_back_when_preserved(folder):
    source = write(folder / "run.sh", b"#!/bin/sh\n")
    source.chmod(0o755)
    os.utime(source, (1_000_000_000, 1_000_000_000))
    with Share(source, "--preserve", home=folder / "a") as share:
        get(share.link, folder / "got.sh", home=folder / "b").works()
        found = (folder / "got.sh").stat()
        assert found.st_mode & 0o100 and int(found.st_mtime) == 1_000_000_000, found
    assert run("cid", source).stdout != run("cid", "--preserve", source).stdout


def test_share_stops_after_enough_downloads(folder):
    source = write(folder / "data.bin", bytes_of(3 * MB))
    with Share("--until-sent", "1", source, home=folder / "a") as share:
        get(share.link, folder / "got", home=folder / "b").works()
        assert share.finish() == 0
        assert any(e["event"] == "sent" and e["complete"] for e in share.events)


def test_an_existing_target_is_compared(folder):
    source = write(folder / "data.bin", bytes_of(2 * MB))
    target = folder / "got.bin"
    with Share(source, home=folder / "a") as share:
        get(share.link, target, home=folder / "b").works()
        again = get(share.link, target, home=folder / "b").works().last
        assert again["blocks_fetched"] == 0, again
        target.write_bytes(b"something else")
        get(share.link, target, home=folder / "b").fails("exists")
        assert target.read_bytes() == b"something else"
        get(share.link, target, "--force", home=folder / "b").works()
        assert target.read_bytes() == source.read_bytes()


def test_what_is_no_file_is_never_replaced(folder):
    source = write(folder / "data", b"x")
    os.mkfifo(folder / "got")
    with Share(source, home=folder / "a") as share:
        for options in [], ["--force"]:
            failed = get(share.link, folder / "got", *options, home=folder / "b").fails("io").last
            assert "--force" not in failed["hint"], failed
        assert (folder / "got").is_fifo()


def test_a_stopped_download_goes_on(folder):
    source = write(folder / "data.bin", bytes_of(12 * MB))
    target = folder / "got.bin"
    with Share("--up", "6M", source, home=folder / "a") as share:
        with Running("get", share.link, "-o", target, home=folder / "b") as first:
            while first.wait_for("progress")["bytes_done"] < 3 * MB:
                pass
            assert first.stop(signal.SIGTERM) == 143
            assert first.events[-1]["event"] == "error", first.events[-1]
            assert first.events[-1]["code"] == "stopped", first.events[-1]
            assert "to resume" in first.events[-1]["hint"], first.events[-1]
        assert not target.exists()
        done = get(share.link, target, home=folder / "b").works().last
        assert done["blocks_resumed"] >= 2, done
        assert done["blocks_resumed"] + done["blocks_fetched"] == done["blocks"], done
        assert target.read_bytes() == source.read_bytes()


def test_a_download_that_goes_on_says_what_was_there(folder):
    source = write(folder / "data.bin", bytes_of(6 * MB))
    with Share("--up", "3M", source, home=folder / "a") as share:
        words = ["get", share.link, "-o", folder / "got"]
        with Running(*words, home=folder / "b") as first:
            while first.wait_for("progress")["bytes_done"] < 2 * MB:
                pass
            first.stop(signal.SIGTERM)
        said = run(*LOOPBACK, *words, home=folder / "b").works().stderr.decode()
        assert re.search(r"^  [2-5]\.\d+ MB were already here$", said, re.M), said
        again = run(*LOOPBACK, "get", share.link, "-o", folder / "other", home=folder / "c").works()
        assert b"already" not in again.stderr, again.stderr


def test_a_receiver_serves(folder):
    source = write(folder / "data.bin", bytes_of(2 * MB))
    with Share(source, home=folder / "a") as share:
        with Running("get", "--seed", share.link, "-o", folder / "one", home=folder / "b") as seed:
            link = seed.wait_for("serving")["link"]
            seed.wait_for("done")
            share.stop()
            get(link, folder / "two", home=folder / "c").works()
            assert (folder / "two").read_bytes() == source.read_bytes()
            sent = seed.wait_for("sent")
            assert sent["complete"] and sent["bytes"] >= 2 * MB, sent
            assert seed.wait_for("peer", peer_id=sent["peer_id"], state="gone")["path"] == "loopback"
            assert seed.stop(signal.SIGINT) == 0


def test_a_receiver_says_whom_it_serves(folder):
    source = write(folder / "data.bin", bytes_of(2 * MB))
    with Share(source, home=folder / "a") as share:
        words = [*LOOPBACK, "get", "--seed", share.link, "-o", folder / "one"]
        with OnTerminal(*words, home=folder / "b") as seed:
            link = seed.wait_for("sharing it as (\\S+)").split()[-1]
            seed.wait_for("sharing it; stop with Ctrl-C")
            # It takes a part from the sharer, too, of whom it learns.
            run(*LOOPBACK, "get", link, "-o", folder / "two", home=folder / "c").works()
            for line in (r" connected \(loopback, shoal/\S+\)", r" finished downloading, \S+ .?B sent", r" disconnected \(loopback, \S+\)"):
                seed.wait_for("12D3KooW…\\w+" + line)
            seed.process.send_signal(signal.SIGINT)
            assert seed.finish() == 0


def test_a_dead_provider_is_unreachable(folder):
    with Share(write(folder / "data.bin"), home=folder / "a") as share:
        link = share.link
    failed = get(link, folder / "got", home=folder / "b").fails("unreachable")
    assert "127.0.0.1" in failed.last["message"], failed.last
    assert not (folder / "got").exists()


def test_a_path_that_is_not_there_is_not_found(folder):
    with Share(make_tree(folder / "tree"), home=folder / "a") as share:
        link = share.link.replace("?", "/nowhere?", 1)
        failed = get(link, folder / "got", home=folder / "b").fails("not_found")
        assert "shoal ls" in failed.last["hint"] and "%25" in failed.last["hint"], failed.last
        behind = share.link + "/a b/100% & more?#.txt"
        failed = get(behind, folder / "got", home=folder / "b").fails("usage")
        assert "% is %25, & is %26" in failed.last["hint"], failed.last


def test_other_content_is_not_found(folder):
    other = run("cid", write(folder / "other", b"other")).works().stdout.decode().strip()
    with Share(write(folder / "data.bin"), home=folder / "a") as share:
        link = share.link.replace(share.cid, other)
        failed = get(link, folder / "got", "--timeout", "15s", home=folder / "b")
        failed.fails("not_found")
        assert "files change" in failed.last["hint"], failed.last


def test_a_target_that_cannot_be_is_an_io_error(folder):
    blocked = write(folder / "file")
    with Share(write(folder / "data.bin"), home=folder / "a") as share:
        get(share.link, blocked / "below/got", home=folder / "b").fails("io")
        get(share.link, folder / "absent/folder/got", home=folder / "b").fails("io")


@contextmanager
def silent_server():
    """Accepts and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        held = []

        def accept():
            try:
                while True:
                    held.append(server.accept()[0])
            except OSError:
                pass

        threading.Thread(target=accept, daemon=True).start()
        yield server.getsockname()[1]
        for connection in held:
            connection.close()


def test_silence_ends_at_the_timeout(folder):
    peer = run("--json", *LOOPBACK, "id", home=folder / "a").works().last["peer_id"]
    cid = run("cid", write(folder / "x")).works().stdout.decode().strip()
    with silent_server() as port:
        link = f"ipfs://{cid}?provider=/ip4/127.0.0.1/tcp/{port}/p2p/{peer}"
        ping = ["ping", f"/ip4/127.0.0.1/tcp/{port}/p2p/{peer}"]
        known = ["--connect", f"/ip4/127.0.0.1/tcp/{port}/p2p/{peer}"]
        looks = [["cat", link], ["stat", link], ["ls", link], ["ls", cid, *known]]
        for command in (["get", link, "-o", folder / "got"], *looks, ping):
            failed = run("--json", *LOOPBACK, "--timeout", "1s", *command, home=folder / "b")
            failed.fails("timeout")
            if command != ping:
                assert f"connecting to /ip4/127.0.0.1/tcp/{port}" in failed.last["message"], failed.last


def test_a_source_that_dies_is_told_of_with_the_reason(folder):
    source = write(folder / "file", bytes_of(4 * MB))
    with Share(source, "--up", "1M", home=folder / "a") as share:
        with Running("get", share.link, "-o", folder / "got", home=folder / "b") as getting:
            while getting.wait_for("progress")["bytes_done"] == 0:
                pass
            share.process.kill()
            while "refused" not in (told := getting.wait_for("waiting"))["detail"]:
                pass
            assert told["for"] == "connection", told


def test_a_slow_line_is_no_lack_of_progress(folder):
    source = write(folder / "file", os.urandom(1 << 20))
    with Share(source, "--timeout", "1s", "--up", "400K", home=folder / "a") as share:
        got = get(share.link, folder / "got", "--timeout", "1s", home=folder / "b")
        assert got.last["event"] == "done", got.last
        share.stop()
    rates = [event["rate"] for event in got.events if event["event"] == "progress"]
    assert any(200_000 < rate < 800_000 for rate in rates), rates


def test_a_wait_has_a_name_and_ends_on_a_signal(folder):
    peer = run("--json", *LOOPBACK, "id", home=folder / "a").works().last["peer_id"]
    cid = run("cid", write(folder / "x")).works().stdout.decode().strip()
    with silent_server() as port:
        link = f"ipfs://{cid}?provider=/ip4/127.0.0.1/tcp/{port}/p2p/{peer}"
        with Running("get", link, "-o", folder / "got", home=folder / "b") as waiting:
            assert waiting.wait_for("waiting")["for"] == "connection"
            assert waiting.stop(signal.SIGINT) == 130
            assert waiting.events[-1]["code"] == "stopped"


def test_links_are_looked_into(folder):
    tree = make_tree(folder / "tree")
    with Share(tree, home=folder / "a") as share:
        def look(*words):
            return run("--json", *LOOPBACK, *words, home=folder / "b").works()

        names = {event["name"]: event for event in look("ls", share.link).events}
        assert names["empty file"]["type"] == "file" and names["empty file"]["size"] == 0
        assert names["🦈"]["type"] == "folder"
        assert names["link"]["type"] == "symlink"
        assert names["link"]["target"] == "a b/100% & more?#.txt"
        assert set(names["link"]) == {"name", "path", "type", "size", "mode", "mtime", "cid", "target"}
        paths = {event["path"] for event in look("ls", "-R", share.link).events}
        assert paths == set(tree_of(tree)), paths ^ set(tree_of(tree))
        assert len(look("ls", f"{share.cid}/many", "--connect", share.address).events) == 300

        (file,) = look("ls", share.link.replace("?", "/empty%20file?", 1)).events
        assert file["name"] == "empty file" and file["path"] == "", file

        stat = look("stat", share.link).last
        assert stat["type"] == "folder" and stat["cid"] == share.cid and not stat["held"], stat
        assert stat["files"] == share.serving["files"] and stat["bytes"] == share.serving["bytes"], stat
        held = run("--json", *LOOPBACK, "stat", names["🦈"]["cid"], "--connect", share.address,
                   home=folder / "b").works().last  # fmt: skip
        assert held["folders"] >= 2, held


def test_cat_gives_the_part_asked_for(folder):
    content = bytes_of(3 * MB)
    with Share(write(folder / "tree/data", content), write(folder / "x"), home=folder / "a") as share:
        link = share.link.replace("?", "/data?", 1)

        def cat(*words):
            return run(*LOOPBACK, "cat", link, *words, home=folder / "b")

        assert cat().works().stdout == content
        assert cat("--offset", "1048570", "--length", "20").works().stdout == content[1048570:1048590]
        behind = run(*LOOPBACK, "cat", share.link + "/data", "--length", "5", home=folder / "c").works()
        assert behind.stdout == content[:5]
        named = run("--json", *LOOPBACK, "get", share.link + "/data", home=folder / "c", cwd=folder).works()
        assert named.last["path"] == str(folder / "data"), named.last
        assert cat("--offset", "2999990").works().stdout == content[2999990:]
        assert cat("--offset", "3000000").works().stdout == b""
        assert cat("--length", "0").works().stdout == b""
        folder_failed = run("--json", *LOOPBACK, "cat", share.link, home=folder / "b").fails("usage").last
        assert folder_failed["message"] == share.serving["name"] + ": is a folder", folder_failed
        assert "shoal get" in folder_failed["hint"], folder_failed
        words = [SHOAL, "--home", folder / "b", *LOOPBACK, "cat", link]
        process = subprocess.Popen([str(w) for w in words], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert process.stdout.read(10) == content[:10]
        process.stdout.close()
        assert process.wait(10) == 0 and process.stderr.read() == b""


def test_cat_tells_how_much_is_left(folder):
    source = write(folder / "x", bytes_of(6 * MB))
    with Share("--up", "3M", source, home=folder / "a") as share:
        words = [*LOOPBACK, "cat", share.link, "--offset", str(MB)]
        told = run_on_terminal(*words, home=folder / "b").works()
        assert told.stdout == source.read_bytes()[MB:]
        drawn = told.stderr.decode()
        assert " of 5.0" in drawn and " %" in drawn and " left" in drawn, drawn[-300:]


def test_ping_measures(folder):
    with Share(write(folder / "x"), home=folder / "a") as share:
        done = run("--json", *LOOPBACK, "ping", share.address, "-c", "2", home=folder / "b").works()
        assert [event["event"] for event in done.events] == ["ping", "ping", "summary"]
        assert [event["seq"] for event in done.events[:2]] == [1, 2]
        assert done.events[0]["ms"] > 0
        assert done.last["loss"] == 0 and done.last["path"] == "loopback", done.last
        by_id = run(*LOOPBACK, "--connect", share.address, "ping", share.serving["peer_id"], "-c", "1",
                    home=folder / "b")  # fmt: skip
        by_id.works()
        with Running("ping", share.address, home=folder / "b") as endless:
            endless.wait_for("ping")
            assert endless.stop(signal.SIGINT) == 0
            assert endless.events[-1]["event"] == "summary"
        with Running("ping", share.address, "-c", "50", home=folder / "b") as counted:
            counted.wait_for("ping")
            assert counted.stop(signal.SIGINT) == 130
            (stopped,) = [event for event in counted.events if event["event"] == "error"]
            assert stopped["hint"] == "", "a ping does not go on where it was"
    run("--json", *LOOPBACK, "ping", share.address, "-c", "1", home=folder / "b").fails("unreachable")


def test_a_connection_is_told_of(folder):
    with Share(write(folder / "x"), home=folder / "a") as share:
        peer = run("--json", *LOOPBACK, "id", home=folder / "b").works().last["peer_id"]
        run(*LOOPBACK, "ping", share.address, "-c", "1", home=folder / "b").works()
        came = share.wait_for("peer", state="connected")
        assert came["peer_id"] == peer and came["path"] == "loopback", came
        assert share.wait_for("peer", state="gone")["peer_id"] == peer


def test_a_reader_that_reads_no_further_holds_up_nothing(folder):
    content = bytes_of(2 * MB)
    words = [SHOAL, "--home", folder / "a", "--json", *LOOPBACK, "share", write(folder / "x", content)]
    process = subprocess.Popen([str(w) for w in words], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    fcntl.fcntl(process.stdout, fcntl.F_SETPIPE_SZ, 4096)
    try:
        serving = {}
        while serving.get("event") != "serving":
            serving = json.loads(process.stdout.readline())
        for _ in range(30):  # each of whom is worth two lines
            run(*LOOPBACK, "ping", serving["addresses"][0], "-c", "1", home=folder / "b").works()
        get(serving["link"], folder / "out", home=folder / "c").works()
        assert (folder / "out").read_bytes() == content
    finally:
        process.kill()
        process.communicate()


def unread(*words, home: Path) -> subprocess.Popen:
    """With stdout in a small pipe."""
    words = [SHOAL, "--home", home, *LOOPBACK, *words]
    process = subprocess.Popen([str(w) for w in words], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    fcntl.fcntl(process.stdout, fcntl.F_SETPIPE_SZ, 4096)
    return process


def test_what_nobody_reads_is_stopped_by_a_signal(folder):
    for i in range(1000):
        write(folder / f"tree/{i:0100}", b"%d" % i)
    write(folder / "tree/big", bytes_of(3 * MB))
    with Share(folder / "tree", home=folder / "a") as share:
        for words in (["ls", share.link], ["--json", "ls", share.link], ["cat", share.link + "/big"]):
            for signals in (1, 2):
                process = unread(*words, home=folder / "b")
                time.sleep(1)
                assert process.poll() is None, words
                started = time.monotonic()
                for _ in range(signals):
                    process.terminate()
                    time.sleep(0.3)
                code = process.wait(PATIENCE)
                took = time.monotonic() - started
                assert code == (143 if signals == 1 else -signal.SIGTERM), (words, code)
                assert took < (2.5 if signals == 1 else 1.2), (words, took)
                process.communicate()


def test_a_reader_that_pauses_is_no_lack_of_progress(folder):
    content = bytes_of(3 * MB)
    with Share(write(folder / "x", content), home=folder / "a") as share:
        process = unread("--timeout", "1s", "cat", share.link, home=folder / "b")
        time.sleep(2.5)
        told, said = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0 and told == content, said


def test_a_terminal_that_stands_still_holds_up_nothing(folder):
    source = write(folder / "x", bytes_of(6 * MB))
    with Share("--up", "3M", source, home=folder / "a") as share:
        with OnTerminal(*LOOPBACK, "get", share.link, "-o", folder / "got", home=folder / "b") as terminal:
            terminal.wait_for("got")
            terminal.type(b"\x13")  # ^S
            end = time.monotonic() + PATIENCE
            while not (folder / "got").exists() and time.monotonic() < end:
                time.sleep(0.1)
            assert (folder / "got").exists(), "stands still with its terminal"
            terminal.type(b"\x11")
            assert terminal.finish() == 0, terminal.text


run_tests(dict(globals()))
