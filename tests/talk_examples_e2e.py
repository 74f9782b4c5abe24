#!/usr/bin/env python3
"""The examples that talk: chat_room, rpc and kv, between processes and in the simulator."""

import re
import subprocess
import time
from pathlib import Path

from command import PATIENCE, SHOAL, CannotRun, Ended, run_tests

EXAMPLES = Path(SHOAL).resolve().parent / "examples"
LISTEN = "/ip4/127.0.0.1/tcp/0"


def example(name: str) -> Path:
    path = EXAMPLES / name
    if not path.exists():
        raise CannotRun(f"needs {path}")
    return path


def call(*words) -> str:
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, (done.returncode, done.stdout[-500:], done.stderr[-500:])
    return done.stdout


class Program(Ended):
    def __init__(self, *words):
        self.process = subprocess.Popen(
            [str(word) for word in words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.address = self.line()

    def line(self) -> str:
        line = self.process.stdout.readline().strip()
        assert line, self.process.stderr.read()
        return line

    def say(self, text: str):
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()

    def end(self) -> str:
        out, errors = self.process.communicate(timeout=PATIENCE)
        assert self.process.returncode == 0, errors
        return out


def test_rpc(folder):
    rpc = example("rpc")
    assert call(rpc, "simulate") == "IN A SIMULATION\n1\n2\n3\n"
    with Program(rpc, "serve", LISTEN) as server:
        assert call(rpc, "ask", server.address, "hello") == "HELLO\n"
        assert call(rpc, "count", server.address, "5") == "1\n2\n3\n4\n5\n"


def test_chat_room(folder):
    chat = example("chat_room")
    assert call(chat, "simulate", "8").split() == ["7"] * 8
    with Program(chat, "picnic", "ann", "--at", LISTEN) as ann:
        with Program(chat, "picnic", "ben", "--at", LISTEN, "--by", ann.address) as ben:
            time.sleep(2)  # who is alone is heard by nobody
            ben.say("hello")
            assert ann.line() == "ben: hello"
            ann.say("welcome")
            assert ben.line() == "ann: welcome"
            ben.end()
        ann.end()


def test_kv_agrees_after_a_partition(folder):
    said = call(example("kv"), "simulate", 1, 10)
    took = [int(number) for number in re.findall(r"equal after (\d+) s", said)]
    print(f"10 seeds, equal after {min(took)} to {max(took)} s")
    assert len(took) == 10 and max(took) < 120, said


def test_kv_between_processes(folder):
    kv = example("kv")
    with Program(kv, "test", "--at", LISTEN) as one:
        with Program(kv, "test", "--at", LISTEN, "--by", one.address) as two:
            one.say("fruit=apple")
            one.say("colour=red")
            time.sleep(3)
            two.say("colour=green")
            time.sleep(3)
            assert sorted(two.end().split()) == ["colour=green", "fruit=apple"]
        assert sorted(one.end().split()) == ["colour=green", "fruit=apple"]


if __name__ == "__main__":
    run_tests(dict(globals()))
