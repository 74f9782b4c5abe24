#!/usr/bin/env python3
"""shoal lab: what it lists, refuses, tells and writes."""

import contextlib
import os
import re
import resource
from html.parser import HTMLParser
from pathlib import Path

from command import SANITIZED, run, run_tests


class Tags(HTMLParser):
    """What a page would load, and its drawings."""

    def __init__(self, text):
        super().__init__()
        self.loads, self.drawings, self.scripts = [], 0, 0
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.loads += [value for name, value in attributes if name in ("src", "href", "srcset")]
        self.drawings += tag == "svg"
        self.scripts += tag == "script"


def names(folder):
    return [line["name"] for line in run("--json", "lab", home=folder).works().events]


def test_lists_the_experiments(folder):
    listed = run("lab", home=folder).works().stdout.decode()
    assert "basics" in listed and "lookup" in listed, listed
    assert "churn" in names(folder)


def test_the_same_seed_gives_the_same_figures(folder):
    words = ["--json", "lab", "lookup", "--nodes", "60", "--out", folder]
    one, again = run(*words, home=folder).works(), run(*words, home=folder).works()
    other = run(*words, "--seed", "2", home=folder).works()
    assert one.stdout == again.stdout
    assert one.last["trace_hash"] != other.last["trace_hash"]


def test_a_page_needs_no_network_and_has_drawings(folder):
    told = run("--json", "lab", "basics", "--out", folder / "pages", home=folder).works()
    assert told.last["event"] == "claim" and told.last["held"] is True, told.last
    assert {line["event"] for line in told.events} == {"figure", "claim"}
    page = folder / "pages" / "basics.html"
    assert told.last["page"] == str(page)
    tags = Tags(page.read_text())
    assert tags.loads == [] and tags.scripts == 0 and tags.drawings >= 1
    assert "prefers-color-scheme:dark" in page.read_text()
    assert [entry.name for entry in page.parent.iterdir()] == ["basics.html"]


def test_what_cannot_be_is_refused_at_once(folder):
    for words in (["nothing"], ["lookup", "--nodes", "10000000"], ["lookup", "--nodes", "0"],
                  ["basics", "--nodes", "6"], ["lookup", "--seed", "x"], ["lookup", "more"]):
        refused = run("--json", "lab", *words, "--out", folder / "x", home=folder).fails("usage")
        assert refused.last["hint"], words
    assert "100000" in run("--json", "lab", "lookup", "--nodes", "100001", home=folder).last["hint"]
    assert not (folder / "x").exists()
    (folder / "file").write_text("")
    run("--json", "lab", "basics", "--out", folder / "file", home=folder).fails("io")
    if os.getuid() != 0:
        (folder / "closed").mkdir(mode=0o500)
        run("--json", "lab", "basics", "--out", folder / "closed", home=folder).fails("io")


def test_every_experiment_refuses_what_it_cannot_be(folder):
    for each in run("--json", "lab", home=folder).works().events:
        for nodes in (each["min_nodes"] - 1, each["max_nodes"] + 1):
            words = ["lab", each["name"], "--nodes", nodes, "--out", folder / "x"]
            refused = run("--json", *words, home=folder).fails("usage")
            assert "--nodes" in refused.last["hint"], refused.last
        if each["name"] != "distribute":
            run("--json", "lab", each["name"], "--processes", "--out", folder / "x", home=folder).fails("usage")
        choices = {choice["flag"]: choice for choice in each["choices"]}
        for flag in ("--size", "--up", "--attackers", "--rate"):
            most = choices.get(flag, {"max": 0})["max"]
            refused = run("--json", "lab", each["name"], flag, most + 1, "--out", folder / "x", home=folder)
            refused.fails("usage")
            assert "fit" in refused.last["hint"] if most else "--seed" in refused.last["hint"], refused.last
    for flag in (["--size", "1K"], ["--size", "1G"], ["--up", "1K"], ["--up", "1G"]):
        refused = run("--json", "lab", "distribute", *flag, "--out", folder / "x", home=folder).fails("usage")
        assert "fit" in refused.last["hint"], refused.last
    assert not (folder / "x").exists()


def test_what_does_not_fit_in_memory_is_refused_with_what_would(folder):
    limits = {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))}
    words = ["--json", "lab", "distribute", "--nodes", "1000", "--out", folder / "x"]
    refused = run(*words, home=folder, **({} if SANITIZED else limits))
    if SANITIZED:
        return
    refused.fails("usage")
    fits = re.fullmatch(r"--nodes up to (\d+) fit", refused.last["hint"])
    assert fits and 2 <= int(fits[1]) < 1000, refused.last
    assert not (folder / "x").exists()


def test_distributes_among_real_processes_and_ends_them(folder):
    words = ["lab", "distribute", "--processes", "--nodes", "2", "--size", "2M", "--up", "2M", "--out", folder]
    told = run("--json", *words, home=folder, timeout=60)
    assert told.last["event"] in ("claim", "error"), told.last
    claim = next(line for line in told.events if line["event"] == "claim")
    assert "2 processes" in claim["text"], claim
    assert [entry.name for entry in folder.glob("distribute*")] == ["distribute-processes.html"]
    assert not processes_in(folder)


def processes_in(folder):
    """Those that were started with this folder in their words."""
    found = []
    for words in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if str(folder).encode() in words.read_bytes():
                found.append(words.parent.name)
    return found


if __name__ == "__main__":
    run_tests(dict(globals()))
