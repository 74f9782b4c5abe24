"""`shoal cid` computes what `ipfs add` computes."""

import data

PRESERVE = ("--preserve-mode", "--preserve-mtime", "--raw-leaves=false")


def register(checks) -> None:
    for name, size in {
        "an empty file": 0,
        "1 byte": 1,
        "1 MiB": data.MIB,
        "1 MiB + 1 byte": data.MIB + 1,
        "1 GiB": data.GIB,
    }.items():
        checks.add(f"cid of {name}", data.write_file, size)(same_cid)
    checks.add("cid of a tree", data.tree)(same_cid)
    checks.add("cid of 20,000 entries", data.large_directory)(same_cid)
    for size in (1 << 18, (1 << 18) + 1):
        name = f"cid of a directory whose block has {size:,} bytes"
        checks.add(name, data.directory_of_block_size, size)(same_cid)
    checks.add("cid of an empty directory")(empty_directory)
    checks.add("cid of a folder with a symlink")(symlink)
    checks.add("cid of a tree with hidden files")(hidden)
    checks.add("cid of a file with mode and mtime", data.write_file, 5 * data.MIB)(preserve)
    checks.add("cid of a tree with modes and mtimes", data.tree)(preserve)
    checks.add("cid of 20,000 entries with modes and mtimes", data.large_directory)(preserve)


def same_cid(world, make, *arguments) -> None:
    compare(world, world.input(make, *arguments))


def empty_directory(world) -> None:
    path = world.fresh("empty")
    path.mkdir()
    compare(world, path)


def symlink(world) -> None:
    """In a folder, since an argument that is a link is followed."""
    path = world.fresh("links")
    path.mkdir()
    (path / "link").symlink_to("a/b/c/deep")
    compare(world, path)


def hidden(world) -> None:
    compare(world, world.input(data.tree), "--hidden", kubo_options=("--hidden", "--only-hash"))


def preserve(world, make, *arguments) -> None:
    # Kubo fails on this with --only-hash: it looks for blocks that it has not kept.
    compare(world, world.input(make, *arguments), "--preserve", kubo_options=PRESERVE)


def compare(world, path, *options, kubo_options=("--only-hash",)) -> None:
    expected = world.reference.add(path, *kubo_options)
    actual = world.shoal().cid(path, *options)
    assert actual == expected, f"{actual} instead of {expected}"
