#!/usr/bin/env python3
"""The guide: every command in it runs, at a small size, and its pages come about."""

import contextlib
import re
import shlex
import subprocess
from html.parser import HTMLParser
from pathlib import Path

from command import LOOPBACK, SANITIZED, SHOAL, Share, run, run_tests

ROOT = Path(__file__).resolve().parent.parent
CHAPTERS = sorted((ROOT / "docs/guide").glob("*.md"))


def commands(chapter: Path) -> list[list[str]]:
    """What stands in indented blocks, one command a line."""
    lines = chapter.read_text().split("\n")
    return [shlex.split(line) for line in lines if re.match(r"    (shoal|echo) ", line)]


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
                case ["shoal", "lab", name, *_]:
                    assert name in ran, f"no figure shows what `shoal lab {name}` does"
                case ["shoal", "share", "--index-only", name]:
                    run("share", "--index-only", here / name, *LOOPBACK, home=here / "one").works()
                case ["shoal", "share", name]:
                    link = open_terminals.enter_context(Share(here / name, home=here / "one")).link
                case ["shoal", "--home", "second", "get", "LINK", "-o", name]:
                    assert link, "the guide gets what nobody shares"
                    run("get", link, "-o", here / name, *LOOPBACK, home=here / "two").works()
                    assert (here / name).read_text() == "hello\n"
                case ["shoal", *rest]:
                    run(*[here / word if word == "hello.txt" else word for word in rest], home=here / "one").works()


def test_shoal_guide_says_where_the_pages_are(folder):
    told = run("--json", "guide", home=folder)
    if told.code == 0:
        assert Path(told.last["path"]).name == "index.html"
    else:
        told.fails("not_found")
        assert "./dev guide" in told.last["hint"], told.last


if __name__ == "__main__":
    run_tests(dict(globals()))
