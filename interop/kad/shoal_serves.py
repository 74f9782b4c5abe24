"""Shoal nodes as DHT servers: what others leave with them, and that they bring others together."""

import contextlib
import time

from keys import by_distance, fresh_content, multihash_of_cid, multihash_of_peer, raw_cid
from networks import START, Network, go_nodes

SERVERS = 5
LIMIT_SECONDS = 180
JOIN_SECONDS = 30
K = 20


def register(checks) -> None:
    def add(name, *arguments):
        return checks.add(name, *arguments, limit=LIMIT_SECONDS)

    for kind in START:
        add(f"{SERVERS} shoal servers hold what {kind} provides", kind)(hold_providers)
        if kind != "kubo":  # its command puts only IPNS records
            add(f"{SERVERS} shoal servers hold the public key that {kind} puts", kind)(hold_keys)
        add(f"{kind} nodes that know only a shoal server find each other", kind)(introduce)
        add(f"{kind} takes a shoal server into its table", kind)(enters_tables)
        add(f"{kind} finds what one provides through shoal servers alone", kind)(only_shoal)
    add("a shoal client is in nobody's table")(client_stays_out)
    add("shoal servers among many go nodes hold what is closest to them")(share_the_keys)
    add("a shoal server answers with at most 20 closer peers")(bounded_answers)


@contextlib.contextmanager
def shoal_servers(world, count: int, bootstrap=()):
    """Running shares, each of which knows the first, or the addresses given."""
    with contextlib.ExitStack() as running:
        out = []
        for _ in range(count):
            known = bootstrap or [share.address for share in out[:1]]
            node = world.shoal_node(known)
            out.append(running.enter_context(node.sharing(fresh_content())))
        yield out


@contextlib.contextmanager
def started(network: Network):
    try:
        yield network.nodes
    finally:
        network.stop()


@contextlib.contextmanager
def among_servers(world, kind: str):
    """The Shoal servers, and one node of the other kind that knows them all."""
    with shoal_servers(world, SERVERS) as servers:
        with started(START[kind](world, 1, [share.address for share in servers])) as (node,):
            wait_known(node, {share.peer_id for share in servers})
            yield servers, node


def wait_known(node, wanted: set[str]) -> None:
    deadline = time.monotonic() + JOIN_SECONDS
    while missing := wanted - node.table():
        assert time.monotonic() < deadline, f"{node.address} does not know {missing}"
        with contextlib.suppress(AssertionError):  # "failed to find any peer in table"
            node.closest(node.peer_id)
        time.sleep(0.2)


def hold_providers(world, kind) -> None:
    with among_servers(world, kind) as (servers, node):
        cid = node.provide(fresh_content())
        for share in servers:
            held = world.observer.held_providers(share.address, cid)
            assert node.address in held.get(node.peer_id, []), f"{share.address} holds {held}"


def hold_keys(world, kind) -> None:
    hold_value(world, kind, world.pk_record("rsa"))


def hold_value(world, kind, record) -> None:
    key, value = record
    with among_servers(world, kind) as (servers, node):
        node.put(key, value)
        for share in servers:
            assert world.observer.held_value(share.address, key) == value, share.address


def introduce(world, kind) -> None:
    with shoal_servers(world, 1) as (server,):
        with contextlib.ExitStack() as running:
            a, b = (
                running.enter_context(started(START[kind](world, 1, [server.address])))[0]
                for _ in range(2)
            )
            for node in (a, b):
                wait_known(node, {server.peer_id})
            wait_found(a, b)
            cid = b.provide(fresh_content())
            deadline = time.monotonic() + JOIN_SECONDS
            while a.providers(cid).keys() != {b.peer_id}:  # ADD_PROVIDER has no answer to wait for
                assert time.monotonic() < deadline


def enters_tables(world, kind) -> None:
    """The nearest have room for it: of the far half of a network a table holds 20 nodes, and is full."""
    network = world.network(kind)
    with shoal_servers(world, 1, network.bootstrap) as (server,):
        by_nearness = nearest_first(network, server)
        wait_known(by_nearness[0], {server.peer_id})
        wait_found(by_nearness[-1], server)


def nearest_first(network: Network, server) -> list:
    ids = by_distance([node.peer_id for node in network.nodes], multihash_of_peer(server.peer_id))
    return sorted(network.nodes, key=lambda node: ids.index(node.peer_id))


def wait_found(node, wanted) -> None:
    """A search that ends before it comes to the nearest, or before they know the peer, finds nobody."""
    deadline = time.monotonic() + JOIN_SECONDS
    found: list[str] = []
    while wanted.address not in found:
        assert time.monotonic() < deadline, found
        time.sleep(0.1)
        with contextlib.suppress(AssertionError):
            found = node.find_peer(wanted.peer_id)


def only_shoal(world, kind) -> None:
    """The provider is gone when it is looked for, and the finder never met it."""
    with shoal_servers(world, SERVERS) as servers:
        known = [share.address for share in servers]
        with started(START[kind](world, 1, known)) as (provider,):
            cid = provider.provide(fresh_content())
        with started(START[kind](world, 1, known)) as (finder,):
            assert finder.providers(cid).keys() == {provider.peer_id}


def client_stays_out(world) -> None:
    """Commands that end at once are no servers."""
    network = world.network("go")
    node = world.shoal_node(network.bootstrap)
    node.lookup(raw_cid(fresh_content()))
    peer_id = node.peer_id()
    knowing = [each.address for each in network.nodes if peer_id in each.table()]
    assert not knowing, knowing


def share_the_keys(world) -> None:
    """Each holds the records of the CIDs to which it is among the closest.

    A network of its own: Go counts peers that have died among the 20 to which it provides. Its lookup
    may miss one at the edge of the 20, so the closest 10 are looked at.
    """
    network = go_nodes(world, 30)
    with started(network) as nodes, shoal_servers(world, SERVERS, network.bootstrap) as servers:
        ids = {share.peer_id for share in servers}
        for share in servers:
            wait_known(nearest_first(network, share)[0], {share.peer_id})
        for node in nodes[-5:]:
            cid = node.provide(fresh_content())
            everybody = (network.peer_ids | ids) - {node.peer_id}
            nearest = by_distance(everybody, multihash_of_cid(cid))[: K // 2]
            for share in (each for each in servers if each.peer_id in nearest):
                held = world.observer.held_providers(share.address, cid)
                assert node.peer_id in held, f"{share.peer_id} misses {cid}"


def bounded_answers(world) -> None:
    network = world.network("go")
    with shoal_servers(world, 1, network.bootstrap) as (server,):
        wait_known(nearest_first(network, server)[0], {server.peer_id})
        asked = {"address": server.address, "cid": raw_cid(fresh_content())}
        closer = world.observer("ask_providers", **asked)["closer"]
        ids = {each["peer_id"] for each in closer}
        assert 0 < len(closer) <= K, closer
        assert all(each["addresses"] for each in closer), closer
