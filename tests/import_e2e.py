#!/usr/bin/env python3
"""What share and cid read from the disk: changed files, moving ones, symlinks, standard input, what is left out."""

import json
import os
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

from command import LOOPBACK, SHOAL, CannotRun, Result, Share, bytes_of, get, run, run_tests

MIB = 1 << 20


def write(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def rewrite(path: Path, content: bytes):
    """In place, with the size and time that it had."""
    before = path.stat()
    assert len(content) == before.st_size
    with path.open("r+b") as file:
        file.write(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def with_input(content: bytes, *arguments, home: Path) -> Result:
    words = [str(word) for word in [SHOAL, "--home", home, *arguments]]
    done = subprocess.run(words, input=content, capture_output=True, timeout=20)
    return Result(done.returncode, done.stdout, done.stderr)


class ShareOfInput(Share):
    """share - with a pipe that somebody writes into."""

    def __init__(self, content: bytes, *arguments, home: Path):
        reading, writing = os.pipe()
        threading.Thread(target=self.feed, args=(writing, content), daemon=True).start()
        try:
            super().__init__("-", *arguments, home=home, stdin=reading)
        finally:
            os.close(reading)

    @staticmethod
    def feed(writing: int, content: bytes):
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(content)


def spools(home: Path) -> list[str]:
    return sorted(os.listdir(home / "spool"))


def test_a_file_rewritten_with_its_size_and_time_gets_a_new_link(folder):
    path = write(folder / "data", b"one " * MIB)
    time.sleep(0.1)  # until its look can be trusted
    links = []
    for content in [None, None, b"two " * MIB]:
        if content:
            rewrite(path, content)
        links.append(run("share", "--index-only", path, home=folder / "a").works().stdout)
    assert links[0] == links[1] != links[2], links


def test_a_file_rewritten_while_it_is_shared_is_not_sent_and_the_sharer_hears_of_it(folder):
    path = write(folder / "data", bytes_of(3 * MIB))
    time.sleep(0.1)
    with Share(path, home=folder / "a") as share:
        rewrite(path, bytes_of(3 * MIB, seed=2))
        got = get(share.link, folder / "got", "--timeout", "2s", home=folder / "b")
        assert got.code != 0 and not (folder / "got").exists(), got.events
        assert share.wait_for("missed")["path"] == str(path)
        assert share.stop() == 0


def test_a_folder_that_files_vanish_from_is_shared_without_them(folder):
    for number in range(2000):
        write(folder / f"tree/{number}", bytes(20_000))
    stop = threading.Event()

    def remove():
        time.sleep(0.02)
        for number in range(1999, 0, -1):
            os.unlink(folder / f"tree/{number}")
            time.sleep(0.0001)
            if stop.is_set():
                return

    remover = threading.Thread(target=remove)
    remover.start()
    try:
        done = run("--json", "share", "--index-only", folder / "tree", home=folder / "a").works()
    finally:
        stop.set()
        remover.join()
    serving = done.last
    left_out = [event for event in done.events if event["event"] == "left_out"]
    vanished = left_out[0]["vanished"] if left_out else 0
    assert serving["files"] + vanished <= 2000, (serving, left_out)
    assert len(left_out[0]["paths"]) <= 3 if left_out else True


def test_a_log_that_grows_is_shared_as_it_was_when_it_was_opened(folder):
    log = write(folder / "tree/log", b"line\n" * (4 * MIB))
    write(folder / "tree/other", b"content")
    stop = threading.Event()

    def append():
        with log.open("ab", buffering=0) as file:
            while not stop.is_set():
                file.write(b"line\n" * 100)
                time.sleep(0.001)

    writer = threading.Thread(target=append)
    writer.start()
    try:
        with Share(folder / "tree", home=folder / "a") as share:
            assert share.serving["files"] == 2, share.serving
            get(share.link, folder / "got", home=folder / "b").works()
            assert share.stop() == 0
    finally:
        stop.set()
        writer.join()
    content = (folder / "got/log").read_bytes()
    assert len(content) >= 20 * MIB and log.read_bytes().startswith(content)


def test_a_given_symlink_is_followed_and_gives_the_name(folder):
    film = write(folder / "store/8f3a", bytes_of(100_000))
    (folder / "link.mkv").symlink_to("store/8f3a")
    (folder / "current").symlink_to("store")
    (folder / "dangling").symlink_to("nowhere")
    with Share(folder / "link.mkv", home=folder / "a") as share:
        assert share.serving["name"] == "link.mkv", share.serving
        got = get(share.link, folder / "got.mkv", home=folder / "b").works()
        assert got.last["bytes"] == 100_000 and not (folder / "got.mkv").is_symlink()
        assert (folder / "got.mkv").read_bytes() == film.read_bytes()
        assert share.stop() == 0
    done = run("--json", "share", "--index-only", f"{folder}/current/", home=folder / "a").works()
    assert (done.last["name"], done.last["files"]) == ("current", 1), done.last
    dangling = run("--json", *LOOPBACK, "share", folder / "dangling", home=folder / "a").fails("io")
    assert "symlink to what is not there" in dangling.last["message"], dangling.last


def test_what_is_no_file_is_refused_with_a_hint(folder):
    os.mkfifo(folder / "fifo")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(folder / "socket"))
        for path in [folder / "fifo", folder / "socket", "/dev/null"]:
            for command in ["share", "cid"]:
                done = run("--json", *LOOPBACK, command, path, home=folder / "a").fails("io")
                assert "neither a file nor a folder" in done.last["message"], done.last
                assert "share - <" in done.last["hint"], done.last
    done = with_input(b"content", "--json", *LOOPBACK, "share", "/dev/stdin", home=folder / "a").fails("io")
    assert "`shoal share -`" in done.last["hint"], done.last


def test_standard_input_is_shared_and_nothing_of_it_stays(folder):
    content = bytes_of(3 * MIB + 5)
    home = folder / "a"
    with ShareOfInput(content, "--name", "db.sql", home=home) as share:
        assert share.serving["name"] == "db.sql" and share.serving["bytes"] == len(content)
        assert len(spools(home)) == 2, spools(home)
        get(share.link, folder / "got", home=folder / "b").works()
        assert (folder / "got").read_bytes() == content
        assert share.stop() == 0
    assert spools(home) == []
    places = run("--json", "status", home=home).works().last["places"]
    assert places == [], places


def test_what_a_killed_share_kept_of_standard_input_is_removed_at_the_next_start(folder):
    home = folder / "a"
    with ShareOfInput(b"content", home=home) as share:
        assert share.serving["name"] == "stdin", share.serving
        share.process.send_signal(signal.SIGKILL)
        share.process.wait()
    assert len(spools(home)) == 2, spools(home)
    run("share", "--index-only", write(folder / "file", b"x"), home=home).works()
    assert spools(home) == []


def test_standard_input_beside_a_file(folder):
    note = write(folder / "note", b"note")
    with ShareOfInput(b"content", note, home=folder / "a") as share:
        get(share.link, folder / "got", home=folder / "b").works()
        assert (folder / "got/stdin").read_bytes() == b"content"
        assert (folder / "got/note").read_bytes() == b"note"
        assert share.stop() == 0


def test_a_signal_ends_a_share_that_waits_for_input(folder):
    words = [SHOAL, "--home", folder / "a", *LOOPBACK, "share", "-"]
    with subprocess.Popen([str(word) for word in words], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:  # fmt: skip
        while not (folder / "a/spool").exists() or len(spools(folder / "a")) < 2:
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.02)
        started = time.monotonic()
        process.send_signal(signal.SIGTERM)
        process.wait(5)
        assert time.monotonic() - started < 1, "waited for input"
    assert spools(folder / "a") == []


def test_cid_of_standard_input_is_that_of_a_file(folder):
    for size in [0, 7, MIB, 5 * MIB + 1]:
        content = bytes_of(size)
        expected = run("cid", write(folder / "file", content), home=folder / "a").works().stdout
        assert with_input(content, "cid", "-", home=folder / "a").works().stdout == expected, size
    assert not (folder / "a").exists()
    wrong = [["share", "-", "--index-only"], ["share", "-", "--preserve"], ["cid", "-", "--preserve"],
             ["share", "-", "-"]]  # fmt: skip
    for words in wrong:
        with_input(b"", "--json", *LOOPBACK, *words, home=folder / "a").fails("usage")


def test_what_is_left_out_and_not_kept_is_said_in_a_line(folder):
    write(folder / "tree/.git/config", b"")
    write(folder / "tree/.env", b"")
    write(folder / "tree/run", b"#!/bin/sh\n").chmod(0o755)
    os.mkfifo(folder / "tree/fifo")
    tree = folder / "tree"
    done = run("share", "--index-only", tree, home=folder / "a").works()
    lines = [line for line in done.stderr.decode().splitlines() if "left out" in line]
    assert len(lines) == 1, done.stderr
    for words in ["2 hidden (.env, .git; --hidden includes them)", f"1 neither file nor folder ({tree}/fifo)",
                  "not kept: the executable bit of 1 file", "--preserve"]:  # fmt: skip
        assert words in lines[0], (words, lines)
    done = run("--json", "share", "--index-only", tree, home=folder / "a").works()
    left_out = [event for event in done.events if event["event"] == "left_out"]
    assert left_out == [{"event": "left_out", "hidden": 2, "special": 1, "vanished": 0, "changing": 0,
                         "executables": 1, "paths": [f"{tree}/fifo"]}], left_out  # fmt: skip
    (tree / "fifo").unlink()
    done = run("--json", "share", "--index-only", "--hidden", "--preserve", tree, home=folder / "a").works()
    assert not any(event["event"] == "left_out" for event in done.events), done.events
    counted = json.loads(run("--json", "cid", tree, home=folder / "a").works().stdout)["left_out"]
    assert (counted["hidden"], counted["executables"]) == (2, 1), counted


def test_a_file_of_a_disk_with_coarse_times_is_hashed_at_each_share(folder):
    disk, image = folder / "disk", folder / "image"
    disk.mkdir()
    try:
        subprocess.run(["truncate", "-s", "16M", image], check=True)
        subprocess.run(["mkfs.vfat", image], check=True, capture_output=True)
        subprocess.run(["mount", "-o", "loop", image, disk], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        raise CannotRun("needs mkfs.vfat and the right to mount") from None
    try:
        path = write(disk / "data", b"one " * 1000)
        os.utime(path, (1_600_000_000, 1_600_000_000))
        first = run("share", "--index-only", path, home=folder / "a").works().stdout
        rewrite(path, b"two " * 1000)
        assert run("share", "--index-only", path, home=folder / "a").works().stdout != first
    finally:
        subprocess.run(["umount", disk], check=False)


run_tests(dict(globals()))
