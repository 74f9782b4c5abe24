#!/usr/bin/env python3
"""Peers that reach each other through a relay, over loopback."""

import re
from pathlib import Path
from urllib.parse import unquote

import command
from command import Share, get, run_tests


def through_relay_only(link: str) -> str:
    """The link without its direct addresses."""
    head, query = link.split("?")
    kept = [part for part in query.split("&") if not part.startswith("provider=") or "p2p-circuit" in part]
    return head + "?" + "&".join(kept)


def relay(folder: Path, *options) -> Share:
    small = folder / "of the relay.txt"
    small.write_text("nothing of interest")
    return Share(small, *options, home=folder / "relay")


def provider_addresses(link: str) -> list[str]:
    return [unquote(text) for text in re.findall(r"provider=([^&]+)", link)]


def test_shares_and_gets_through_a_relay_of_ones_own(folder: Path):
    source = folder / "source.bin"
    source.write_bytes(command.bytes_of(5_000_000))
    with relay(folder, "--relay-service") as hub, Share(
        source, "--relay", hub.address, home=folder / "sharer"
    ) as share:
        assert any("/p2p-circuit/p2p/" in address for address in share.serving["addresses"]), share.serving
        got = get(through_relay_only(share.link), folder / "got", home=folder / "getter").works()
        assert (folder / "got").read_bytes() == source.read_bytes()
        [way] = got.last["sources"]
        assert way["path"] == "relay", way
        assert "/p2p-circuit" in way["address"], way


def test_the_link_gets_better_when_the_relay_comes(folder: Path):
    source = folder / "source.txt"
    source.write_text("hello")
    with relay(folder, "--relay-service") as hub:
        address = hub.address
    with Share(source, "--relay", address, home=folder / "sharer") as share:
        assert not any("p2p-circuit" in one for one in provider_addresses(share.link))
        # At the port that its home keeps.
        with relay(folder, "--relay-service") as hub:
            assert hub.address == address
            better = share.wait_for("serving")["link"]
            assert any("p2p-circuit" in one for one in provider_addresses(better)), better
            get(through_relay_only(better), folder / "got", home=folder / "getter").works()
            assert (folder / "got").read_text() == "hello"


def test_a_node_of_a_local_network_relays_for_nobody(folder: Path):
    source = folder / "source.txt"
    source.write_text("hello")
    with relay(folder) as hub, Share(source, "--relay", hub.address, home=folder / "sharer") as share:
        assert not any("p2p-circuit" in one for one in provider_addresses(share.link))
        share.stop()
        assert "no place at the relay" in share.process.stderr.read().decode()


if __name__ == "__main__":
    run_tests(dict(globals()))
