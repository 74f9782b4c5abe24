"""Wantlists that no download of ours makes: big ones, cancelled ones, ones that nobody can meet."""

import json
import time

import data
from bitswap import ALL, BOXO, FILE, MAX_WANTS, NAME, holding, raw_cid, sharing
from process import Service
from shoal import LOOPBACK, link

MANY = (data.large_directory,)


def register(checks) -> None:
    for version in BOXO:
        checks.add(f"boxo asks for 3000 blocks in one request by {version}", version)(many_at_once)
    for version in ALL:
        checks.add(f"1024 wants and one more by {version}", version)(full_wantlist)
        checks.add(f"wants that nobody can meet by {version}", version)(unmet)
        checks.add(f"cancelled wants are not sent by {version}", version)(cancelled)
    checks.add("HAVE and DONT_HAVE for 1024 wants")(presences)
    for version in ("1.2.0", "1.1.0"):
        checks.add(f"shoal cancels what another has sent by {version}", version)(shoal_cancels)


def entry_cids(count: int, start: int = 0) -> list:
    """Of the files in `large_directory`: each is one block, its own name."""
    return [raw_cid(f"entry-{index:05}".encode()) for index in range(start, start + count)]


def leaf_cids() -> list:
    return [raw_cid(block) for block in data.blocks(FILE[1])]


def many_at_once(world, version) -> None:
    with sharing(world, *MANY, versions=(version,)) as (go, share, _):
        told = go("fetch_blocks", timeout=120, cids=entry_cids(3000))
    assert told["blocks"] == 3000, told


def ask(go, share, version, **words) -> dict:
    return go("wants", timeout=120, peer_id=share.peer_id, protocol=NAME + version, **words)


def full_wantlist(world, version) -> None:
    """The one beyond the limit may be left out, but not those within, nor what is asked next."""
    with sharing(world, *MANY, versions=()) as (go, share, _):
        told = ask(go, share, version, cids=entry_cids(MAX_WANTS + 1))
        assert MAX_WANTS <= told["blocks"] <= MAX_WANTS + 1, told
        told = ask(go, share, version, cids=entry_cids(MAX_WANTS, start=5000))
        assert told["blocks"] == MAX_WANTS, told


def unmet(world, version) -> None:
    """Only 1.2.0 can say so; what is there comes in any case."""
    with sharing(world, *MANY, versions=()) as (go, share, _):
        told = ask(go, share, version, absent=MAX_WANTS)
        assert told["blocks"] == 0, told
        assert told["dont_haves"] == (MAX_WANTS if version == "1.2.0" else 0), told
        told = ask(go, share, version, cids=entry_cids(10), absent=MAX_WANTS + 1)
        assert told["blocks"] == 10, told


def presences(world) -> None:
    with sharing(world, *MANY, versions=()) as (go, share, _):
        told = ask(go, share, "1.2.0", cids=entry_cids(1000), absent=24, have=True)
    assert told["haves"] + told["blocks"] == 1000, told
    assert told["dont_haves"] == 24, told


def cancelled(world, version) -> None:
    """Only what was under way when the other side stopped reading may still come."""
    cids = leaf_cids()
    with sharing(world, *FILE, versions=()) as (go, share, _):
        name = NAME + version
        told = go("cancel", peer_id=share.peer_id, protocol=name, cids=cids)
        assert 0 < told["blocks"] < 20, f"{told} of {len(cids)} blocks"
        assert ask(go, share, version, cids=cids[-10:])["blocks"] == 10


def shoal_cancels(world, version) -> None:
    """One peer sends everything; the other, asked as well, never answers."""
    out = world.fresh("out")
    with holding(world, *FILE) as (go, cid, path), world.theirs() as silent:
        silent("wire", versions=[version], millis=-1)
        go("wire", versions=[version], millis=20)
        words = world.shoal().command(
            "get", link(cid, go.address, silent.address), "--seed", "-o", out, listen=LOOPBACK
        )
        getter = Service(*words, log=world.fresh("log"))
        try:
            getter.wait_line(lambda line: json.loads(line)["event"] == "done", timeout=120)
            deadline = time.monotonic() + 5
            while (seen := silent("seen"))["open"] > 0 and time.monotonic() < deadline:
                time.sleep(0.05)
        finally:
            getter.stop()
    data.expect_same(out, path)
    assert seen["asked"] > 0, f"never asked: {seen}"
    assert seen["open"] == 0, f"not cancelled: {seen}"
