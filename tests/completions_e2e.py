#!/usr/bin/env python3
"""The manual page and the completions of each shell know what `shoal --help` knows."""

import re
import shutil
import subprocess
from pathlib import Path

from command import commands_in_help, flags_in_help, run_tests

ROOT = Path(__file__).resolve().parent.parent
MANUAL = ROOT / "docs/man/shoal.1"
COMPLETIONS = ROOT / "tools/completions"


def every_flag() -> dict[str | None, list[list[str]]]:
    """The flags of each command, and under None those of every command, each with its spellings."""
    return {command: flags_in_help(command) for command in [None, *commands_in_help()]}


def test_the_manual_names_every_command_and_flag(_):
    text = MANUAL.read_text()
    for command in commands_in_help():
        assert re.search(rf"^\.Ss {command}\b", text, re.M), f"the manual has no {command}"
    for command, flags in every_flag().items():
        for spelling in sum(flags, []):
            # mdoc's Fl writes the first dash.
            assert re.search(rf"\bFl {re.escape(spelling[1:])}(\s|$)", text, re.M), (command, spelling)
    helped = {spelling for flags in every_flag().values() for spelling in sum(flags, [])}
    for written in re.findall(r"\bFl (\S+)", text):
        assert f"-{written}" in helped, f"the manual has -{written}, which no command takes"


def test_the_manual_renders_without_a_warning(folder):
    tried = 0
    for words in (["mandoc", "-T", "lint", "-W", "warning"], ["groff", "-mandoc", "-Tutf8", "-ww"],
                  ["man", "-l", "--warnings"]):  # fmt: skip
        if not shutil.which(words[0]):
            continue
        tried += 1
        done = subprocess.run([*words, MANUAL], capture_output=True, env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"})
        complaints = done.stderr.decode() + (done.stdout.decode() if words[0] == "mandoc" else "")
        assert done.returncode == 0 and complaints == "", (words, complaints)
        if words[0] == "man":
            assert "FLAGS OF EVERY COMMAND" in done.stdout.decode()
    print(f"        rendered by {tried} programs")


def bash_completes(*words: str, cwd: Path = ROOT) -> list[str]:
    """What bash offers for the last word."""
    script = ('source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _shoal; '
              'for reply in "${COMPREPLY[@]}"; do printf "%s\\n" "$reply"; done')  # fmt: skip
    done = subprocess.run(["bash", "-c", script, COMPLETIONS / "shoal.bash", "shoal", *words],
                          capture_output=True, check=True, text=True, cwd=cwd)  # fmt: skip
    assert done.stderr == "", done.stderr
    return sorted(done.stdout.splitlines())


def test_bash_offers_every_command_and_flag(_):
    assert set(bash_completes("")) == {*commands_in_help(), "help"}
    assert bash_completes("s") == sorted(c for c in commands_in_help() if c.startswith("s"))
    for command, flags in every_flag().items():
        words = [command] if command else []
        known = {spelling for spelling in sum(flags, []) if spelling != "-h"}
        offered = set(bash_completes(*words, "-"))
        common = {spelling for spelling in sum(every_flag()[None], []) if spelling != "-h"}
        assert offered == known | common, (command, offered ^ (known | common))


def test_bash_completes_what_follows_a_flag(folder):
    for name in ("film.mkv", "film.srt"):
        (folder / name).write_bytes(b"")
    (folder / "fine").mkdir()
    assert bash_completes("share", "fil", cwd=folder) == ["film.mkv", "film.srt"]
    assert bash_completes("--home", "fi", cwd=folder) == ["fine"]
    assert bash_completes("get", "LINK", "-o", "fi", cwd=folder) == ["film.mkv", "film.srt", "fine"]
    assert bash_completes("--color", "a") == ["always", "auto"]
    assert bash_completes("get", "fi", cwd=folder) == [], "a link is no file"
    assert bash_completes("--connect", "") == []
    assert bash_completes("--home", "share", "get", "--fo") == ["--force"], "a value is no command"
    assert bash_completes("help", "pi") == ["ping"]


def test_bash_completes_what_follows_an_equals_sign(folder):
    (folder / "fine").mkdir()
    assert bash_completes("--color", "=") == ["always", "auto", "never"]
    assert bash_completes("--color", "=", "al") == ["always"]
    assert bash_completes("--home", "=", "fi", cwd=folder) == ["fine"]
    assert bash_completes("--home", "=", "fine", "pi") == ["ping"]
    assert bash_completes("--home", "=", "share", "get", "--color", "=", "never", "--fo") == ["--force"]


def flags_in(text: str) -> set[str]:
    """Of zsh's: '(-o --output)'{-o,--output}'[...]', '--seed[...]'."""
    return set(re.findall(r"(?<![\w-])(--?[a-zA-Z][a-z-]*)", text))


def zsh_part(text: str, command: str | None) -> str:
    if command is None:
        return text[text.index("every=(") : text.index("commands=(")]
    arms = re.findall(r"^      (\w+(?: \| \w+)*)\)(.*?)(?:;;|;\|)", text[text.index("case $line[1]") :], re.M | re.S)
    return "".join(body for names, body in arms if command in names.split(" | "))


def test_zsh_knows_every_command_and_flag(_):
    text = (COMPLETIONS / "_shoal").read_text()
    offered = re.findall(r"^  '(\w+):", text[text.index("commands=(") :], re.M)
    assert set(offered) == {*commands_in_help(), "help"}
    for command, flags in every_flag().items():
        offered = flags_in(re.sub(r"\[[^]]*\]", "", zsh_part(text, command)))
        assert offered == set(sum(flags, [])), (command, offered ^ set(sum(flags, [])))
    if shutil.which("zsh"):
        subprocess.run(["zsh", "-n", COMPLETIONS / "_shoal"], check=True)


def fish_flags(text: str, command: str | None) -> set[str]:
    offered = set()
    for line in text.splitlines():
        condition = re.search(r"-n '__fish_seen_subcommand_from ([^']*)'", line)
        mine = condition is None if command is None else condition and command in condition[1].split()
        if mine and line.startswith("complete"):
            offered |= {"-" + short for short in re.findall(r" -s (\w)\b", line)}
            offered |= {"--" + long for long in re.findall(r" -l ([\w-]+)", line)}
    return offered


def test_fish_knows_every_command_and_flag(_):
    text = (COMPLETIONS / "shoal.fish").read_text()
    assert set(re.findall(r'from \$commands" -a (\w+) ', text)) == {*commands_in_help(), "help"}
    for command, flags in every_flag().items():
        offered = fish_flags(text, command)
        assert offered == set(sum(flags, [])), (command, offered ^ set(sum(flags, [])))
    if shutil.which("fish"):
        script = f"source {COMPLETIONS / 'shoal.fish'}; complete -C 'shoal get --fo'"
        said = subprocess.run(["fish", "--no-config", "-c", script], capture_output=True, text=True, check=True)
        assert said.stdout.split()[0] == "--force", said


run_tests(dict(globals()))
