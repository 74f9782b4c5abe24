"""What each adds, the other gets, in both layouts that Helia makes."""

import data
from shoal import link

MODERN = "unixfs-v1-2025"
LEGACY = "unixfs-v0-2015"  # CIDv0, 256 KiB chunks, dag-pb leaves, 174 links
INPUTS = {
    "a file of 1 GiB": (data.write_file, data.GIB),
    "a file of 1 byte": (data.write_file, 1),
    "an empty file": (data.write_file, 0),
    "200 files": (data.large_directory, 200),
    "20,000 entries": (data.large_directory, 20_000),
}
SLOW = 1200  # seconds


def register(checks) -> None:
    for name, inputs in INPUTS.items():
        checks.add(f"cid of {name}", inputs)(same_cid)
        checks.add(f"helia gets {name}", inputs)(helia_gets)
        checks.add(f"shoal gets {name}", MODERN, inputs)(shoal_gets)
    for name in ("a file of 1 GiB", "an empty file", "20,000 entries"):
        checks.add(f"shoal gets {name} in the old layout", LEGACY, INPUTS[name])(shoal_gets)
    checks.add("helia gets over the connection that shoal dialed")(over_own_dial)


def same_cid(world, inputs) -> None:
    path = world.input(*inputs)
    with world.helia() as helia:
        expected = helia("add", timeout=SLOW, path=str(path), profile=MODERN)
    actual = world.shoal().cid(path)
    assert actual == expected, f"{actual} instead of {expected}"


def helia_gets(world, inputs) -> None:
    path, out = world.input(*inputs), world.fresh("out")
    with world.helia() as helia, world.shoal().share(path) as share:
        helia("dial", address=share.address)
        helia("get", timeout=SLOW, cid=share.cid, path=str(out))
    data.expect_same(out, path)


def shoal_gets(world, profile, inputs) -> None:
    path, out = world.input(*inputs), world.fresh("out")
    with world.helia() as helia:
        cid = helia("add", timeout=SLOW, path=str(path), profile=profile)
        assert cid.startswith("Qm") == (profile == LEGACY), cid
        world.shoal().get(link(cid, helia.address), out)
    data.expect_same(out, path)


def over_own_dial(world) -> None:
    path, out = world.input(data.write_file, 3 * data.MIB), world.fresh("out")
    with world.helia() as helia:
        with world.shoal().share(path, "--connect", helia.address) as share:
            helia("get", timeout=60, cid=share.cid, path=str(out))
    data.expect_same(out, path)
