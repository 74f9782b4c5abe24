"""What Kubo added, in every layout that it has, Shoal gets by link.

Kubo 0.41 never sends an empty block (its Bitswap server takes size 0 for "not found"), so an empty
file with raw leaves, alone or in a tree, arrives only at a peer that knows the empty block itself.
"""

import data
from cids import PRESERVE
from kubo import LEGACY, MODERN
from shoal import link

V0 = ("--cid-version=0", "--raw-leaves=false", "--chunker=size-262144")
# Of those that Kubo hashes with, Shoal can verify all but BLAKE3.
FUNCTIONS = (
    "sha1", "sha2-512", "sha3-224", "sha3-256", "sha3-384", "sha3-512", "shake-256",
    "keccak-256", "keccak-512", "dbl-sha2-256",
    "blake2b-160", "blake2b-256", "blake2b-512", "blake2s-256",
)  # fmt: skip
SMALL_CHUNKS = "--chunker=size-4096"  # so that a few MiB make a DAG of several levels


def register(checks) -> None:
    gib = (data.write_file, data.GIB)
    some = (data.write_file, 64 * data.MIB)
    few = (data.write_file, 8 * data.MIB)
    for name, (profile, options, inputs) in {
        "a file of 1 GiB": (MODERN, (), gib),
        "an empty file": (MODERN, (), (data.write_file, 0)),
        "a tree": (MODERN, (), (data.tree,)),
        "20,000 entries": (MODERN, (), (data.large_directory,)),
        "CIDv0 by options": (MODERN, V0, some),
        "legacy, a file": (LEGACY, (), some),
        "legacy, an empty file": (LEGACY, (), (data.write_file, 0)),
        "legacy, a tree": (LEGACY, (), (data.tree,)),
        "legacy, 20,000 entries": (LEGACY, (), (data.large_directory,)),
        "legacy, deep": (LEGACY, (SMALL_CHUNKS, "--max-file-links=8"), few),
        "trickle": (MODERN, ("--trickle", SMALL_CHUNKS, "--max-file-links=8"), few),
        "legacy trickle": (LEGACY, ("--trickle", SMALL_CHUNKS), few),
        "rabin": (MODERN, ("--chunker=rabin",), some),
        "buzhash": (MODERN, ("--chunker=buzhash",), some),
        "identity CIDs": (MODERN, ("--inline",), (data.tree,)),
        "HAMT of fanout 1024": (MODERN, ("--max-hamt-fanout=1024",), (data.large_directory,)),
        "HAMT of fanout 8": (MODERN, ("--max-hamt-fanout=8",), (data.large_directory,)),
    }.items():
        checks.add(f"shoal gets {name}", profile, options, inputs)(shoal_gets)
    for function in FUNCTIONS:
        name = f"shoal gets a tree hashed with {function}"
        checks.add(name, MODERN, (f"--hash={function}",), (data.tree,))(shoal_gets)
    checks.add("shoal says that it cannot verify blake3")(names_blake3)
    checks.add("shoal gets modes and mtimes")(preserved)
    checks.add("shoal reads a range out of a path")(reads_range)


def shoal_gets(world, profile, options, inputs, **comparison) -> None:
    path, out = world.input(*inputs), world.fresh("out")
    with world.kubo(profile) as kubo:
        world.shoal().get(link(kubo.add(path, *options), kubo.address), out)
    data.expect_same(out, path, **comparison)


def names_blake3(world) -> None:
    path, node = world.input(data.write_file, data.MIB), world.shoal()
    with world.kubo() as kubo:
        try:
            node.get(link(kubo.add(path, "--hash=blake3"), kubo.address), world.fresh("out"))
        except AssertionError as refused:
            wanted = "content is hashed with blake3, which this program cannot verify"
            assert wanted in str(refused), refused
        else:
            raise AssertionError("content was fetched that cannot be verified")


def preserved(world) -> None:
    shoal_gets(world, MODERN, PRESERVE, (data.tree,), metadata=True)


def reads_range(world) -> None:
    path, node, start = world.input(data.tree), world.shoal(), 2 * data.MIB - 5
    name = "a/three MiB and a bit"
    with world.kubo() as kubo:
        cid = kubo.add(path)
        source = link(f"{cid}/{name.replace(' ', '%20')}", kubo.address)
        read = node.bytes("cat", source, "--offset", start, "--length", 10)
    assert read == (path / name).read_bytes()[start : start + 10], f"{read!r}"
