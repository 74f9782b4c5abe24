"""The other implementations among themselves: that their networks work before Shoal joins them."""

from itertools import permutations

from keys import by_distance, fresh_content, multihash_of_peer, raw_cid
from networks import START

START_SECONDS = 150  # of the first check, which starts the network
LIMIT_SECONDS = START_SECONDS + 60


def register(checks) -> None:
    for a, b in permutations(START, 2):
        checks.add(f"foreign: {a} provides, {b} finds", a, b, limit=LIMIT_SECONDS)(provides)
        checks.add(f"foreign: {a} finds peer {b}", a, b, limit=LIMIT_SECONDS)(finds_peer)
        checks.add(f"foreign: {a} puts an IPNS record, {b} gets it", a, b, limit=LIMIT_SECONDS)(
            puts_ipns
        )
    checks.add("foreign: kubo gets by CID alone what kubo provides", limit=LIMIT_SECONDS)(gets)
    for a, b in (("go", "js"), ("js", "go"), ("go", "kubo"), ("js", "kubo")):
        for key_type in ("ed25519", "rsa"):
            name = f"foreign: {a} puts a public key of {key_type}, {b} gets it"
            checks.add(name, a, b, key_type, limit=LIMIT_SECONDS)(puts_public_key)
    for kind in START:
        name = f"foreign: {kind} finds the closest peers"
        checks.add(name, kind, limit=LIMIT_SECONDS)(finds_closest)
        name = f"foreign: what kubo provides is held by {kind}"
        checks.add(name, kind, limit=LIMIT_SECONDS)(holds)


def provides(world, a, b) -> None:
    provider, finder = world.mixed[a].nodes[-1], world.mixed[b].nodes[-1]
    cid = provider.provide(fresh_content())
    found = finder.providers(cid)
    assert found.keys() == {provider.peer_id}, found
    assert provider.address in found[provider.peer_id], found


def finds_peer(world, a, b) -> None:
    wanted = world.mixed[b].nodes[-1]
    addresses = world.mixed[a].nodes[-1].find_peer(wanted.peer_id)
    assert wanted.address in addresses, addresses


def puts_ipns(world, a, b) -> None:
    key, value = world.ipns_record(raw_cid(fresh_content()))
    world.mixed[a].nodes[0].put(key, value)
    assert world.mixed[b].nodes[-1].get(key) == value


def puts_public_key(world, a, b, key_type) -> None:
    key, value = world.pk_record(key_type)
    world.mixed[a].nodes[0].put(key, value)
    assert world.mixed[b].nodes[-1].get(key) == value


def gets(world) -> None:
    content = fresh_content()
    cid = world.mixed["kubo"].nodes[0].provide(content)
    assert world.mixed["kubo"].nodes[-1].get_content(cid) == content


def finds_closest(world, kind) -> None:
    """All of a network of fewer than 20, as the asker leaves only itself out."""
    asker, target = world.mixed[kind].nodes[0], world.mixed["go"].nodes[-1].peer_id
    everybody = set().union(*(network.peer_ids for network in world.mixed.values()))
    nearest = by_distance(everybody - {asker.peer_id}, multihash_of_peer(target))
    found = set(asker.closest(target))
    missing = [peer for peer in nearest if peer not in found]
    assert not missing, f"{len(missing)} of {len(nearest)} missing, the first is {missing[0]}"


def holds(world, kind) -> None:
    provider = world.mixed["kubo"].nodes[0]
    cid = provider.provide(fresh_content())
    for node in world.mixed[kind].nodes:
        held = world.observer.held_providers(node.address, cid)
        assert provider.peer_id in held, f"{node.address} holds {held}"
