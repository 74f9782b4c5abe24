#!/usr/bin/env python3
"""Several real nodes at once: sources that add up, lie, stall or are not there, and receivers that serve."""

import os
import signal
import sqlite3
import time
from pathlib import Path
from urllib.parse import quote

from command import LOOPBACK, PATIENCE, Running, Share, bytes_of, get, run, run_tests

MB = 1_000_000
MIB = 1 << 20
LONG_AGO = 1_000_000_000


def write(path: Path, content: bytes) -> Path:
    """A file that was written long ago."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, (LONG_AGO, LONG_AGO))
    return path


def change_byte(path: Path, at: int, hide: bool) -> None:
    with open(path, "r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ 1]))
    if hide:
        os.utime(path, (LONG_AGO, LONG_AGO))


def make_liar(home: Path, path: Path, blocks: list[int]) -> None:
    """Lets a home take these blocks of the file to lie a byte from where they are."""
    time.sleep(0.1)  # a file that has just changed is read again
    run("share", "--index-only", path, home=home).works()
    with sqlite3.connect(home / "index.db") as index:
        for at in blocks:
            wrong = at * MIB + (1 if at == 0 else -1)
            index.execute("UPDATE places SET offset = ? WHERE offset = ?", (wrong, at * MIB))
    index.close()


def link_to(*shares: Share) -> str:
    providers = "".join(f"&provider={quote(share.address, safe='')}" for share in shares)
    return f"ipfs://{shares[0].cid}?filename=data.bin{providers}"


def accused(done) -> list[dict]:
    return [event for event in done.events if event["event"] == "bad_peer"]


def test_two_limited_sources_add_up(folder):
    content = bytes_of(160 * MB)
    one, two = write(folder / "1/data.bin", content), write(folder / "2/data.bin", content)
    with Share("--up", "20M", one, home=folder / "a") as a, Share("--up", "20M", two, home=folder / "b") as b:
        done = get(link_to(a, b), folder / "got", home=folder / "c").works().last
        assert (folder / "got").read_bytes() == content
        shares = [source["bytes"] / len(content) for source in done["sources"]]
        assert len(shares) == 2 and min(shares) > 0.3, shares
        rate = len(content) / done["seconds"] / MB
        print(f"        {rate:.1f} MB/s, {shares}, {done['blocks_duplicate']} duplicates")


def test_who_lies_is_named_with_the_block_and_the_other_gives_the_rest(folder):
    content = bytes_of(48 * MIB)
    one, two = write(folder / "1/data.bin", content), write(folder / "2/data.bin", content)
    wrong = [20, 21, 22, 23]  # at least one of them is asked of the one that gives most
    cids = [run("cid", write(folder / "block", content[at * MIB : (at + 1) * MIB])).works().stdout.decode().strip()
            for at in wrong]  # fmt: skip
    make_liar(folder / "a", one, wrong)
    with Share(one, home=folder / "a") as liar, Share("--up", "20M", two, home=folder / "b") as honest:
        done = get(link_to(liar, honest), folder / "got", home=folder / "c").works()
        assert (folder / "got").read_bytes() == content
        (bad,) = accused(done)
        assert bad["peer_id"] == liar.serving["peer_id"] and bad["reason"], bad
        assert bad["cid"] in cids, bad
        gave = {source["peer_id"]: source["blocks"] for source in done.last["sources"]}
        assert gave[honest.serving["peer_id"]] >= len(wrong), gave


def test_a_source_that_lies_about_all_is_named(folder):
    content = bytes_of(24 * MIB)
    one, two = write(folder / "1/data.bin", content), write(folder / "2/data.bin", content)
    make_liar(folder / "a", one, list(range(24)))
    with Share(one, home=folder / "a") as liar, Share("--up", "20M", two, home=folder / "b") as honest:
        done = get(link_to(liar, honest), folder / "got", home=folder / "c").works()
        (bad,) = accused(done)
        assert bad["peer_id"] == liar.serving["peer_id"] and bad["cid"], bad
        assert (folder / "got").read_bytes() == content


def test_only_liars_end_as_corrupt(folder):
    content = bytes_of(4 * MIB)
    one, two = write(folder / "1/data.bin", content), write(folder / "2/data.bin", content)
    for file, home in ((one, folder / "a"), (two, folder / "b")):
        make_liar(home, file, [0, 1, 2, 3])
    with Share(one, home=folder / "a") as a, Share(two, home=folder / "b") as b:
        failed = get(link_to(a, b), folder / "got", home=folder / "c").fails("corrupt")
        assert {bad["peer_id"] for bad in accused(failed)} == {a.serving["peer_id"], b.serving["peer_id"]}
        assert all(bad["cid"] for bad in accused(failed)), accused(failed)
        assert not (folder / "got").exists()


def test_a_sharer_sees_a_change_by_itself_and_sends_nothing_wrong(folder):
    content = bytes_of(8 * MIB)
    one, two = write(folder / "1/data.bin", content), write(folder / "2/data.bin", content)
    with Share(one, home=folder / "a") as a, Share("--up", "20M", two, home=folder / "b") as b:
        change_byte(one, 3 * MIB, hide=False)
        done = get(link_to(a, b), folder / "got", home=folder / "c").works()
        assert not accused(done), accused(done)
        assert (folder / "got").read_bytes() == content


def test_a_sharer_is_told_what_it_can_no_longer_send(folder):
    source = write(folder / "data.bin", bytes_of(4 * MIB))
    with Share(source, home=folder / "a") as share:
        change_byte(source, 2 * MIB, hide=False)
        with Running("get", share.link, "-o", folder / "got", home=folder / "b"):
            assert share.wait_for("missed")["path"] == str(source)


def test_a_source_that_falls_silent_is_replaced(folder):
    content = bytes_of(32 * MIB)
    one, two = write(folder / "1/data.bin", content), write(folder / "2/data.bin", content)
    with Share("--up", "8M", one, home=folder / "a") as silent, Share("--up", "16M", two, home=folder / "b") as b:
        with Running("get", link_to(silent, b), "-o", folder / "got", home=folder / "c") as getting:
            while getting.wait_for("progress")["bytes_done"] < 2 * MIB:
                pass
            silent.process.send_signal(signal.SIGSTOP)
            try:
                assert getting.finish() == 0, getting.events[-1]
            finally:
                silent.process.send_signal(signal.SIGCONT)
            assert (folder / "got").read_bytes() == content


def test_a_receiver_serves_while_it_receives(folder):
    content = bytes_of(16 * MIB)
    source = write(folder / "data.bin", content)
    with Share("--up", "4M", source, home=folder / "a") as first:
        with Running("get", first.link, "-o", folder / "second", home=folder / "b") as second:
            link = second.wait_for("serving")["link"]
            assert first.serving["peer_id"] not in link
            with Running("get", link, "-o", folder / "third", "--seed", home=folder / "c") as third:
                while third.wait_for("progress")["bytes_done"] < 2 * MIB:
                    pass
                partial = second.wait_for("progress")
                assert partial["bytes_done"] < partial["bytes_total"] == len(content), partial
                # It stops when it has all; what the third lacks then comes from the first.
                end = time.monotonic() + PATIENCE
                while (event := second.next_event(end)) and event["event"] != "done":
                    pass
                assert event, second.events[-1]
            get(first.link, folder / "third", home=folder / "c").works()
        assert (folder / "second").read_bytes() == content
        assert (folder / "third").read_bytes() == content


def test_a_chain_ends(folder):
    content = bytes_of(8 * MIB)
    with Share("--up", "4M", write(folder / "data.bin", content), home=folder / "a") as first:
        with Running("get", first.link, "-o", folder / "second", "--seed", home=folder / "b") as second:
            link = second.wait_for("serving")["link"]
            third = get(link, folder / "third", home=folder / "c").works()
            assert (folder / "third").read_bytes() == content
            sources = [source["peer_id"] for source in third.last["sources"]]
            assert any(source != first.serving["peer_id"] for source in sources), sources
            second.wait_for("serving")  # again, when it has all: the third may have been sooner
            second.stop()
            numbers = [event["blocks"] for event in second.events if event["event"] == "serving"]
            assert numbers == [None, first.serving["blocks"]], numbers


def test_what_is_there_already_is_served_too(folder):
    content = bytes_of(3 * MIB)
    source = write(folder / "data.bin", content)
    write(folder / "copy", content)
    with Share(source, home=folder / "a") as share:
        with Running("get", share.link, "-o", folder / "copy", "--seed", home=folder / "b") as seed:
            serving = seed.wait_for("serving")
            assert serving["blocks"] == share.serving["blocks"] and serving["files"] == 1, serving
            assert seed.wait_for("done")["blocks_resumed"] >= 3
            share.stop()
            get(serving["link"], folder / "third", home=folder / "c").works()
            assert (folder / "third").read_bytes() == content


def test_one_of_two_sources_that_is_not_there_does_no_harm(folder):
    content = bytes_of(2 * MIB)
    source = write(folder / "data.bin", content)
    with Share(source, home=folder / "a") as gone:
        pass
    with Share(source, home=folder / "b") as share:
        get(link_to(share, gone), folder / "got", home=folder / "c").works()
    failed = get(link_to(share, gone), folder / "other", home=folder / "d").fails("unreachable")
    for peer in (share, gone):
        assert peer.serving["peer_id"] in failed.last["message"], failed.last


def test_what_no_connected_peer_has_is_not_found(folder):
    missing = run("cid", write(folder / "missing", bytes_of(MIB, 5))).works().stdout.decode().strip()
    with Share(write(folder / "x", b"x"), home=folder / "a") as share:
        for command in (["get", missing, "-o", folder / "got"], ["cat", missing], ["stat", missing]):
            run("--json", *LOOPBACK, "--connect", share.address, *command, home=folder / "b").fails("not_found")
        get(share.cid, folder / "x2", "--connect", share.address, home=folder / "b").works()


def test_two_gets_into_one_place_do_each_other_no_harm(folder):
    content = bytes_of(12 * MIB)
    with Share("--up", "6M", write(folder / "data.bin", content), home=folder / "a") as share:
        with Running("get", share.link, "-o", folder / "got", home=folder / "b") as first:
            while first.wait_for("progress")["bytes_done"] < MIB:
                pass
            failed = get(share.link, folder / "got", home=folder / "c").fails("locked")
            assert str(first.process.pid) in failed.last["message"], failed.last
            assert failed.last["hint"], failed.last
            assert first.finish() == 0
        again = get(share.link, folder / "got", home=folder / "c").works().last
        assert again["blocks_resumed"] >= 12, again
    assert (folder / "got").read_bytes() == content
    assert not [name for name in os.listdir(folder) if ".shoal" in name], os.listdir(folder)


run_tests(dict(globals()))
