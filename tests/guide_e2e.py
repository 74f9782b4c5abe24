#!/usr/bin/env python3
"""The guide: every command in it runs, at a small size, and its pages come about."""

import contextlib
import json
import re
import shlex
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from html.parser import HTMLParser
from pathlib import Path

from command import LOOPBACK, PATIENCE, SANITIZED, SHOAL, CannotRun, Ended, Running, Share, run, run_tests

ROOT = Path(__file__).resolve().parent.parent
CHAPTERS = sorted((ROOT / "docs/guide").glob("*.md"))
PROGRAMS = ("shoal", "echo", "cp", "cmake", "python3", r"steps/\w+")


def commands(chapter: Path) -> list[list[str]]:
    """What stands in indented blocks, one command a line, and the experiments with flags in the text."""
    text = chapter.read_text()
    lines = re.findall(r"^    (\S.*)$", text, re.MULTILINE)
    for line in lines:
        assert re.match(rf"({'|'.join(PROGRAMS)})\b", line), f"{chapter.name}: no test types `{line}`"
    lines += [each for each in re.findall(r"`(shoal lab [^`]+)`", text) if " --" in each]
    return [shlex.split(line) for line in lines]


class Step(Ended):
    """A program of chapter 6 at a terminal of its own: what it printed so far, and what is typed."""

    def __init__(self, line: str, address: str = ""):
        name, *words = shlex.split(line.replace("ADDRESS", address))
        program = Path(SHOAL).resolve().parent / "examples" / name
        if not program.exists():
            raise CannotRun(f"there is no {program}")
        self.process = subprocess.Popen([program, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True, bufsize=1)  # fmt: skip
        self.lines: list[str] = []
        threading.Thread(target=self._read, daemon=True).start()

    @property
    def address(self) -> str:
        return self.sees(r"(/ip4/\S+)")[1]

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    def sees(self, pattern: str, seconds: float = PATIENCE) -> re.Match:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for line in list(self.lines):
                if found := re.fullmatch(pattern, line):
                    return found
            time.sleep(0.02)
        raise AssertionError(f"no {pattern} in {self.lines}")

    def type(self, line: str):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()


# In the text: by chat_e2e.
TYPED_ELSEWHERE = {"shoal chat kitchen"}


class Page(HTMLParser):
    def __init__(self, text: str):
        super().__init__()
        self.links, self.drawings = [], 0
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.drawings += tag == "svg"
        self.links += [value for name, value in attributes if name in ("href", "src")]


def build(out: Path) -> None:
    """Runs every experiment of the guide at its smallest size; fails when a claim does not hold."""
    words = [ROOT / "tools/guide/build", SHOAL, "--quick", "--out", out]
    done = subprocess.run([str(word) for word in words], capture_output=True, timeout=600 if SANITIZED else 120)
    assert done.returncode == 0, done.stderr.decode()


def test_every_experiment_of_the_guide_exists_with_sizes_that_fit(folder):
    listed = {each["name"]: each for each in run("--json", "lab", home=folder).works().events}
    for chapter in CHAPTERS:
        for name, flags in re.findall(r"`?shoal lab ([a-z]+)([^`\n|]*)", chapter.read_text()):
            assert name in listed, (chapter.name, name)
            nodes = re.search(r"--nodes (\d+)", flags)
            if nodes:
                assert listed[name]["min_nodes"] <= int(nodes[1]) <= listed[name]["max_nodes"], (name, flags)
            for choice in listed[name]["choices"]:
                chosen = re.search(choice["flag"] + r" (\d+)( |$)", flags)
                if chosen:
                    assert choice["min"] <= int(chosen[1]) <= choice["max"], (name, flags)


def test_every_command_of_the_guide_runs_and_its_pages_need_no_network(folder):
    build(folder / "pages")
    ran = {page.stem for page in (folder / "pages/lab").glob("*.html")}
    for chapter in CHAPTERS:
        here = folder / chapter.stem
        here.mkdir()
        (here / "hello.txt").write_text("hello\n")
        with Reader(here, ran) as reader:
            for words in commands(chapter):
                reader.type(words)
    assert len(ran) >= 8, ran
    # Shown as code, typed by a test of its own.
    for chapter in CHAPTERS:
        for words in re.findall(r"`(shoal (?!lab)[^`]+ [^`]+)`", chapter.read_text()):
            assert words in TYPED_ELSEWHERE, (chapter.name, words)
    pages = sorted((folder / "pages").glob("*.html"))
    assert len(pages) == len(CHAPTERS), pages
    for page in pages:
        read = Page(page.read_text())
        for link in read.links:
            assert (folder / "pages" / link).exists(), (page.name, link)
        assert read.drawings >= 1 or page.name == "index.html", page.name


class Reader(contextlib.ExitStack):
    """Who types the commands of one chapter, in as many terminals as it takes; they stay open until its end."""

    def __init__(self, here: Path, ran: set[str]):
        super().__init__()
        self.here, self.ran = here, ran
        self.link = self.ticket = self.topic = self.port = None

    def type(self, words: list[str]) -> None:
        here = self.here
        match words:
            case ["shoal", "lab", name, *flags]:
                self.experiment(name, flags)
            case ["shoal", "share", "--index-only", name]:
                run("share", "--index-only", here / name, *LOOPBACK, home=here / "one").works()
            case ["shoal", "share", name]:
                self.link = self.enter_context(Share(here / name, home=here / "one")).link
            case ["shoal", "--home", "second", "get", "LINK", "-o", name]:
                run("get", self.link, "-o", here / name, *LOOPBACK, home=here / "two").works()
                assert (here / name).read_text() == "hello\n"
            case ["shoal", "sub", name]:
                self.topic = self.enter_context(Running("sub", name, home=here / "one"))
            case ["echo", *said, "|", "shoal", "--home", "second", "pub", name]:
                self.publish(" ".join(said), name)
            case ["python3", "-m", "http.server", _]:
                self.serve_files()
            case ["shoal", "expose", name, _]:
                exposed = self.enter_context(Running("expose", name, self.port, home=here / "one"))
                self.ticket = exposed.wait_for("exposed")["ticket"]
            case ["shoal", "--home", "second", "connect", "TICKET", "--http"]:
                self.connect()
            case ["cp" | "cmake", *_]:  # run by library_e2e, against an installed library
                pass
            case [step, *_] if step.startswith("steps/"):
                line = shlex.join(words).removeprefix("steps/")
                assert f'Step("{line}"' in Path(__file__).read_text(), f"no test types `{line}`"
            case ["shoal", *rest]:
                run(*[here / word if word == "hello.txt" else word for word in rest], home=here / "one").works()
            case _:
                assert words[0] == "echo", words

    def experiment(self, name: str, flags: list[str]) -> None:
        if "--processes" in flags:
            # Whether its claim holds is a matter of how busy this machine is.
            few = ["--processes", "--nodes", "2", "--size", "2M", "--up", "2M"]
            told = run("--json", "lab", name, *few, "--out", self.here, timeout=100)
            assert any(line["event"] == "claim" for line in told.events), told.stdout
        elif flags:
            run("lab", name, *flags, "--out", self.here, timeout=100).works()
        else:
            assert name in self.ran, f"no figure shows what `shoal lab {name}` does"

    def publish(self, text: str, topic: str) -> None:
        address = self.topic.wait_for("subscribed", topic=topic)["addresses"][0]
        options = {"home": self.here / "two", "stdin": subprocess.PIPE}
        with Running("pub", topic, "--connect", address, **options) as speaker:
            speaker.process.stdin.write(text.encode() + b"\n")
            speaker.process.stdin.close()
            assert speaker.finish() == 0, speaker.events
        self.topic.wait_for("message", text=text)

    def serve_files(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = str(free.getsockname()[1])
        words = [sys.executable, "-m", "http.server", self.port, "--bind", "127.0.0.1"]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        server = self.enter_context(subprocess.Popen(words, cwd=self.here, **quiet))
        self.callback(server.kill)
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            with contextlib.suppress(ConnectionRefusedError):
                return socket.create_connection(("127.0.0.1", int(self.port))).close()
            time.sleep(0.02)
        raise AssertionError("the web server does not start")

    def connect(self) -> None:
        connected = self.enter_context(Running("connect", self.ticket, "--http", home=self.here / "two"))
        local = connected.wait_for("connected")["local"]
        with urllib.request.urlopen(f"http://{local}/hello.txt", timeout=PATIENCE) as answer:
            assert answer.read() == b"hello\n"


def test_steps_of_the_chat_talk(folder):
    with Step("chat1") as one:
        with Step("chat1 ADDRESS", one.address) as asking:
            asking.sees(r"it answers after \d+ us")
        address = one.address
    with Step("chat1 ADDRESS", address) as asking:
        asking.sees(".*" + re.escape(address.split("/p2p/")[0]) + ".*")
        assert asking.process.wait(PATIENCE) == 1
    with Step("chat2 Ana") as ana, Step("chat2 Ben ADDRESS", ana.address) as ben:
        until_heard(ben, "hello", [ana], "Ben: hello")
        until_heard(ana, "good evening", [ben], "Ana: good evening")
        with Step("chat2 Cem ADDRESS", ana.address) as cem:
            until_heard(cem, "me too", [ana], "Cem: me too")
            ana.type("good night")
            cem.sees("Ana: good night")
            until_heard(ben, "still here", [ana], "Ben: still here")
            assert "Ana: good night" not in ben.lines
    with Step("chat Ana /ip4/127.0.0.1/tcp/0") as ana, Step("chat Ben /ip4/127.0.0.1/tcp/0 ADDRESS", ana.address) as ben:
        with Step("chat Cem /ip4/127.0.0.1/tcp/0 ADDRESS", ana.address) as cem:
            until_heard(ana, "hello", [ben, cem], "Ana: hello")
    with Step("chat4 Ana kitchen") as ana, Step("chat4 Ben kitchen ADDRESS", ana.address) as ben:
        with Step("chat4 Cem kitchen ADDRESS", ben.address) as cem:
            until_heard(cem, "hello", [ana], "Cem: hello")
            until_heard(ana, "good evening", [cem], "Ana: good evening")


def until_heard(speaker: Step, text: str, listeners: list[Step], heard: str) -> None:
    """What is said before two are connected is heard by nobody."""
    end = time.monotonic() + PATIENCE
    while not all(heard in each.lines for each in listeners):
        assert time.monotonic() < end, [each.lines for each in listeners]
        speaker.type(text)
        time.sleep(0.2)


def test_steps_of_the_map_agree(folder):
    with Step("map1 prices") as one, Step("map1 prices ADDRESS", one.address) as other:
        set_both(one, other)
    with Step("map2 prices") as one, Step("map2 prices ADDRESS", one.address) as other:
        set_both(one, other)
    with Step("kv prices") as one:
        one.type("milk=2")
        with Step("kv prices --by ADDRESS", one.address) as late:
            time.sleep(6)
            late.process.stdin.close()
            late.sees("milk=2")
    with Step("kv simulate 1 3") as seeds:
        for seed in (1, 2, 3):
            assert int(seeds.sees(rf"seed {seed}: equal after (\d+) s")[1]) < 300
    with Step("simulated") as rumour:
        rumour.sees(r"100 nodes heard it within \d+ ms; trace [0-9a-f]+")


def set_both(one: Step, other: Step) -> None:
    end = time.monotonic() + PATIENCE
    while "milk=2" not in other.lines and time.monotonic() < end:
        one.type("milk=2")
        time.sleep(0.2)
        other.type("?")
    other.type("milk=3")
    while "milk=3" not in one.lines and time.monotonic() < end:
        time.sleep(0.2)
        one.type("?")
    assert "milk=2" in other.lines and "milk=3" in one.lines, (one.lines, other.lines)


def test_shoal_guide_says_where_the_pages_are(folder):
    (folder / "bin").mkdir()
    program = shutil.copy(SHOAL, folder / "bin/shoal")

    def guide() -> dict:
        done = subprocess.run([program, "--json", "guide"], capture_output=True, text=True, timeout=PATIENCE)
        return {"exit": done.returncode, **json.loads(done.stdout.splitlines()[-1])}

    told = guide()
    assert told["exit"] == 3 and "./dev guide" in told["hint"], told
    # As cmake/install.cmake has it.
    pages = folder / "share/shoal/guide"
    pages.mkdir(parents=True)
    (pages / "index.html").write_text("<!doctype html>")
    told = guide()
    assert told["exit"] == 0 and told["path"] == str(pages / "index.html"), told
    rules = (ROOT / "cmake/install.cmake").read_text()
    assert "build/guide DESTINATION ${CMAKE_INSTALL_DATADIR}/shoal COMPONENT program" in rules


if __name__ == "__main__":
    run_tests(dict(globals()))
