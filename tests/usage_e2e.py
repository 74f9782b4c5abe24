#!/usr/bin/env python3
"""What the command says without a network: usage, help, version, cid, id, signals, homes."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time

from command import LOOPBACK, SHOAL, CannotRun, Result, Running, Share, run, run_on_terminal, run_tests

CID = "bafkreifzjut3te7nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e"
PEER = "12D3KooWSahP5pFRCEfaziPEba7urXGeif6T1y8jmodzdFUvzBHj"
COMMANDS = ["share", "get", "ls", "cat", "stat", "cid", "id", "status", "ping", "version", "forget"]

WRONG = [
    [],
    ["fly"],
    ["--fly"],
    ["get"],
    ["get", "not a link"],
    ["get", "https://example.org/"],
    ["get", CID + "?provider=/dns/example.com/tcp/443/tls/http"],
    ["get", CID, "another"],
    ["get", CID, "--fly"],
    ["share"],
    ["share", ""],
    ["share", ".", "--exclude", ""],
    ["cid", ""],
    ["ls", ""],
    ["get", CID, "-o", "-"],
    ["share", ".", "--until-sent", "0"],
    ["share", ".", "--until-sent", "many"],
    ["share", ".", "--name", "a/b"],
    ["share", ".", "--name", ".."],
    ["share", ".", "--name", "x" * 256],
    ["share", ".", "--exclude", "x" * 4097],
    ["cat", CID, "--offset", "-1"],
    ["cat", CID, "--length", "1K"],
    ["ping", "somebody"],
    ["ping", "/ip4/127.0.0.1/tcp/1"],
    ["ping", "/ip4/127.0.0.1/tcp/1/p2p/12D3KooWxxxx"],
    ["get", "ipns://docs.ipfs.tech"],
    ["id", "--relay", "/ip4/127.0.0.1/tcp/1"],
    ["id", "--bootstrap", "/ip4/127.0.0.1/tcp/1"],
    ["dht", "fly"],
    ["dht", "lookup"],
    ["dht", "table", "more"],
    ["network", "old", "file"],
    ["find", "nothing"],
    ["id", "--up", "20MB"],
    ["id", "--up", "0"],
    ["id", "--down", "0.5"],
    ["help", "fly"],
    ["help", "shar"],
    ["id", "--down", "fast"],
    ["id", "--timeout", "10"],
    ["id", "--color", "red"],
    ["id", "--listen", "127.0.0.1:80"],
    ["id", "--connect", "/ip4/127.0.0.1/tcp/1"],
    ["id", "--home"],
]


def test_wrong_command_lines_are_refused_with_a_hint(folder):
    for words in WRONG:
        plain = run(*words, home=folder)
        assert plain.code == 2, (words, plain.code, plain.stderr)
        assert plain.stdout == b"", (words, plain.stdout)
        assert b"error: " in plain.stderr and b"hint: " in plain.stderr, (words, plain.stderr)
        lined = run("--json", *words, home=folder).fails("usage")
        assert lined.last["hint"], words
        assert lined.stderr == b"", (words, lined.stderr)
    assert list(folder.iterdir()) == [], "a wrong command line made a home"


def test_help_teaches_by_example(folder):
    whole = run("--help").works().stdout.decode()
    for command in COMMANDS:
        assert re.search(rf"^  {command} ", whole, re.M), command
        text = run(command, "--help").works().stdout.decode()
        assert text.count(f"  shoal {command}") >= 2, text
        assert run("help", command).works().stdout.decode() == text
        assert max(len(line) for line in text.splitlines()) <= 80, text
    assert max(len(line) for line in whole.splitlines()) <= 80, whole
    assert run("help").works().stdout.decode() == whole
    assert "sim" not in re.findall(r"^  (\w+)", whole, re.M)


def test_version_is_told(folder):
    told = run("version", "--json").works().last
    assert set(told) == {"version", "commit", "compiler", "libraries"}, told
    assert told["version"] in run("version").works().stdout.decode()
    assert run("--version").works().stdout == run("version").stdout
    for words in (["--json", "--version"], ["--version", "--json"]):
        assert run(*words).works().last == told, words


def test_flags_stand_on_either_side(folder):
    before = run("--json", "--home", folder / "a", *LOOPBACK, "id").works().last
    after = run("id", "--json", "--home", folder / "a", *LOOPBACK).works().last
    assert before["peer_id"] == after["peer_id"]
    assert before["agent"].startswith("shoal/")
    assert "/ipfs/ping/1.0.0" in before["protocols"], before


def test_home_comes_from_the_environment(folder):
    def made(**variables):
        environment = {"PATH": os.environ["PATH"], **{k: str(v) for k, v in variables.items()}}
        return run(*LOOPBACK, "--json", "id", env=environment).works().last["peer_id"]

    assert made(SHOAL_HOME=folder / "a", XDG_DATA_HOME=folder / "b") == made(SHOAL_HOME=folder / "a")
    made(XDG_DATA_HOME=folder / "b", HOME=folder / "c")
    assert (folder / "b/shoal").is_dir() and not (folder / "c").exists()
    made(HOME=folder / "c")
    assert (folder / "c/.local/share/shoal").is_dir()


def test_cid_keeps_nothing_and_is_the_same_everywhere(folder):
    (folder / "hello").write_bytes(b"hello\n")
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder / "home")}
    told = run("cid", "--json", folder / "hello", env=environment).works().last
    plain = run("cid", folder / "hello", env=environment).works().stdout.decode()
    assert plain == told["cid"] + "\n"
    # The sha2-256 of "hello\n" as a raw CIDv1.
    assert plain.strip() == "bafkreicysg23kiwv34eg2d7qweipxwosdo2py4ldv42nbauguluen5v6am", plain
    assert not (folder / "home").exists()


def test_a_home_is_never_shared(folder):
    tree, home = folder / "tree", folder / "tree/state/.home"
    (tree / "state").mkdir(parents=True)
    (tree / "file").write_bytes(b"x")
    without = run("cid", "--hidden", tree).works().stdout.decode().strip()
    run(*LOOPBACK, "id", home=home).works()
    shared = run("--json", "share", "--index-only", "--hidden", tree, home=home).works()
    assert shared.last["cid"] == without and b"left out: the home" in shared.stderr, shared.stderr
    assert run("cid", "--hidden", tree, home=home).works().stdout.decode().strip() == without
    assert run("cid", "--hidden", tree).works().stdout.decode().strip() != without
    for path in (home, home / "index.db"):
        for command in (["share", "--index-only"], ["cid"]):
            failed = run("--json", *command, path, home=home).fails("usage")
            assert "private key" in failed.last["message"], failed.last


def test_what_keeps_nothing_needs_no_home(folder):
    (folder / "x").write_bytes(b"x")
    environment = {"PATH": os.environ["PATH"]}
    run("version", env=environment).works()
    run("cid", folder / "x", env=environment).works()
    run("--json", "id", env=environment).fails("usage")


def test_a_file_is_no_home(folder):
    (folder / "x").write_bytes(b"x")
    run("--json", *LOOPBACK, "id", home=folder / "x").fails("io")


def test_a_result_that_cannot_be_written_is_an_error(folder):
    with open("/dev/full", "wb") as full:
        share = ["--home", folder / "home", *LOOPBACK, "share", SHOAL]
        for words in (["version"], ["--help"], ["help", "get"], ["--json", "version"], share, ["--json", *share]):
            words = [str(word) for word in [SHOAL, *words]]
            ended = subprocess.run(words, stdout=full, stderr=subprocess.PIPE, timeout=20)
            assert ended.returncode == 6 and b"stdout: cannot write" in ended.stderr, ended


def test_a_path_may_be_called_like_a_command(folder):
    (folder / "get").write_bytes(b"x")
    assert run("cid", "get", cwd=folder).works().stdout


def test_a_path_may_be_called_like_a_list(folder):
    for name in ("[draft]", "[y,z]", "{}", "{a}", "]", "y", "z", "draft"):
        (folder / name).write_bytes(name.encode() * 3)
    for name in ("[draft]", "[y,z]", "{}", "{a}", "]"):
        (folder / "plain").write_bytes(name.encode() * 3)
        plain = run("cid", "plain", cwd=folder).works().stdout
        assert run("cid", name, cwd=folder).works().stdout == plain, name
    both = run("--json", "cid", "[y,z]", "--exclude", "[ab]", "y", "{}", cwd=folder).works().last
    assert both["files"] == 3 and both["name"] == "[y,z] and 2 more", both
    named = ["share", "--index-only", "--name", "[a,b]", "y", "--home", "{}x"]
    assert run("--json", *named, cwd=folder).works().last["name"] == "[a,b]"


def test_what_is_absent_is_named(folder):
    absent = run("--json", "cid", folder / "absent").fails("io")
    assert absent.last["message"].endswith("absent: no such file or folder") and not absent.last["hint"], absent.last


def test_what_cannot_be_read_may_be_left_out(folder):
    if os.geteuid() == 0:
        setpriv = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
        if not shutil.which("setpriv"):
            raise CannotRun("root may read everything")
    else:
        setpriv = []
    folder.chmod(0o755)
    for name in ("tree/open", "tree/closed"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"x")
    (folder / "tree/closed").chmod(0)
    words = [*setpriv, SHOAL, "--json", "cid", folder / "tree"]
    done = subprocess.run([str(word) for word in words], capture_output=True)
    failed = Result(done.returncode, done.stdout, done.stderr).fails("io")
    assert "closed: permission denied" in failed.last["message"], failed.last
    assert "--exclude" in failed.last["hint"], failed.last


def test_an_address_that_cannot_be_had_is_no_matter_of_the_disk(folder):
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = f"/ip4/127.0.0.1/tcp/{server.getsockname()[1]}"
        failed = run("--json", "--listen", taken, "ls", CID, home=folder / "home").fails("failed")
        assert "in use" in failed.last["message"] and "another port" in failed.last["hint"], failed.last
    failed = run("--json", "--listen", "/ip4/203.0.113.9/tcp/0", "ls", CID, home=folder / "home").fails("failed")
    assert "203.0.113.9" in failed.last["message"] and "0.0.0.0" in failed.last["hint"], failed.last


def test_a_new_home_is_for_its_owner_alone(folder):
    run(*LOOPBACK, "id", home=folder / "above/new").works()
    assert (folder / "above/new").stat().st_mode & 0o777 == 0o700
    assert (folder / "above").stat().st_mode & 0o777 != 0o700
    (folder / "old").mkdir()
    (folder / "old").chmod(0o755)
    run(*LOOPBACK, "id", home=folder / "old").works()
    assert (folder / "old").stat().st_mode & 0o777 == 0o755


def test_a_link_that_the_shell_has_cut_says_so(folder):
    for command in ("get", "cat", "ls", "stat"):
        words = [*LOOPBACK, "--timeout", "300ms", command]
        cut = run(*words, f"ipfs://{CID}?filename=x", home=folder / "home")
        assert cut.code == 8 and b"quotes" in cut.stderr, (command, cut.code, cut.stderr)
        whole = run(*words, CID, home=folder / "home")
        assert whole.code == 8 and b"quotes" not in whole.stderr, (command, whole.code, whole.stderr)


def test_a_link_may_stand_in_brackets(folder):
    run("--json", *LOOPBACK, "--timeout", "300ms", "ls", f" <ipfs://{CID}>\n", home=folder / "home").fails("timeout")


def test_an_unusable_provider_is_a_warning(folder):
    known = ["--connect", f"/ip4/127.0.0.1/tcp/1/p2p/{PEER}"]
    link = CID + "?provider=/dns/example.com/tcp/443/tls/http"
    said = run(*LOOPBACK, *known, "cat", link, home=folder / "home").stderr.decode()
    assert said.startswith("warning: the link names a provider that cannot be used: /dns/"), said
    assert "hint: the addresses in the link lead to this machine only" in said, said


def test_share_ends_on_either_signal(folder):
    (folder / "file").write_bytes(b"x")
    for number in (signal.SIGINT, signal.SIGTERM):
        with Share(folder / "file", home=folder / "home") as share:
            assert share.stop(number) == 0


def test_a_signal_is_how_share_ends_but_leaves_an_index_undone(folder):
    with open(folder / "long", "wb") as file:
        file.truncate(200_000_000_000)
    for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
        with Running("share", folder / "long", home=folder / "home") as share:
            share.wait_for("indexing")
            assert share.stop(number) == 0
            assert share.events[-1]["event"] == "indexing", share.events[-1]
        with Running("share", "--index-only", folder / "long", home=folder / "home") as share:
            share.wait_for("indexing")
            assert share.stop(number) == code
            assert share.events[-1]["code"] == "stopped", share.events[-1]


def test_a_signal_that_comes_twice_at_once_is_one(folder):
    with open(folder / "long", "wb") as file:
        file.truncate(200_000_000_000)
    for _ in range(5):
        with Running("share", "--index-only", folder / "long", home=folder / "home") as share:
            share.wait_for("indexing")
            share.process.send_signal(signal.SIGINT)
            assert share.stop(signal.SIGINT) == 130
            assert share.events[-1]["code"] == "stopped", share.events[-1]


def test_share_gives_up_when_nobody_comes(folder):
    (folder / "file").write_bytes(b"x")
    failed = run("--json", *LOOPBACK, "share", folder / "file", "--timeout", "1s", home=folder / "home")
    failed.fails("timeout")
    assert failed.events[-2]["event"] == "serving", failed.events


def test_several_paths_are_called_after_the_first(folder):
    for name in ("notes.txt", "b", "c"):
        (folder / name).write_bytes(name.encode())
    paths = [folder / "notes.txt", folder / "b", folder / "c"]
    assert run("--json", "cid", *paths).works().last["name"] == "notes.txt and 2 more"
    assert run("--json", "cid", "./", "/etc/hostname", cwd=folder).works().last["name"] == folder.name + " and 1 more"
    told = run("--json", "share", "--index-only", "--name", "all", *paths, home=folder / "home").works().last
    assert told["name"] == "all" and "filename=all" in told["link"], told
    (folder / ("ü" * 127)).write_bytes(b"x")
    long = run("--json", "cid", folder / ("ü" * 127), folder / "b").works().last["name"]
    assert long == "ü" * 122 + " and 1 more", long


def test_status_tells_of_a_home_and_makes_nothing(folder):
    told = run("--json", "status", home=folder / "none").works().last
    assert not (folder / "none").exists(), "status made a home"
    assert told["peer_id"] is None and told["holder"] is None and told["places"] == [], told
    assert {"name": "link.providers", "value": 8, "unit": "addresses", "bounds": "providers that a link names"} in told["limits"]
    (folder / "x").write_bytes(b"x")
    run("--json", "status", home=folder / "x").fails("io")


def test_status_works_beside_a_process_that_holds_the_home(folder):
    tree, home = folder / "tree", folder / "home"
    for name in ("a", "b/c", "b/d"):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_bytes(name.encode() * 1000)
    (folder / "single").write_bytes(b"alone")
    with Share(tree, folder / "single", home=home) as share:
        before = {path.name: path.stat().st_mtime_ns for path in home.iterdir()}
        told = run("--json", "status", home=home).works().last
        assert told["peer_id"] == share.serving["peer_id"], told
        assert told["holder"]["process"] == str(share.process.pid), told
        assert " share " in told["holder"]["command"], told
        assert told["files"] == 4 and told["bytes"] == 7005, told
        assert told["blocks_in_files"] == 4 and told["blocks"] == 4 + told["blocks_in_index"], told
        assert told["disk_bytes"] > told["index_bytes"] > 0, told
        assert before == {path.name: path.stat().st_mtime_ns for path in home.iterdir()}
        plain = run("status", home=home).works().stdout.decode()
        assert f"process {share.process.pid}: " in plain and share.serving["peer_id"] in plain, plain
        share.stop()
    told = run("--json", "status", home=home).works().last
    assert told["holder"] is None and told["files"] == 4, told
    assert not (home / "index.db-wal").exists(), "status made a file"


def test_status_tells_what_changed_and_what_is_gone(folder):
    tree, home = folder / "tree", folder / "home"
    tree.mkdir()
    for name in ("same", "other", "away"):
        (tree / name).write_bytes(name.encode())
    run(*LOOPBACK, "share", "--index-only", tree, home=home).works()
    (tree / "other").write_bytes(b"something else")
    (tree / "away").unlink()
    (place,) = run("--json", "status", home=home).works().last["places"]
    assert place["path"] == str(tree) and place["files"] == 3, place
    assert place["changed"] == 1 and place["gone"] == 1, place
    assert b"1 gone, 1 changed since" in run("status", home=home).stdout


def test_stat_does_not_count_what_changed_or_is_gone(folder):
    tree, home = folder / "tree", folder / "home"
    tree.mkdir()
    for name in ("same", "other", "away"):
        (tree / name).write_bytes(name.encode())
    cid = run("--json", *LOOPBACK, "share", "--index-only", tree, home=home).works().last["cid"]

    def held():
        told = run("--json", *LOOPBACK, "stat", cid, home=home).works().last
        return told["blocks_held"], told["held"]

    assert held() == (4, True)
    (tree / "other").write_bytes(b"something else")
    assert held() == (3, False)
    (tree / "away").unlink()
    assert held() == (2, False)


def test_status_sums_up_many_folders_for_people(folder):
    for i in range(100):
        (folder / f"tree/{i}/x").mkdir(parents=True)
        (folder / f"tree/{i}/x/file").write_bytes(b"%d" % i)
    run(*LOOPBACK, "share", "--index-only", folder / "tree", home=folder / "home").works()
    assert len(run("--json", "status", home=folder / "home").works().last["places"]) == 100
    plain = run("status", home=folder / "home").works().stdout.decode()
    assert plain.endswith(f"  {folder}/tree, 100 files\n"), plain


def test_stdout_may_go_away(folder):
    (folder / "file").write_bytes(b"x" * 3_000_000)
    words = [SHOAL, "--home", folder / "home", "--json", *LOOPBACK, "share", folder / "file"]
    process = subprocess.Popen([str(word) for word in words], stdout=subprocess.PIPE)
    process.stdout.close()
    time.sleep(0.5)
    assert process.poll() is None
    process.terminate()
    assert process.wait(3) == 0


def test_link_alone_is_on_stdout(folder):
    (folder / "file").write_bytes(b"x")
    done = run(*LOOPBACK, "share", "--index-only", folder / "file", home=folder / "home").works()
    lines = done.stdout.decode().splitlines()
    assert len(lines) == 1 and lines[0].startswith("ipfs://"), lines
    quiet = run("-q", *LOOPBACK, "share", "--index-only", folder / "file", home=folder / "home")
    assert quiet.stderr == b"", quiet.stderr
    assert b"\x1b" not in done.stdout + done.stderr


def test_a_terminal_gets_a_code_and_stdout_the_link_alone(folder):
    (folder / "file").write_bytes(b"x")

    def seen(*flags, **options):
        words = [*LOOPBACK, *flags, "share", "--index-only", folder / "file"]
        told = run_on_terminal(*words, home=folder / "home", **options).works()
        assert told.stdout.startswith(b"ipfs://") and told.stdout.count(b"\n") == 1, told.stdout
        return told.stderr.decode()

    black_on_white = "\x1b[38;5;16;48;5;231m"
    assert "█▀▀▀▀▀█" in seen(rows=60) and black_on_white in seen(rows=60)
    for plain in (seen("--color", "never", rows=60), seen(rows=60, NO_COLOR="1")):
        assert "▀" in plain and black_on_white not in plain, plain
    for small in (seen(rows=12), seen(rows=60, columns=30)):
        assert "▀" not in small and "larger window" in small, small
    assert "▀" not in seen(rows=60, TERM="dumb") and seen("-q", rows=60) == ""


def test_progress_is_redrawn_in_place_on_a_terminal(folder):
    with open(folder / "zeros", "wb") as file:
        file.truncate(800_000_000)
    told = run_on_terminal("cid", folder / "zeros", home=folder / "home").works()
    drawn = told.stderr.decode().split("\r\x1b[K")
    assert len(drawn) > 2 and drawn[-1] == "", drawn[-3:]
    assert all("indexing zeros" in line and len(line) <= 77 for line in drawn[1:-1]), drawn
    assert run_on_terminal("cid", "--no-progress", folder / "zeros", home=folder / "home").stderr == b""


def test_colors_come_when_asked_for(folder):
    assert b"\x1b[" in run("--color", "always", "cid", "/absent/file").stderr
    assert b"\x1b[" not in run("cid", "/absent/file").stderr
    assert b"\x1b[" not in run("--color", "never", "cid", "/absent/file").stderr


def test_index_only_names_nobody(folder):
    (folder / "file").write_bytes(b"x")
    told = run("--json", *LOOPBACK, "share", "--index-only", folder / "file", home=folder / "home")
    serving = told.works().last
    assert serving["event"] == "serving" and "provider=" not in serving["link"], serving
    assert json.loads(told.stdout.splitlines()[0])["event"] == "indexing"


run_tests(dict(globals()))
