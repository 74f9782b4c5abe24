#!/usr/bin/env python3
"""Topics: strangers who know only a name meet, and hear what is published there."""

import base64
import json
import subprocess
import threading
import time
from pathlib import Path

from command import LOOPBACK, PATIENCE, SANITIZED, SHOAL, CannotRun, Result, Running, check_prompt, run, run_tests
from network_e2e import start_on, two_machines


class Sub(Running):
    def __init__(self, topic: str, *options, home: Path):
        super().__init__("sub", topic, *options, home=home)
        try:
            self.subscribed = self.wait_for("subscribed")
        except BaseException:
            self.__exit__()
            raise
        self.peer, self.address = self.subscribed["peer_id"], self.subscribed["addresses"][0]


def pub(topic: str, text: bytes, *options, home: Path, patience: str = "10s") -> Result:
    words = [SHOAL, "--home", home, "--json", *LOOPBACK, "pub", topic, "--timeout", patience, *options]
    done = subprocess.run([str(word) for word in words], input=text, capture_output=True, timeout=PATIENCE)
    return Result(done.returncode, done.stdout, done.stderr)


def messages(sub: Running) -> list[str]:
    return [event.get("text", event.get("data")) for event in sub.events if event["event"] == "message"]


def test_lines_reach_every_subscriber_once(folder):
    with Sub("news", home=folder / "a") as one:
        way_in = ["--bootstrap", one.address]
        with Sub("news", *way_in, home=folder / "b") as two, Sub("news", *way_in, home=folder / "c") as three:
            two.wait_for("joined", peer_id=one.peer)
            three.wait_for("joined", peer_id=two.peer)  # whom nobody named
            done = pub("news", b"first\n\nthird\nlast", *way_in, home=folder / "d").works()
            published = [event for event in done.events if event["event"] == "published"]
            assert len(published) == 4 and len({event["id"] for event in published}) == 4, published
            for sub in (one, two, three):  # to the others it may go through the first: all stay meanwhile
                while len(messages(sub)) < len(published):  # what comes another way may come later
                    sub.wait_for("message")
            for sub in (one, two, three):
                assert sub.stop() == 0
                assert sorted(messages(sub)) == sorted(["first", "", "third", "last"]), sub.events
                heard = [event for event in sub.events if event["event"] == "message"]
                assert {event["id"] for event in heard} == {event["id"] for event in published}
                assert len({event["from"] for event in heard}) == 1 and heard[0]["topic"] == "news"


def test_whole_input_and_raw_output_are_the_same_bytes(folder):
    content = bytes(range(256)) * 4000
    with Sub("bytes", home=folder / "a") as listener:
        raw = subprocess.Popen(
            [SHOAL, "--home", folder / "b", *LOOPBACK, "--bootstrap", listener.address, "sub", "bytes", "--raw",
             "-c", "1"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            listener.wait_for("joined")
            pub("bytes", content, "--whole", "--bootstrap", listener.address, home=folder / "c").works()
            heard, _ = raw.communicate(timeout=PATIENCE)
        finally:
            raw.kill()
        assert raw.returncode == 0 and heard == content
        assert base64.b64decode(listener.wait_for("message")["data"]) == content


def test_too_large_messages_are_refused(folder):
    assert pub("bytes", b"x" * (1 << 20 | 1), "--whole", home=folder / "a").code == 1
    assert pub("bytes", b"x" * (1 << 20 | 2), home=folder / "a").code == 1
    assert run("sub", "x" * 257, home=folder / "a").code == 2


def test_nobody_there_is_exit_code_3(folder):
    assert "--bootstrap" in pub("empty", b"hello", home=folder / "a", patience="300ms").fails("not_found").last["hint"]
    run("--json", *LOOPBACK, "sub", "empty", "--timeout", "300ms", home=folder / "a").fails("not_found")


def test_publisher_waits_until_somebody_comes(folder):
    with Sub("other", home=folder / "way-in") as way_in:
        words = [SHOAL, "--home", folder / "a", "--json", *LOOPBACK, "--bootstrap", way_in.address, "pub", "late"]
        waiting = subprocess.Popen(
            [str(word) for word in words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        try:
            waiting.stdin.write(b"at last\n")
            waiting.stdin.close()
            assert json.loads(waiting.stdout.readline())["event"] == "waiting"
            with Sub("late", "--bootstrap", way_in.address, home=folder / "b") as sub:
                sub.wait_for("message", text="at last")
                assert waiting.wait(PATIENCE) == 0
        finally:
            waiting.kill()
            waiting.wait()


def test_topics_lists_them(folder):
    with Sub("one topic", home=folder / "a") as one:
        with Sub("one topic", "--bootstrap", one.address, home=folder / "b"):
            one.wait_for("joined")
            time.sleep(1.5)
            assert run("--json", "topics", home=folder / "a").works().events == [
                {"event": "topic", "topic": "one topic", "peers": 1, "joined": True}
            ]
            assert b"one topic" in run("topics", home=folder / "a").works().stdout
    assert run("--json", "topics", home=folder / "a").works().events == []


def test_killed_peer_is_told_of_as_left(folder):
    with Sub("news", home=folder / "a") as one, Sub("news", "--bootstrap", one.address, home=folder / "b") as two:
        one.wait_for("joined", peer_id=two.peer)
        two.process.kill()
        began = time.monotonic()
        one.wait_for("left", peer_id=two.peer)
        assert time.monotonic() - began < 15


def resident(process) -> int:
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) * 1024


def test_reader_that_pauses_costs_16_MB_and_is_told_once(folder):
    """Beside another that reads, which keeps messages for a while, too, as every node does."""
    with Sub("firehose", home=folder / "way-in") as quick:
        words = [SHOAL, "--home", folder / "a", "--json", *LOOPBACK, "--bootstrap", quick.address, "sub", "firehose"]
        slow = subprocess.Popen([str(word) for word in words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        try:
            quick.wait_for("joined")
            way_in = ["--bootstrap", quick.address]
            pub("firehose", b"warm\n" * 100, *way_in, home=folder / "b").works()
            processes = [slow, quick.process]
            before = [resident(process) for process in processes]
            text = b"".join(b"%06d " % number + b"x" * 993 + b"\n" for number in range(10_000))
            pub("firehose", text, *way_in, home=folder / "b").works()
            grown = [resident(process) - then for process, then in zip(processes, before)]
            print(f"{grown[0] / 1e6:.1f} MB and, read at once, {grown[1] / 1e6:.1f} MB")
            threading.Timer(1, lambda: pub("firehose", b"the end\n", *way_in, home=folder / "b")).start()
            events = []
            while not events or events[-1].get("text") != "the end":
                events.append(json.loads(slow.stdout.readline()))
        finally:
            slow.kill()
            slow.wait()
        missed = [event["count"] for event in events if event["event"] == "missed"]
        heard = sum(event["event"] == "message" for event in events)
        print(f"told of {missed} missed, heard {heard}")
        assert len(missed) == 1 and missed[0] + heard == 10_101, (missed, heard)
        assert SANITIZED or grown[0] - grown[1] < 16e6, grown


def test_two_machines_on_a_lan_meet_within_2_seconds(folder):
    with two_machines() as (one, two):
        first = start_on(one, SHOAL, "--home", folder / "a", "--json", "sub", "picnic")
        second = None
        try:
            assert json.loads(first.stdout.readline())["event"] == "subscribed"
            began = time.monotonic()
            second = start_on(two, SHOAL, "--home", folder / "b", "--json", "sub", "picnic")
            assert json.loads(first.stdout.readline())["event"] == "joined"
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
