#!/usr/bin/env python3
"""Chats: people who know a name, or a link with a key, meet, talk, and see who comes and goes."""

import contextlib
import fcntl
import json
import os
import pty
import re
import signal
import struct
import subprocess
import termios
import threading
import time
from pathlib import Path

from command import LOOPBACK, PATIENCE, SHOAL, CannotRun, Ended, Running, check_prompt, run, run_tests
from network_e2e import start_on, two_machines


class Chat(Running):
    def __init__(self, *arguments, home: Path):
        super().__init__("chat", *arguments, home=home, stdin=subprocess.PIPE)
        try:
            self.begun = self.wait_for("chat")
        except BaseException:
            self.__exit__()
            raise
        self.peer, self.address, self.link = self.begun["peer_id"], self.begun["addresses"][0], self.begun["link"]

    def sees(self, what: str, **fields) -> dict:
        """The next such event, or one that came before."""
        fields = {"event": what, **fields}
        end = time.monotonic() + PATIENCE
        while True:
            for event in self.events:
                if fields.items() <= event.items():
                    return event
            assert self.next_event(end), f"ended without {fields}: {self.events}"

    def say(self, text: str | bytes):
        self.process.stdin.write((text if isinstance(text, bytes) else text.encode()) + b"\n")
        self.process.stdin.flush()


class AtTerminal(Ended):
    """Somebody who types."""

    def __init__(self, *arguments, home: Path, columns: int = 60):
        try:
            self.ours, theirs = pty.openpty()
        except OSError as error:
            raise CannotRun(f"this machine has no terminals: {error}") from None
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self.mode = termios.tcgetattr(theirs)
        self.theirs = theirs
        words = [str(word) for word in [SHOAL, "--home", home, *LOOPBACK, "chat", *arguments]]
        self.process = subprocess.Popen(
            words, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0), env={"PATH": os.environ["PATH"], "TERM": "xterm"},
        )  # fmt: skip
        self.seen = bytearray()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        with contextlib.suppress(OSError):
            while part := os.read(self.ours, 65536):
                self.seen.extend(part)

    def type(self, keys: bytes):
        os.write(self.ours, keys)

    def wait_for(self, text: bytes):
        end = time.monotonic() + PATIENCE
        while text not in self.seen:
            assert time.monotonic() < end, f"no {text} in {bytes(self.seen)}"
            time.sleep(0.02)

    def screen(self) -> list[str]:
        """What is left on it: lines, where the last is drawn again and again."""
        text = bytes(self.seen).decode().replace("\r\n", "\n")
        lines = []
        for line in text.split("\n"):
            line = re.sub(r".*\r\x1b\[K", "", line)
            lines.append(re.sub(r"\r\x1b\[\d+C$", "", line))
        return lines

    def is_restored(self) -> bool:
        return termios.tcgetattr(self.theirs)[3] == self.mode[3]

    def __exit__(self, *_):
        super().__exit__()
        os.close(self.theirs)
        os.close(self.ours)


def said(chat: Running) -> list[tuple]:
    return [(event["name"], event["text"]) for event in chat.events if event["event"] == "message"]


def test_three_talk_and_a_killed_one_is_missed(folder):
    with Chat("picnic", "--name", "ann", home=folder / "a") as ann:
        way_in = ["--bootstrap", ann.address]
        ann.say("is anybody here?")
        with Chat("picnic", "--name", "ben", *way_in, home=folder / "b") as ben:
            assert ben.sees("joined", name="ann")
            assert ann.sees("joined", peer_id=ben.peer, name="ben")
            assert ben.sees("message", text="is anybody here?")["old"] is True
            ben.say("yes, ben")
            heard = ann.sees("message", text="yes, ben")
            assert heard["from"] == ben.peer and heard["name"] == "ben" and heard["old"] is False
            assert abs(heard["time"] / 1000 - time.time()) < 60
            with Chat("picnic", "--name", "eve", *way_in, home=folder / "c") as eve:
                ann.sees("joined", name="eve")
                ben.sees("joined", name="eve")
                eve.sees("message", text="yes, ben", old=True)
                assert said(eve) == [("ann", "is anybody here?"), ("ben", "yes, ben")]
                eve.process.kill()
                began = time.monotonic()
                ann.sees("left", name="eve")
                ben.sees("left", name="eve")
                print(f"the killed one was off the list after {time.monotonic() - began:.1f} s")
                assert time.monotonic() - began < 15
            assert ben.stop() == 0
            began = time.monotonic()
            ann.sees("left", name="ben")
            check_prompt(time.monotonic() - began, 2)  # it said goodbye
        assert ann.stop(signal.SIGINT) == 0


def test_a_link_with_a_key_is_private(folder):
    with Chat("--private", "family", "--name", "ann", home=folder / "a") as ann:
        assert ann.begun["private"] and ann.begun["topic"] == "family" and "#" in ann.link
        way_in = ["--bootstrap", ann.address]
        with Chat(ann.link, "--name", "ben", *way_in, home=folder / "b") as ben:
            ann.sees("joined", name="ben")
            with Chat("family", "--name", "eve", *way_in, home=folder / "c") as eve:
                ann.say("for us alone")
                ben.sees("message", text="for us alone")
                time.sleep(1)
                assert eve.stop() == 0 and len(eve.events) == 1, eve.events
    assert run("chat", ann.link[:-3], home=folder / "a").code == 2
    assert run("chat", "--private", ann.link, home=folder / "a").code == 2
    assert run("chat", home=folder / "a").code == 2


def test_nobody_there_is_exit_code_3(folder):
    run("--json", *LOOPBACK, "--timeout", "500ms", "chat", "empty", home=folder / "a").fails("not_found")


def test_somebody_types_at_a_terminal(folder):
    with Chat("picnic", "--name", "ben", home=folder / "a") as ben:
        with AtTerminal("picnic", "--name", "ann", "--bootstrap", ben.address, home=folder / "b") as ann:
            ann.wait_for(b"* ben is here")
            ann.type(b"hallo\x7f\x7f\x7f\x7fello\x1b[D\x1b[D\x1b[C\x05!\r")
            ben.sees("message", text="hello!")
            ann.type(b"half a li")
            ben.say("interrupting")
            ann.wait_for(b"ben: interrupting")
            ann.type(b"ne\r/who\r")
            ben.sees("message", text="half a line")
            ann.wait_for(b"* here: ann (you), ben")
            assert ann.screen()[-4:] == ["ben: interrupting", "ann: half a line", "* here: ann (you), ben", "> "], ann.screen()
            ann.type(b"/name anne\r")
            assert ben.sees("renamed")["name"] == "anne"
            ann.type(b"\x04")
            assert ann.process.wait(PATIENCE) == 0 and ann.is_restored()
            ben.sees("left", name="anne")


def test_ctrl_c_leaves_the_terminal_as_it_was(folder):
    with AtTerminal("picnic", home=folder / "a") as ann:
        ann.wait_for(b"> ")
        assert not ann.is_restored()
        ann.type(b"half\x03")
        assert ann.process.wait(PATIENCE) == 0 and ann.is_restored()


def test_others_cannot_move_the_cursor(folder):
    hostile = b"\x1b]0;title\x07\x1b[2J\x9b1A\r\x08\xe2\x80\xae end"
    with Chat("picnic", "--name", "\x1b[31mben\r", home=folder / "a") as ben:
        with AtTerminal("picnic", "--bootstrap", ben.address, home=folder / "b") as ann:
            ann.wait_for(b" is here")
            ben.say(hostile)
            ann.wait_for(b" end")
            shown = bytes(ann.seen)
            for bad in (b"\x1b]0", b"\x1b[2J", b"\x1b[31m", b"\x9b", b"\x08", b"\x07", b"\xe2\x80\xae"):
                assert bad not in shown, (bad, shown)


def test_two_shells_on_a_lan_meet_within_2_seconds(folder):
    with two_machines() as (one, two):
        first = start_on(one, SHOAL, "--home", folder / "a", "--json", "chat", "picnic", "--name", "ann")
        second = None
        try:
            assert json.loads(first.stdout.readline())["event"] == "chat"
            began = time.monotonic()
            second = start_on(two, SHOAL, "--home", folder / "b", "--json", "chat", "picnic", "--name", "ben")
            assert json.loads(first.stdout.readline())["name"] == "ben"
            took = time.monotonic() - began
            print(f"met after {took:.2f} s")
            check_prompt(took, 2)
        finally:
            for process in (first, second):
                if process:
                    process.kill()
                    process.wait()


if __name__ == "__main__":
    run_tests(dict(globals()))
