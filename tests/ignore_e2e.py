#!/usr/bin/env python3
"""A .shoalignore leaves out what git leaves out by a .gitignore with the same lines."""

import random
import shutil
import subprocess
import sys
from pathlib import Path

from command import run, run_tests

NAMES = ["a", "b", "ab", "a.o", "b.o", "x y", "#c", "!d", "ü", "[e]", "a\\b"]
LINES = [
    "a", "b/", "/a", "*.o", "!b.o", "!a", "a/b", "/a/b", "a/", "a/*", "a/**", "**/b", "**/b/", "a/**/b", "**", "*",
    "?", "[ab]", "[!a]", "[^b]*", "[a-b].o", "\\#c", "#c", "\\!d", "!d", "x y", "x y   ", "x\\ y", "ü", "\\[e]", "[[]e]",
    "", "   ", "a\\\\b", "b/a/", "!b/a", "!/b/**", "*b*", "a**b", "**a", "/*", "!/b", "/**/a", "a//b", "[]e]", "b/*.o",
    "[[:alpha:]]", "[[:upper:]a]", "[![:alpha:]]*",
]  # fmt: skip


def make_tree(folder: Path, choice: random.Random, depth: int = 0) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in choice.sample(NAMES, 6):
        if depth < 3 and choice.random() < 0.4:
            make_tree(folder / name, choice, depth + 1)
        else:
            (folder / name).write_bytes(b"x")
    if depth == 0 or choice.random() < 0.3:
        lines = choice.choices(LINES, k=choice.randint(1, 5))
        (folder / ".shoalignore").write_text("\n".join(lines) + choice.choice(["", "\n", "\r\n"]))


def kept_by_git(folder: Path) -> set[str]:
    listed = subprocess.run(
        ["git", "-c", "core.excludesFile=/dev/null", "ls-files", "-o", "-z", "--exclude-per-directory=.shoalignore"],
        cwd=folder, capture_output=True, check=True,
    )  # fmt: skip
    names = {name for name in listed.stdout.decode().split("\0") if name}
    return {name for name in names if name.rsplit("/", 1)[-1] != ".shoalignore"}


def kept_by_shoal(folder: Path, home: Path, *flags) -> set[str]:
    cid = run("--json", "share", "--index-only", "--hidden", "--exclude", "/.git", *flags, folder, home=home).works().last["cid"]
    entries = run("--json", "ls", "-R", cid, home=home).works()
    return {entry["path"] for entry in (entries.events if entries.stdout else []) if entry["type"] == "file"}


def rules_of(folder: Path) -> dict:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob(".shoalignore")}


def test_random_rules_mean_what_they_mean_to_git(folder):
    for seed in range(60):
        tree = folder / str(seed)
        make_tree(tree, random.Random(seed))
        subprocess.run(["git", "init", "-q", tree], check=True)
        git, shoal = kept_by_git(tree), kept_by_shoal(tree, folder / "home")
        assert git == shoal, (seed, rules_of(tree), "git alone:", git - shoal, "shoal alone:", shoal - git)


def test_exclude_is_a_line_that_no_file_takes_back(folder):
    tree = folder / "tree"
    for name in ("a.o", "b", "sub/a.o", "sub/b", "sub/deep/b"):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_bytes(b"x")
    (tree / ".shoalignore").write_text("!a.o\n")
    kept = kept_by_shoal(tree, folder / "home", "--exclude", "*.o", "--exclude", "/b", "--exclude", "deep/")
    assert kept == {"sub/b"}, kept


def test_hidden_files_need_the_flag_whatever_the_rules(folder):
    tree = folder / "tree"
    (tree / ".h").mkdir(parents=True)
    for name in (".x", ".h/y", "z"):
        (tree / name).write_bytes(b"x")
    (tree / ".shoalignore").write_text("!.x\n")
    assert kept_by_shoal(tree, folder / "home") == {".x", ".h/y", "z"}
    plain = run("--json", "cid", tree).works().last
    assert plain["files"] == 1, plain


if not shutil.which("git"):
    print("needs git")
    sys.exit(77)
run_tests(dict(globals()))
