#!/usr/bin/env python3
"""What the program says of its work: progress, rates, numbers, summaries, and what a simulation was of."""

import re
import signal

from command import LOOPBACK, OnTerminal, Running, Share, bytes_of, get, run, run_on_terminal, run_tests

MB = 1_000_000
UNITS = {"B": 1, "kB": 1_000, "MB": MB, "GB": 1_000 * MB}
EXPONENT = re.compile(r"[0-9][eE][+-]?[0-9]")
PEER = "12D3KooWSahP5pFRCEfaziPEba7urXGeif6T1y8jmodzdFUvzBHj"


def write(path, content):
    path.write_bytes(content)
    return path


def progress_of(events: list) -> list:
    return [event for event in events if event["event"] == "progress"]


def test_cat_into_a_file_shows_progress_on_the_terminal(folder):
    source = write(folder / "data.bin", bytes_of(3 * MB))
    with Share("--up", "2M", source, home=folder / "a") as share:
        with open(folder / "copy", "wb") as copy, OnTerminal(
            *LOOPBACK, "cat", share.link, home=folder / "b", stdout=copy
        ) as cat:
            cat.wait_for(r"data\.bin .* % .* of 3\.\d MB .*/s")
            assert cat.finish() == 0
        assert (folder / "copy").read_bytes() == source.read_bytes()
        assert cat.text.endswith("\x1b[K"), "the line stays when all is done"
        assert "\x1b[K\r\x1b[K" not in cat.text, "the line is taken away after what is written"
        piped = run_on_terminal(*LOOPBACK, "cat", share.link, home=folder / "b")
        assert piped.stdout == source.read_bytes()


def test_the_rate_is_of_what_peers_send(folder):
    source = write(folder / "data.bin", bytes_of(150 * MB, 1) + bytes_of(150 * MB, 2))
    limit = 20 * MB
    with Share(source, home=folder / "a") as share:
        words = ["get", share.link, "-o", folder / "got"]
        with Running("--down", "100M", *words, home=folder / "b") as first:
            while first.wait_for("progress")["bytes_done"] < 220 * MB:
                pass
            first.stop(signal.SIGTERM)
        # So much is here that verifying it takes longer than from one redrawing to the next.
        with OnTerminal(*LOOPBACK, "--down", "20M", *words, home=folder / "b") as resumed:
            assert resumed.finish() == 0
        # A file that is there whole is compared, and nothing arrives.
        again = run("--json", *LOOPBACK, *words, home=folder / "b").works()
    rates = [float(number) * UNITS[unit] for number, unit in re.findall(r"([\d.]+) (\w?B)/s", resumed.text)]
    assert 0 < max(rates) < 2 * limit, rates
    assert re.search(r"2\d\d MB were already here", resumed.text), resumed.text
    assert {event["rate"] for event in progress_of(again.events)} == {0}, again.events


def test_the_last_progress_says_what_done_says(folder):
    tree = folder / "tree"
    tree.mkdir()
    same = bytes_of(2 * MB)
    for name, content in {"a": same, "b": same, "c": b"", "d": bytes(3 * MB), "e": b"little"}.items():
        write(tree / name, content)
    with Share(tree, home=folder / "a") as share:
        for target in ("got", "got", "other"):
            done = get(share.link, folder / target, home=folder / "b").works()
            last = progress_of(done.events)[-1]
            assert last["bytes_done"] == last["bytes_total"] == done.last["bytes"], (last, done.last)
            assert last["eta_seconds"] == 0, last


def test_progress_counts_content_alone(folder):
    """Not the nodes of the tree, which are known once they have come."""
    tree = folder / "tree"
    (tree / "inner").mkdir(parents=True)
    write(tree / "inner" / "file", bytes_of(20 * MB))
    with Share(tree, home=folder / "a") as share:
        done = get(share.link, folder / "got", "--down", "10M", home=folder / "b").works()
    begun = [event for event in progress_of(done.events) if event["bytes_done"] > 0]
    assert len(begun) > 2 and {event["bytes_total"] for event in begun} == {20 * MB}, begun


def test_json_numbers_have_no_exponents(folder):
    write(folder / "data", b"little")
    with Share(folder / "data", "--preserve", home=folder / "a") as share:
        for words in (["get", share.link, "-o", folder / "got"], ["ls", share.link], ["stat", share.link],
                      ["ping", share.address, "-c", "3"], ["id"], ["status"]):
            text = run("--json", *LOOPBACK, *words, home=folder / "b").works().stdout.decode()
            numbers = re.sub(r'"(\\.|[^"\\])*"', '""', text)
            assert not EXPONENT.search(numbers), text


def test_a_share_ends_with_a_summary(folder):
    source = write(folder / "data.bin", bytes_of(2 * MB))
    for number in (signal.SIGINT, signal.SIGTERM):
        with OnTerminal(*LOOPBACK, "share", source, home=folder / "a") as share:
            link = share.wait_for(r"ipfs://\S+")
            run(*LOOPBACK, "get", link, "-o", folder / f"got{number}", home=folder / f"home{number}").works()
            share.process.send_signal(number)
            assert share.finish() == 0
        assert re.search(r"(^|\x1b\[K)data\.bin: 2\.\d MB sent, 1 complete download, in \d+ (s|ms)$", share.text, re.M), share.text
    quiet = run(*LOOPBACK, "-q", "share", "--index-only", source, home=folder / "a").works()
    assert quiet.stderr == b"", quiet.stderr


def test_a_ping_by_id_alone_asks_for_an_address(folder):
    failed = run("--json", *LOOPBACK, "ping", PEER, home=folder / "a").fails("unreachable").last
    assert "no address of this peer was found" in failed["message"] and PEER in failed["message"], failed
    assert f"/ip4/192.0.2.7/tcp/4001/p2p/{PEER}" in failed["hint"], failed
    wrong = run("--json", *LOOPBACK, "ping", "12D3KooWxxxx", home=folder / "a").fails("usage").last
    assert "'12D3KooWxxxx' names no peer: " in wrong["message"], wrong


def test_a_simulation_says_what_it_was_of(folder):
    done = run("sim", "resume", "--seed", "1", "--seeds", "2", timeout=60).works()
    lines = done.stdout.decode().splitlines()
    assert len(lines) == 2, lines
    for seed, line in enumerate(lines, 1):
        assert re.fullmatch(rf"resume {seed} ok [0-9a-f]{{16}}", line), line
    told = done.stderr.decode()
    assert "Simulated: One node gets a folder from another and loses power twenty times" in told, told
    assert "Checked: The copy is exact" in told, told
    assert "./dev sim resume --seed 1 --pcap run.pcap" in told, told
    assert "hash of every event" in told, told
    packets = folder / "run.pcap"
    looked_at = run("sim", "resume", "--seed", "1", "--pcap", packets, timeout=60).works()
    assert looked_at.stdout.decode().split() == lines[0].split()
    assert str(packets) in looked_at.stderr.decode() and packets.stat().st_size > 1000
    names = run("sim", "--list").works().stdout.decode().split()
    listed = run("sim").works().stdout.decode()
    assert names == ["faults", "resume", "spread"] and all(f"\n{name}\n" in listed for name in names), listed


if __name__ == "__main__":
    run_tests(dict(globals()))
