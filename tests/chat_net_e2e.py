#!/usr/bin/env python3
"""Chats across networks: behind two NATs with one node in the open, and on a LAN where one is killed."""

import json
import os
import threading
import time
from pathlib import Path

from command import PATIENCE, SHOAL, bytes_of, check_prompt, run_tests
from nat_e2e import PRESERVES_PORTS, SYMMETRIC, Command, internet
from network_e2e import start_on, two_machines

MEETS = 2
LEAVES = 15


class Chat:
    """Somebody in a chat on some machine, who says what is written to stdin."""

    def __init__(self, start, home: Path, name: str, *words):
        self._mine, theirs = os.pipe()[::-1]
        self.process = start(SHOAL, "--home", home, "--json", *words, "chat", "picnic", "--name", name, stdin=theirs)
        os.close(theirs)
        self.events: list[tuple[float, dict]] = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.events.append((time.monotonic(), json.loads(line)))

    def say(self, text: str):
        os.write(self._mine, text.encode() + b"\n")

    def sees(self, what: str, within: float = 2 * PATIENCE, **fields) -> float:
        """When it saw that."""
        fields = {"event": what, **fields}
        end = time.monotonic() + within
        while time.monotonic() < end:
            for at, event in list(self.events):
                if fields.items() <= event.items():
                    return at
            assert self.process.poll() is None, self.process.stderr.read()
            time.sleep(0.02)
        raise AssertionError(f"no {fields} within {within} s: {self.events}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()
        os.close(self._mine)


def on(machine: list[str]):
    return lambda *words, **options: start_on(machine, *words, **options)


def kill_and_miss(victim: Chat, name: str, others: list[Chat]):
    victim.process.kill()
    began = time.monotonic()
    for other in others:
        took = other.sees("left", name=name) - began
        print(f"off the list after {took:.1f} s")
        check_prompt(took, LEAVES)


def test_one_of_three_on_a_lan_is_killed(folder: Path):
    with two_machines() as (one, two):
        with Chat(on(one), folder / "a", "ann") as ann:
            ann.sees("chat")
            began = time.monotonic()
            with Chat(on(two), folder / "b", "ben") as ben:
                took = max(ann.sees("joined", name="ben"), ben.sees("joined", name="ann")) - began
                print(f"two shells met after {took:.2f} s, the start of the second included")
                check_prompt(took, MEETS)
                with Chat(on(two), folder / "c", "eve") as eve:
                    ann.sees("joined", name="eve")
                    ben.sees("joined", name="eve")
                    eve.sees("joined", name="ann")
                    kill_and_miss(eve, "eve", [ann, ben])
                ann.say("only two left")
                ben.sees("message", text="only two left")


def meet_behind(folder: Path, masquerade: str, and_kill_one: bool):
    (folder / "file").write_bytes(bytes_of(10))
    with internet() as net:
        open_host = net.host(1)
        homes = [net.home(number, masquerade) for number in (11, 12)]
        listen = ("--listen", "/ip4/203.0.113.1/tcp/4001")
        with Command(open_host, folder / "r", *listen, "share", folder / "file") as hub:
            way_in = ("--bootstrap", hub.wait_for("serving")["addresses"][0])
            with Chat(homes[0].start, folder / "a", "ann", *way_in) as ann:
                ann.sees("chat")
                time.sleep(3)  # one is there, and known to be, before the other
                began = time.monotonic()
                with Chat(homes[1].start, folder / "b", "ben", *way_in) as ben:
                    took = max(ann.sees("joined", name="ben"), ben.sees("joined", name="ann")) - began
                    print(f"met across two NATs after {took:.2f} s, the start of the second included")
                    check_prompt(took, MEETS)
                    ann.say("hello")
                    ben.sees("message", text="hello")
                    ben.say("hello back")
                    ann.sees("message", text="hello back")
                    if not and_kill_one:
                        return
                    with Chat(homes[1].start, folder / "c", "eve", *way_in) as eve:
                        ann.sees("joined", name="eve")
                        ben.sees("joined", name="eve")
                        time.sleep(3)
                        kill_and_miss(eve, "eve", [ann, ben])
                    ann.say("only two left")
                    ben.sees("message", text="only two left")


def test_two_home_routers_and_one_node_in_the_open(folder: Path):
    meet_behind(folder, PRESERVES_PORTS, and_kill_one=True)


def test_two_symmetric_nats_and_one_node_in_the_open(folder: Path):
    meet_behind(folder, SYMMETRIC, and_kill_one=False)


if __name__ == "__main__":
    run_tests(dict(globals()))
