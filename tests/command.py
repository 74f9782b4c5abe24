"""The shoal command as its contract describes it, for the end-to-end tests beside this file."""

import contextlib
import fcntl
import json
import os
import pty
import queue
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
import traceback
from pathlib import Path

SHOAL = os.environ.get("SHOAL", "shoal")
LOOPBACK = ["--listen", "/ip4/127.0.0.1/tcp/0", "--no-lan"]
PATIENCE = 20
# Sanitizers keep what was freed, and take their time: memory and speed of such a build say nothing.
SANITIZED = Path(SHOAL).resolve().parent.name in ("asan", "tsan")

EVENTS = {
    "indexing": {"path", "bytes_done", "bytes_total", "rate"},
    "serving": {"link", "cid", "name", "bytes", "files", "blocks", "seconds", "peer_id", "addresses"},
    "peer": {"peer_id", "agent", "address", "path"},
    "peers": {"connected", "gone"},
    "path": {"peer_id", "from", "to", "via"},
    "sent": {"peer_id", "bytes", "complete"},
    "left_out": {"hidden", "special", "vanished", "changing", "executables", "paths"},
    "missed": {"path"},
    "waiting": {"for", "detail"},
    "progress": {"bytes_done", "bytes_total", "rate", "eta_seconds", "peers"},
    "bad_peer": {"peer_id", "reason", "cid"},
    "removed": {"path", "files", "bytes", "left"},
    "not_placed": {"path", "reason", "count"},
    "done": {"path", "cid", "bytes", "files", "seconds", "blocks", "blocks_resumed", "blocks_fetched",
             "blocks_duplicate", "bytes_hashed", "sources"},
    "error": {"code", "message", "hint"},
}
EXIT_CODES = {"failed": 1, "usage": 2, "not_found": 3, "unreachable": 4, "corrupt": 5, "io": 6,
              "exists": 7, "timeout": 8, "locked": 9}


def check_event(event: dict) -> dict:
    fields = EVENTS.get(event.get("event"))
    if fields is not None:
        missing = fields - event.keys()
        assert not missing, f"{event} lacks {missing}"
    return event


class Result:
    def __init__(self, code: int, stdout: bytes, stderr: bytes):
        self.code, self.stdout, self.stderr = code, stdout, stderr

    @property
    def events(self) -> list[dict]:
        return [check_event(json.loads(line)) for line in self.stdout.decode().splitlines()]

    @property
    def last(self) -> dict:
        assert self.stdout, f"no line on stdout; exit code {self.code}, stderr: {self.stderr.decode()}"
        return self.events[-1]

    def fails(self, name: str) -> "Result":
        """An error line last, with its code, and the exit code of that name."""
        assert self.last["event"] == "error", self.last
        assert self.last["code"] == name, self.last
        assert self.last["message"], self.last
        assert self.code == EXIT_CODES[name], (self.code, name)
        return self

    def works(self) -> "Result":
        assert self.code == 0, (self.code, self.stdout[-500:], self.stderr[-500:])
        return self


def run(*arguments, home: Path | None = None, **options) -> Result:
    where = ["--home", home] if home else []
    words = [str(word) for word in [SHOAL, *where, *arguments]]
    options.setdefault("timeout", PATIENCE)
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, **options)
    return Result(done.returncode, done.stdout, done.stderr)


def is_busy() -> bool:
    """Whether this machine has other things to do, so that times measured on it say little."""
    cores = os.cpu_count() or 1
    lately, _, _, now, _ = Path("/proc/loadavg").read_text().split()
    return float(lately) > 0.75 * cores or int(now.split("/")[0]) > cores


def check_prompt(took: float, promised: float):
    """What is promised in seconds, of a machine with nothing else to do. The simulated tests hold it on virtual time."""
    lenient = SANITIZED or is_busy()
    assert took < (10 * promised if lenient else promised), f"{took:.2f} s of {promised} s, busy: {lenient}"


class CannotRun(Exception):
    """Not a failure of what is tested: something that the test needs is not here."""


@contextlib.contextmanager
def small_disk(at: Path, size: str):
    """A disk of that size at a folder, which it makes."""
    at.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", f"size={size}", "shoal_e2e", at]
    if subprocess.run(words, capture_output=True).returncode != 0:
        raise CannotRun("needs the right to mount")
    try:
        yield
    finally:
        subprocess.run(["umount", at], check=False)


class Ended:
    """Something with a process, which does not outlive the block that it is used in."""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


class OnTerminal(Ended):
    """A command with stdout and stderr on a terminal of that size, or stderr alone."""

    def __init__(self, *arguments, home: Path, columns: int = 80, rows: int = 24, cwd: Path | None = None,
                 stdout=None, **environment):  # fmt: skip
        try:
            self._ours, theirs = pty.openpty()
        except OSError as error:
            raise CannotRun(f"this machine has no terminals: {error}") from None
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        words = [str(word) for word in [SHOAL, "--home", home, *arguments]]
        self.process = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=stdout or theirs, stderr=theirs, cwd=cwd,
            env={"PATH": os.environ["PATH"], "TERM": "xterm", **environment},
        )  # fmt: skip
        os.close(theirs)
        self._seen = bytearray()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self):
        with contextlib.suppress(OSError):  # the end of a terminal
            while part := os.read(self._ours, 65536):
                self._seen.extend(part)

    @property
    def text(self) -> str:
        """All that the terminal was sent."""
        return bytes(self._seen).decode(errors="replace").replace("\r\n", "\n")

    def type(self, keys: bytes):
        os.write(self._ours, keys)

    def wait_for(self, pattern: str) -> str:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if found := re.search(pattern + r"(?=\s)", self.text):
                return found[0]
            time.sleep(0.02)
        raise AssertionError(f"no {pattern} in {self.text}")

    def finish(self) -> int:
        code = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        return code

    def __exit__(self, *_):
        super().__exit__()
        self._reader.join(PATIENCE)
        os.close(self._ours)


def run_on_terminal(*arguments, home: Path, **options) -> Result:
    """With stderr on a terminal, and stdout in a pipe."""
    with OnTerminal(*arguments, home=home, stdout=subprocess.PIPE, **options) as terminal:
        stdout = terminal.process.stdout.read()
        code = terminal.finish()
    return Result(code, stdout, terminal.text.encode())


class Running(Ended):
    """A command under way with --json: its lines as they come."""

    def __init__(self, *arguments, home: Path, stdin=subprocess.DEVNULL):
        words = [SHOAL, "--home", home, "--json", *LOOPBACK, *arguments]
        self.process = subprocess.Popen(
            [str(word) for word in words], stdin=stdin, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.events: list[dict] = []
        self._lines: queue.Queue = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put(None)

    def next_event(self, end: float) -> dict | None:
        try:
            line = self._lines.get(timeout=max(0.0, end - time.monotonic()))
        except queue.Empty:
            raise AssertionError(f"no further line; so far: {self.events[-5:]}") from None
        if line is None:
            return None
        self.events.append(check_event(json.loads(line)))
        return self.events[-1]

    def wait_for(self, name: str, **fields) -> dict:
        end = time.monotonic() + PATIENCE
        while event := self.next_event(end):
            if event["event"] == name and fields.items() <= event.items():
                return event
        raise AssertionError(f"ended without {name}: {self.events[-5:]} {self.process.stderr.read()}")

    def finish(self) -> int:
        end = time.monotonic() + PATIENCE
        while self.next_event(end):
            pass
        return self.process.wait(PATIENCE)

    def stop(self, number: int = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                raise AssertionError("does not stop on a signal") from None
        return self.finish()


class Share(Running):
    def __init__(self, *arguments, home: Path, **options):
        super().__init__("share", *arguments, home=home, **options)
        try:
            self.serving = self.wait_for("serving")
        except BaseException:
            self.__exit__()
            raise
        self.link, self.cid = self.serving["link"], self.serving["cid"]
        self.address = self.serving["addresses"][0]


def help_of(*command: str) -> str:
    return run(*command, "--help").works().stdout.decode()


def commands_in_help() -> list[str]:
    return re.findall(r"^  (\w+)", help_of().split("ommands:\n")[1].split("\n\n")[0], re.M)


def flags_in_help(command: str | None) -> list[list[str]]:
    """The flags of a command, or those of every command; each a list of its spellings."""
    lines = re.findall(r"^  (-\S+)", help_of(*([command] if command else [])), re.M)
    flags = [line.split(",") for line in lines]
    return [flag for flag in flags if command is None or "--help" not in flag]


def get(link: str, to: Path, *options, home: Path) -> Result:
    return run("--json", *LOOPBACK, "get", link, "-o", to, *options, home=home)


def bytes_of(size: int, seed: int = 1) -> bytes:
    """The same at every run, and no two blocks alike."""
    import random

    return random.Random(seed).randbytes(size)


def tree_of(folder: Path) -> dict:
    """Every name below a folder, with what is there."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_symlink():
            found[name] = ("symlink", os.readlink(path))
        elif path.is_dir():
            found[name] = ("folder", "")
        else:
            found[name] = ("file", path.read_bytes())
    return found


# Where a disk's own pace does not matter; some file systems take milliseconds to remove one folder.
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def run_tests(tests: dict, folders_in: str | None = None) -> None:
    """Runs every function named test_* with a folder of its own; exit code 1 when one fails, 77 when none could run."""
    passed = failed = skipped = 0
    chosen = sys.argv[1:]
    for name, test in tests.items():
        if not name.startswith("test_") or (chosen and not any(word in name for word in chosen)):
            continue
        folder = Path(tempfile.mkdtemp(prefix="shoal.", dir=folders_in))
        started = time.monotonic()
        try:
            test(folder)
            passed += 1
            print(f"ok      {name} ({time.monotonic() - started:.1f} s)", flush=True)
        except CannotRun as why:
            skipped += 1
            print(f"skipped {name}: {why}", flush=True)
        except Exception:
            failed += 1
            print(f"FAILED  {name}\n{traceback.format_exc()}", flush=True)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    sys.exit(1 if failed else 77 if skipped and not passed else 0)
