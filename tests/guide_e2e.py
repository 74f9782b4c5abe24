#!/usr/bin/env python3
"""The guide: every command in it runs, at a small size, and its pages come about."""

import contextlib
import json
import re
import shlex
import shutil
import subprocess
import threading
import time
from html.parser import HTMLParser
from pathlib import Path

from command import LOOPBACK, PATIENCE, SANITIZED, SHOAL, CannotRun, Ended, Share, run, run_tests

ROOT = Path(__file__).resolve().parent.parent
CHAPTERS = sorted((ROOT / "docs/guide").glob("*.md"))


def commands(chapter: Path) -> list[list[str]]:
    """What stands in indented blocks, one command a line, and the experiments with flags in the text."""
    text = chapter.read_text()
    lines = re.findall(r"^    ((?:shoal|echo|cmake|steps/\w+)\b.*)$", text, re.MULTILINE)
    lines += [each for each in re.findall(r"`(shoal lab [^`]+)`", text) if " --" in each]
    return [shlex.split(line) for line in lines]


class Step(Ended):
    """A program of chapter 6 at a terminal of its own: what it printed so far, and what is typed."""

    def __init__(self, name: str, *words: str):
        program = Path(SHOAL).resolve().parent / "examples" / name
        if not program.exists():
            raise CannotRun(f"there is no {program}")
        self.process = subprocess.Popen([program, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True, bufsize=1)  # fmt: skip
        self.lines: list[str] = []
        threading.Thread(target=self._read, daemon=True).start()
        self.address = self.sees(r"(/ip4/\S+)")[1] if name != "simulated" and "simulate" not in words else ""

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


class Page(HTMLParser):
    def __init__(self, text: str):
        super().__init__()
        self.links, self.drawings = [], 0
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.drawings += tag == "svg"
        self.links += [value for name, value in attributes if name in ("href", "src")]


STEPS = {"chat1", "chat2", "chat", "chat4", "map1", "map2", "kv", "simulated"}


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
        run_all(commands(chapter), here, ran)
    assert len(ran) >= 8, ran
    pages = sorted((folder / "pages").glob("*.html"))
    assert len(pages) == len(CHAPTERS), pages
    for page in pages:
        read = Page(page.read_text())
        for link in read.links:
            assert (folder / "pages" / link).exists(), (page.name, link)
        assert read.drawings >= 1 or page.name == "index.html", page.name


def run_all(chapter: list[list[str]], here: Path, ran: set[str]) -> None:
    """The commands of one chapter, in two terminals where it takes two."""
    with contextlib.ExitStack() as open_terminals:
        link = None
        for words in chapter:
            match words:
                case ["shoal", "lab", name, *flags] if "--processes" in flags:
                    # Whether its claim holds is a matter of how busy this machine is.
                    few = ["--processes", "--nodes", "2", "--size", "2M", "--up", "2M"]
                    told = run("--json", "lab", name, *few, "--out", here, timeout=100)
                    assert any(line["event"] == "claim" for line in told.events), told.stdout
                case ["shoal", "lab", name]:
                    assert name in ran, f"no figure shows what `shoal lab {name}` does"
                case ["shoal", "lab", *with_flags]:
                    run("lab", *with_flags, "--out", here, timeout=100).works()
                case ["shoal", "share", "--index-only", name]:
                    run("share", "--index-only", here / name, *LOOPBACK, home=here / "one").works()
                case ["shoal", "share", name]:
                    link = open_terminals.enter_context(Share(here / name, home=here / "one")).link
                case ["shoal", "--home", "second", "get", "LINK", "-o", name]:
                    assert link, "the guide gets what nobody shares"
                    run("get", link, "-o", here / name, *LOOPBACK, home=here / "two").works()
                    assert (here / name).read_text() == "hello\n"
                case ["cmake", *rest]:  # run by library_e2e, against an installed library
                    assert rest in (["-S", "examples", "-B", "steps"], ["--build", "steps"]), rest
                case [step, *_] if step.startswith("steps/"):
                    assert step.removeprefix("steps/") in STEPS, step
                case ["shoal", *rest]:
                    run(*[here / word if word == "hello.txt" else word for word in rest], home=here / "one").works()


def test_steps_of_the_chat_talk(folder):
    with Step("chat1") as one:
        told = subprocess.run([one.process.args[0], one.address], capture_output=True, text=True, timeout=PATIENCE)
        assert re.match(r"it answers after \d+ us", told.stdout), told
    with Step("chat2", "Ana") as ana, Step("chat2", "Ben", ana.address) as ben:
        while not any(line == "Ben: hello" for line in ana.lines):
            ben.type("hello")
            time.sleep(0.1)
        ana.type("good evening")
        ben.sees("Ana: good evening")
    here = "/ip4/127.0.0.1/tcp/0"
    with Step("chat", "Ana", here) as ana, Step("chat", "Ben", here, ana.address) as ben:
        with Step("chat", "Cem", here, ana.address) as cem:
            while not all(any("Ana: hello" == line for line in each.lines) for each in (ben, cem)):
                ana.type("hello")
                time.sleep(0.1)
    with Step("chat4", "Ana", "kitchen") as ana, Step("chat4", "Ben", "kitchen", ana.address) as ben:
        with Step("chat4", "Cem", "kitchen", ben.address) as cem:
            while not any(line == "Cem: hello" for line in ana.lines):
                cem.type("hello")
                time.sleep(0.2)
            ana.type("good evening")
            cem.sees("Ana: good evening")


def test_steps_of_the_map_agree(folder):
    for name in ("map1", "map2"):
        with Step(name, "prices") as one, Step(name, "prices", one.address) as other:
            while "milk=2" not in other.lines:
                one.type("milk=2")
                time.sleep(0.2)
                other.type("?")
            other.type("milk=3")
            while "milk=3" not in one.lines:
                time.sleep(0.2)
                one.type("?")
    with Step("kv", "prices") as one:
        one.type("milk=2")
        with Step("kv", "prices", "--by", one.address) as late:
            time.sleep(6)
            late.process.stdin.close()
            late.sees("milk=2")
    with Step("kv", "simulate", "1") as seeds:
        assert int(seeds.sees(r"seed 1: equal after (\d+) s")[1]) < 300
    with Step("simulated") as rumour:
        rumour.sees(r"100 nodes heard it within \d+ ms; trace [0-9a-f]+")


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
