"""Shoal as a client in networks of one other implementation, and what they find of it.

The first two nodes of a network are Shoal's bootstrap; the last is the one that provides or finds.
"""

import time

import data
from keys import by_distance, fresh_content, multihash_of_cid, multihash_of_peer, raw_cid
from networks import START

START_SECONDS = 240  # of the first check, which starts the network
LIMIT_SECONDS = START_SECONDS + 120
FIND_SECONDS = 5
K = 20
NOT_FOUND = "exits with 3"


def register(checks) -> None:
    def add(name, *arguments):
        return checks.add(name, *arguments, limit=LIMIT_SECONDS)

    for kind in START:
        add(f"{kind} provides, shoal finds", kind)(shoal_finds)
        add(f"shoal provides, {kind} finds", kind)(shoal_provides)
        add(f"shoal shares, {kind} finds", kind)(sharing_provides)
        add(f"shoal finds nobody for an unknown CID among {kind}", kind)(finds_nobody)
        add(f"shoal looks a CID up among {kind}", kind)(looks_up_cid)
        add(f"shoal looks a peer ID up among {kind}", kind)(looks_up_peer)
        add(f"shoal knows {kind} in its table", kind)(fills_table)
        for key_type in ("ed25519", "rsa"):
            if kind != "kubo":  # its command puts only IPNS records
                name = f"{kind} puts a public key of {key_type}, shoal gets it"
                add(name, kind, key_type)(gets_public_key)
            name = f"shoal puts a public key of {key_type}, {kind} gets it"
            add(name, kind, key_type)(puts_public_key)
        add(f"shoal refuses to put another's value among {kind}", kind)(refuses_wrong_value)
        add(f"shoal provides and finds while a fifth of {kind} is gone", kind)(survives_dead_peers)
    add("shoal gets by CID alone what kubo provides")(gets_from_kubo)
    add("kubo gets by CID alone what shoal provides")(kubo_gets)


def asker(world, kind):
    return world.shoal_node(world.network(kind).bootstrap)


def expect_found(found: dict, peer_id: str, address: str) -> None:
    assert found.keys() == {peer_id}, found
    assert without_peer(address) in map(without_peer, found[peer_id]), found


def without_peer(address: str) -> str:
    return address.split("/p2p/")[0]


def shoal_finds(world, kind) -> None:
    provider = world.network(kind).nodes[-1]
    cid = provider.provide(fresh_content())
    expect_found(asker(world, kind).providers(cid), provider.peer_id, provider.address)


def shoal_provides(world, kind) -> None:
    with asker(world, kind).providing(fresh_content()) as share:
        found = world.network(kind).nodes[-1].providers(share.cid)
    expect_found(found, share.peer_id, share.address)


def sharing_provides(world, kind) -> None:
    """A share announces itself, soon after it has begun to serve."""
    with asker(world, kind).sharing(fresh_content()) as share:
        deadline = time.monotonic() + FIND_SECONDS
        while not (found := world.network(kind).nodes[-1].providers(share.cid)):
            assert time.monotonic() < deadline, f"not found within {FIND_SECONDS} s"
            time.sleep(0.2)
    expect_found(found, share.peer_id, share.address)


def finds_nobody(world, kind) -> None:
    node, known = asker(world, kind), world.network(kind).nodes[-1].provide(fresh_content())
    assert node.providers(known)  # so that the other is missing from a network that works
    try:
        node.ask("find", raw_cid(fresh_content()))
    except AssertionError as refused:
        assert NOT_FOUND in str(refused), refused
    else:
        raise AssertionError("found somebody for what nobody provides")


def looks_up_cid(world, kind) -> None:
    cid = raw_cid(fresh_content())
    expect_closest(world, kind, cid, multihash_of_cid(cid))


def looks_up_peer(world, kind) -> None:
    peer_id = world.network(kind).nodes[-1].peer_id
    expect_closest(world, kind, peer_id, multihash_of_peer(peer_id))


def expect_closest(world, kind, key: str, key_bytes: bytes) -> None:
    nearest = by_distance(world.network(kind).peer_ids, key_bytes)[:K]
    found = asker(world, kind).lookup(key)["peers"]
    missing, foreign = set(nearest) - set(found), set(found) - set(nearest)
    assert not missing and not foreign, f"misses {missing}, has {foreign} besides"
    assert found == nearest, "they are not in the order of their distance"


def fills_table(world, kind) -> None:
    """A lookup leaves those in it who have answered."""
    node = asker(world, kind)
    node.lookup(raw_cid(fresh_content()))
    text = node.table()
    known = [peer for peer in world.network(kind).peer_ids if peer in text]
    assert len(known) >= len(world.network(kind).nodes) // 2, f"{len(known)} peers: {text}"


def gets_public_key(world, kind, key_type) -> None:
    key, value = world.pk_record(key_type)
    world.network(kind).nodes[0].put(key, value)
    assert asker(world, kind).get_value(key) == value


def puts_public_key(world, kind, key_type) -> None:
    key, value = world.pk_record(key_type)
    asker(world, kind).put(key, value)
    assert world.network(kind).nodes[-1].get(key) == value


def refuses_wrong_value(world, kind) -> None:
    (key, value), (_, wrong) = world.pk_record(), world.pk_record()
    node = asker(world, kind)
    node.put(key, value)
    try:
        node.put(key, wrong)
    except AssertionError as refused:
        assert "exits with" in str(refused), refused
    else:
        raise AssertionError("put a public key under the ID of another")
    assert world.network(kind).nodes[-1].get(key) == value


def survives_dead_peers(world, kind) -> None:
    """They have been in everybody's tables, and nobody is told that they went."""
    network = world.network(kind)
    gone = START[kind](world, max(2, len(network.nodes) // 4), network.bootstrap)
    try:
        for node in gone.nodes:
            node.closest(node.peer_id)
    finally:
        gone.stop()
    shoal_finds(world, kind)
    shoal_provides(world, kind)


def gets_from_kubo(world) -> None:
    path, out = world.input(data.write_file, 3 * data.MIB), world.fresh("out")
    provider = world.network("kubo").nodes[-1]
    cid = provider.add(path)
    provider.call("routing/provide", cid)
    node = asker(world, "kubo")
    done = node.ask("get", cid, "-o", out)[-1]
    assert done["event"] == "done", done
    data.expect_same(out, path)


def kubo_gets(world) -> None:
    content = fresh_content()
    with asker(world, "kubo").providing(content) as share:
        out = world.network("kubo").nodes[-1].get_content(share.cid)
    assert out == content
