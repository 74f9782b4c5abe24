"""Private networks: who has the key gets in, and nobody else."""

import base64
from pathlib import Path

from transport import MB, expect_served


def register(checks) -> None:
    for encoding in ("base16", "base64", "bin"):
        for ours_first in (True, False):
            a, b = ("shoal", "go") if ours_first else ("go", "shoal")
            checks.add(f"{a} dials {b} in a private network, key in {encoding}", ours_first, encoding)(
                members
            )
    for ours_first in (True, False):
        a, b = ("shoal", "go") if ours_first else ("go", "shoal")
        checks.add(f"{a} with another network's key does not reach {b}", ours_first, True, True)(outsider)
        checks.add(f"{a} without a key does not reach {b}", ours_first, False, True)(outsider)
        checks.add(f"{a} with a key does not reach {b} without", ours_first, True, False)(outsider)


def key_file(world, encoding: str = "base16", byte: int = 1) -> Path:
    secret = bytes([byte]) * 32
    body = {"base16": secret.hex().encode(), "base64": base64.b64encode(secret), "bin": secret}
    path = world.fresh("swarm-key")
    path.write_bytes(b"/key/swarm/psk/1.0.0/\n/%s/\n%s" % (encoding.encode(), body[encoding]))
    return path


def members(world, ours_first, encoding) -> None:
    words = ("--network-key", key_file(world, encoding))
    with world.ours(*words) as ours, world.theirs("ed25519", *words) as theirs:
        a, b = (ours, theirs) if ours_first else (theirs, ours)
        a("dial", address=b.address)
        a("echo", timeout=120, peer_id=b.id, streams=10, bytes=MB)
        expect_served(b, 10, 10 * MB)


def outsider(world, ours_first, a_has_key, b_has_key) -> None:
    of_a = ("--network-key", key_file(world, byte=2)) if a_has_key else ()
    of_b = ("--network-key", key_file(world, byte=1)) if b_has_key else ()
    of_ours, of_theirs = (of_a, of_b) if ours_first else (of_b, of_a)
    with world.ours(*of_ours) as ours, world.theirs("ed25519", *of_theirs) as theirs:
        a, b = (ours, theirs) if ours_first else (theirs, ours)
        try:
            a("dial", address=b.address)
        except AssertionError:
            return
        raise AssertionError("they are connected")
