"""Every message reaches everybody else once."""

import os
import time

SETTLE = 3  # in which a second copy would come
GOSSIPED = 6  # after which a newcomer is not told any more of what was said before


def hear(nodes: list, author, size: int, text: str = ""):
    for node in nodes:
        if node is author and node.kind != "shoal":
            continue
        try:
            heard = node.messages(1)[0]
        except Exception as error:
            raise AssertionError(f"{node.kind} has not heard {size} bytes by {author.kind}: {error}") from error
        assert heard[0] == size and (not text or heard[1] == text), (node.kind, heard)


def assert_silent(nodes: list, author_of_last):
    """Nobody has another copy: the next message that all hear is the next one."""
    time.sleep(SETTLE)
    marker = f"marker {time.monotonic()}"
    author_of_last.publish(marker)
    hear(nodes, author_of_last, len(marker), marker)


def everybody_hears(world, unsigned: bool):
    nodes = world.mesh(unsigned)
    for author in nodes:
        text = f"from {author.kind} {author.id}"
        author.publish(text)
        hear(nodes, author, len(text), text)
    assert_silent(nodes, nodes[0])


def sizes(world, unsigned: bool):
    nodes = world.mesh(unsigned)
    for number, size in enumerate((1, 1000, 64 * 1024, 256 * 1024, 1024 * 1024)):
        for kind in range(4):
            author = nodes[kind + 4 * (number % 3)]
            # No two are the same: without signatures equal content is one message. None is above 1 MiB.
            bytes_ = size - kind if size > kind else size + kind
            author.publish(size=bytes_)
            hear(nodes, author, bytes_)
    assert_silent(nodes, nodes[1])


def bursts(world, unsigned: bool):
    nodes = world.mesh(unsigned)
    for author in nodes[:4]:
        if author.kind == "shoal":
            continue
        expected = [f"{author.kind} {number}" for number in range(50)]
        for text in expected:
            author.publish(text)
        for node in nodes:
            if node is not author:
                heard = [text for _, text in node.messages(50)]
                assert sorted(heard) == sorted(expected), (node.kind, author.kind)
    assert_silent(nodes, nodes[2])


def joins_and_leaves(world, unsigned: bool):
    nodes = world.mesh(unsigned)
    topic = nodes[0].topic
    time.sleep(GOSSIPED)
    late = world.own(topic, unsigned, [nodes[0].address, nodes[1].address, nodes[2].address])
    end = time.monotonic() + 15
    while len(late.peers()) < 3:
        assert time.monotonic() < end, "the late one has not met the others"
        time.sleep(0.1)
    time.sleep(2)
    nodes[0].publish("for the late one, too")
    hear([*nodes, late], nodes[0], 21)
    late.kill()
    nodes[1].publish("without it")
    hear(nodes, nodes[1], 10)


def go_thinks_well_of_shoal(world, unsigned: bool):
    nodes = world.mesh(unsigned)
    own = {node.id for node in nodes if node.kind == "shoal"}
    seen = {}
    for node in nodes:
        if node.kind == "go":
            seen.update({peer: score for peer, score in node.scores().items() if peer in own})
    assert seen and min(seen.values()) >= 0, seen


def chatter(world, unsigned: bool):
    """Everybody says something again and again; go's score of Shoal stays above 0 all the time."""
    nodes = world.mesh(unsigned)
    own = {node.id for node in nodes if node.kind == "shoal"}
    authors = [node for node in nodes if node.kind != "shoal"]
    end = time.monotonic() + chatter_seconds()
    said, lowest = 0, {}
    while time.monotonic() < end or said < 2 * len(authors):
        author = authors[said % len(authors)]
        text = f"chatter {unsigned} {said}"
        author.publish(text)
        hear(nodes, author, len(text), text)
        said += 1
        for node in nodes:
            for peer, score in node.scores().items() if node.kind == "go" else ():
                if peer in own:
                    lowest[peer] = min(score, lowest.get(peer, score))
        time.sleep(0.2)
    assert lowest and min(lowest.values()) > 0, lowest
    assert_silent(nodes, authors[0])


def chatter_seconds() -> int:
    return int(os.environ.get("SHOAL_CHATTER_SECONDS", "60"))


def register(checks) -> None:
    for unsigned in (False, True):
        policy = "unsigned" if unsigned else "signed"
        checks.add(f"{policy}: each of 12 nodes is heard by all others once", unsigned, limit=180)(everybody_hears)
        checks.add(f"{policy}: 1 byte to 1 MiB from each kind", unsigned, limit=180)(sizes)
        checks.add(f"{policy}: 50 messages in a row from go, js and rust", unsigned, limit=180)(bursts)
        checks.add(f"{policy}: one more joins, hears, and is killed", unsigned, limit=120)(joins_and_leaves)
        checks.add(f"{policy}: everybody chats, and go's score of Shoal stays above 0", unsigned, limit=chatter_seconds() + 300)(chatter)
        checks.add(f"{policy}: go's score of Shoal's nodes is not negative", unsigned)(go_thinks_well_of_shoal)
