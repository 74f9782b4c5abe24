"""What Shoal shares, Kubo gets by CID."""

import data
from kubo import IPFS
from process import run


def register(checks) -> None:
    for name, inputs in {
        "a file of 1 GiB": (data.write_file, data.GIB),
        "an empty file": (data.write_file, 0),
        "a tree": (data.tree,),
    }.items():
        checks.add(f"kubo gets {name}", *inputs)(kubo_gets)
    checks.add("kubo gets a tree with hidden files", data.tree)(kubo_gets_hidden)
    checks.add("kubo gets a tree with modes and mtimes", data.tree)(kubo_gets_preserved)
    checks.add("kubo gets 20,000 entries")(kubo_gets_many)
    checks.add("kubo exports a tree as CAR")(kubo_exports)
    checks.add("kubo gets nothing of a share that was stopped")(kubo_gets_nothing_stopped)


def kubo_gets(world, make, *arguments, options=(), **comparison) -> None:
    path = world.input(make, *arguments)
    with world.kubo() as kubo, world.shoal().share(*options, path) as share:
        kubo.connect(share.address)
        data.expect_same(kubo.get(share.cid, world.fresh("out")), path, **comparison)


def kubo_gets_hidden(world, make) -> None:
    kubo_gets(world, make, options=("--hidden",), hidden=True)


def kubo_gets_preserved(world, make) -> None:
    kubo_gets(world, make, options=("--preserve",), metadata=True)


def kubo_gets_many(world) -> None:
    """Pins first: `ipfs get` asks for one entry at a time and takes 20 ms for each."""
    path = world.input(data.large_directory)
    with world.kubo() as kubo, world.shoal().share(path) as share:
        kubo.connect(share.address)
        kubo.ipfs("pin", "add", share.cid)
        share.stop()
        data.expect_same(kubo.get(share.cid, world.fresh("out")), path)


def kubo_exports(world) -> None:
    path, car, other = world.input(data.tree), world.fresh("car"), world.kubo()
    with world.kubo() as kubo, world.shoal().share(path) as share:
        kubo.connect(share.address)
        run("sh", "-c", 'exec "$0" dag export --progress=false "$1" >"$2"', IPFS, share.cid, car,
            env=kubo.env)  # fmt: skip
    other.ipfs("dag", "import", car)
    data.expect_same(other.get(share.cid, world.fresh("out")), path)


def kubo_gets_nothing_stopped(world) -> None:
    """The same home and port serve something else by then; Kubo asks for the root, a path below it, and a block."""
    path, home = world.input(data.tree), world.shoal()
    with home.share(path) as stopped:
        pass
    with world.kubo() as kubo, home.share(world.input(data.write_file, 300_000)) as share:
        kubo.connect(share.address)
        kubo.get(share.cid, world.fresh("out"))
        for words in (["cat", f"{stopped.cid}/one"], ["ls", stopped.cid], ["block", "get", stopped.cid]):
            expect_refusal(kubo, *words)


def expect_refusal(kubo, *words) -> None:
    try:
        kubo.ipfs("--timeout=5s", *words)
    except AssertionError as reason:
        assert "deadline exceeded" in str(reason), reason
    else:
        raise AssertionError(f"`ipfs {' '.join(words)}` got what is shared no more")
