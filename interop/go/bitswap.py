"""Content by each version of Bitswap: boxo's own client and server, and a server made by hand.

What goes to Shoal comes from Shoal first: the Go peer keeps what it has got and serves it.
Bitswap 1.0.0 sends blocks without the prefix of their CIDs, so boxo knows such blocks by CIDv0
alone and cannot get what Shoal shares by it; the server made by hand can serve it.
"""

import hashlib
from base64 import b32encode
from contextlib import contextmanager

import data
from shoal import link

BOXO = ("1.2.0", "1.1.0")
ALL = ("1.2.0", "1.1.0", "1.0.0")
NAME = "/ipfs/bitswap/"
FILE = (data.write_file, 64 * data.MIB + 17)
MAX_WANTS = 1024


def register(checks) -> None:
    for version in BOXO:
        checks.add(f"boxo gets a file of 64 MiB by bitswap {version}", version)(boxo_gets)
        checks.add(f"boxo gets 20,000 entries by bitswap {version}", version)(boxo_gets_many)
        checks.add(f"shoal gets a file of 64 MiB from boxo by {version}", version)(gets_from_boxo)
        checks.add(f"shoal gets 20,000 entries from boxo by {version}", version)(gets_many)
    for version in ALL:
        checks.add(f"shoal gets a file of 64 MiB by hand-made {version}", version)(gets_by_hand)
        checks.add(f"shoal never wants more than 1024 at once by {version}", version)(wants_bounded)


def raw_cid(block: bytes) -> str:
    binary = b"\x01\x55\x12\x20" + hashlib.sha256(block).digest()
    return "b" + b32encode(binary).decode().lower().rstrip("=")


@contextmanager
def sharing(world, *inputs, versions=BOXO):
    """A share, and a Go peer that has dialled it and speaks Bitswap by boxo."""
    path = world.input(*inputs)
    with world.theirs() as go, world.shoal().share(path) as share:
        if versions:
            go("bitswap", versions=list(versions))
        go("dial", address=share.address)
        yield go, share, path


@contextmanager
def holding(world, *inputs):
    """A Go peer that has it all, and its CID; the sharer is gone."""
    with sharing(world, *inputs) as (go, share, path):
        go("fetch", timeout=300, peer_id=share.peer_id, cid=share.cid)
        share.stop()
        yield go, share.cid, path


def boxo_gets(world, version) -> None:
    out = world.fresh("out")
    with sharing(world, *FILE, versions=(version,)) as (go, share, path):
        told = go("fetch", timeout=120, peer_id=share.peer_id, cid=share.cid, path=str(out))
    assert told["protocols"] == [NAME + version], told
    data.expect_same(out, path)


def boxo_gets_many(world, version) -> None:
    with sharing(world, data.large_directory, versions=(version,)) as (go, share, _):
        told = go("fetch", timeout=300, peer_id=share.peer_id, cid=share.cid)
    assert told["protocols"] == [NAME + version], told


def gets_from_boxo(world, version) -> None:
    gets(world, FILE, "bitswap", version)


def gets_many(world, version) -> None:
    gets(world, (data.large_directory,), "bitswap", version)


def gets_by_hand(world, version) -> None:
    seen = gets(world, FILE, "wire", version)
    assert seen["protocols"] == [NAME + version], seen
    assert version == "1.2.0" or seen["haves"] == 0, f"asks for a HAVE by {version}: {seen}"


def wants_bounded(world, version) -> None:
    """It answers only when nothing more is asked, so that the wants pile up."""
    seen = gets(world, (data.large_directory,), "wire", version, millis=200)
    assert 100 < seen["most_open"] <= MAX_WANTS, seen


def gets(world, inputs, server: str, version: str, millis: int = 2):
    out = world.fresh("out")
    with holding(world, *inputs) as (go, cid, path):
        go("wire", versions=[version], millis=millis)  # ends boxo's, too
        if server == "bitswap":
            go("bitswap", versions=[version])
        world.shoal().get(link(cid, go.address), out)
        seen = go("seen")
    data.expect_same(out, path)
    return seen
