#!/usr/bin/env python3
"""Programs that know nothing of tunnels, over `shoal expose` and `shoal connect`: ssh, curl with nginx, PostgreSQL.

Each part is skipped where its programs are not installed. Nothing listens beyond loopback.
"""

import contextlib
import glob
import hashlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import command
from command import EVENTS, SANITIZED, CannotRun, Ended, Running, bytes_of, run_tests

EVENTS["exposed"] = {"name", "ticket", "target", "peer_id"}
EVENTS["connected"] = {"name", "local", "peer_id", "path"}
MEGABYTES = int(os.environ.get("MEGABYTES", 20 if SANITIZED else 256))
TRANSPORTS = os.environ.get("TRANSPORTS", "tcp").split(",")
LISTEN = {"tcp": "/ip4/127.0.0.1/tcp/0", "quic": "/ip4/127.0.0.1/udp/0/quic-v1"}


def program(name: str) -> str:
    places = os.environ["PATH"] + ":/usr/sbin:" + ":".join(glob.glob("/usr/lib/postgresql/*/bin"))
    found = shutil.which(name, path=places)
    if not found:
        raise CannotRun(f"needs {name}")
    return found


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


def answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


class Daemon(Ended):
    """A service of this machine, until the end of the block."""

    def __init__(self, port: int, *words, **options):
        self.port = port
        self.process = subprocess.Popen(
            [str(word) for word in words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            **options,
        )  # fmt: skip
        end = time.monotonic() + command.PATIENCE
        while not answers(port):
            if self.process.poll() is not None or time.monotonic() > end:
                self.process.kill()
                raise AssertionError(f"{words[0]} does not start: {self.process.stdout.read().decode()}")
            time.sleep(0.1)


@contextlib.contextmanager
def tunnel(name: str, port: int, folder: Path, transport: str = "tcp"):
    """The ticket of the service at `port`, and the port where it is found at the other end."""
    listen = ["--listen", LISTEN[transport]]
    with Running(*listen, "expose", name, port, home=folder / "exposer") as exposer:
        ticket = exposer.wait_for("exposed")["ticket"]
        with Running("connect", ticket, home=folder / "connector") as connector:
            local = connector.wait_for("connected")["local"]
            yield ticket, int(local.rsplit(":", 1)[1])
            assert connector.stop() == 0
        assert exposer.stop(signal.SIGINT) == 0


def done(*words, seconds=60, **options) -> subprocess.CompletedProcess:
    out = subprocess.run([str(word) for word in words], capture_output=True, timeout=seconds, **options)
    assert out.returncode == 0, (words, out.stdout[-2000:], out.stderr[-2000:])
    return out


def ssh_daemon(folder: Path) -> tuple[Daemon, list[str]]:
    """An ssh server with keys of its own, and what ssh is told to log in there."""
    sshd, keygen = program("sshd"), program("ssh-keygen")
    for key in ("host", "user"):
        done(keygen, "-q", "-t", "ed25519", "-N", "", "-f", folder / key)
    shutil.copy(folder / "user.pub", folder / "authorized")
    Path("/run/sshd").mkdir(exist_ok=True)
    port = free_port()
    config = folder / "sshd_config"
    config.write_text(
        f"ListenAddress 127.0.0.1:{port}\nHostKey {folder}/host\nAuthorizedKeysFile {folder}/authorized\n"
        "StrictModes no\nUsePAM no\nPasswordAuthentication no\nPermitRootLogin prohibit-password\nPidFile none\n"
        "Subsystem sftp internal-sftp\nMaxStartups 100\n"
    )
    options = ["-i", folder / "user", "-F", "none"]
    for option in ("StrictHostKeyChecking=no", f"UserKnownHostsFile={folder}/known", "LogLevel=ERROR", "BatchMode=yes"):
        options += ["-o", option]
    return Daemon(port, sshd, "-D", "-e", "-f", config), options


def test_ssh_runs_commands_and_copies_files(folder: Path):
    if os.geteuid() != 0:
        raise CannotRun("needs root, for sshd")
    ssh = program("ssh")
    me = pwd.getpwuid(os.geteuid()).pw_name
    folder.chmod(0o755)
    daemon, options = ssh_daemon(folder)
    with daemon, tunnel("ssh", daemon.port, folder) as (ticket, port):
        there = [ssh, *options, "-p", port, f"{me}@127.0.0.1"]
        assert done(*there, "echo hello").stdout == b"hello\n"
        content = bytes_of(20_000_000)
        assert done(*there, f"cat > {folder}/copy", input=content).returncode == 0
        assert (folder / "copy").read_bytes() == content
        assert done(*there, f"cat {folder}/copy").stdout == content
        assert done(*there, "exit 0; true").returncode == 0
        failed = subprocess.run([str(w) for w in [*there, "exit 7"]], capture_output=True, timeout=30)
        assert failed.returncode == 7, failed
        # Without a port of this machine, as the man page has it.
        (folder / "ticket").write_text(ticket)
        proxy = f"ProxyCommand {command.SHOAL} --home {folder}/proxy {' '.join(command.LOOPBACK)} connect @{folder}/ticket -"
        asked = done(ssh, *options, "-o", proxy, f"{me}@host", "echo by proxy")
        assert asked.stdout == b"by proxy\n", asked


def test_curl_fetches_from_nginx(folder: Path):
    nginx, curl = program("nginx"), program("curl")
    site = folder / "site"
    site.mkdir()
    folder.chmod(0o755)
    block = os.urandom(1 << 20)
    with open(site / "large", "wb") as large:
        for _ in range(MEGABYTES):
            large.write(block)
    expected = hashlib.sha256(block).digest()
    port = free_port()
    config = folder / "nginx.conf"
    config.write_text(
        f"daemon off; pid {folder}/pid; error_log stderr; worker_processes 1;\n"
        + ("user root;\n" if os.geteuid() == 0 else "")
        + f"events {{}} http {{ access_log off; client_body_temp_path {folder}/t; proxy_temp_path {folder}/t;\n"
        f"  fastcgi_temp_path {folder}/t; uwsgi_temp_path {folder}/t; scgi_temp_path {folder}/t; sendfile on;\n"
        f"  server {{ listen 127.0.0.1:{port}; root {site}; }} }}\n"
    )
    for transport in TRANSPORTS:
        home = folder / transport
        home.mkdir()
        with Daemon(port, nginx, "-c", config), tunnel("web", port, home, transport) as (_, local):
            url = f"http://127.0.0.1:{local}/large"
            for name, at in (("direct", port), ("tunnel", local)):
                began = time.monotonic()
                with subprocess.Popen([curl, "-sS", f"http://127.0.0.1:{at}/large"], stdout=subprocess.PIPE) as asked:
                    blocks = 0
                    while piece := asked.stdout.read(1 << 20):
                        assert hashlib.sha256(piece).digest() == expected, blocks
                        blocks += 1
                assert asked.returncode == 0 and blocks == MEGABYTES, (asked.returncode, blocks)
                print(f"{transport}, {name}: {MEGABYTES} MiB at {MEGABYTES / (time.monotonic() - began):.0f} MiB/s")
            part = done(curl, "-sS", "-r", "1048576-2097151", url).stdout
            assert hashlib.sha256(part).digest() == expected


def test_pgbench_runs_on_postgresql(folder: Path):
    initdb, postgres, pgbench, createdb = map(program, ("initdb", "postgres", "pgbench", "createdb"))
    user = {}
    if os.geteuid() == 0:  # which PostgreSQL does not run as
        try:
            entry = pwd.getpwnam("postgres")
        except KeyError:
            raise CannotRun("needs the user postgres") from None
        user = {"user": entry.pw_uid, "group": entry.pw_gid}
        folder.chmod(0o755)
    data = folder / "data"
    data.mkdir()
    if user:
        os.chown(data, user["user"], user["group"])
    options = {**user, "cwd": "/"}
    done(initdb, "-D", data, "-U", "tester", "-A", "trust", "--no-sync", **options)
    port = free_port()
    words = [postgres, "-D", data, "-p", port, "-k", data, "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"]
    daemon = Daemon(port, *words, **options)
    with daemon, tunnel("db", port, folder) as (_, local):
        there = ["-h", "127.0.0.1", "-p", local, "-U", "tester"]
        done(createdb, *there, "bench")
        done(pgbench, *there, "-i", "-q", "bench")
        told = done(pgbench, *there, "-c", "8", "-j", "2", "-t", "50", "bench").stdout.decode()
        assert "number of transactions actually processed: 400/400" in told, told
        print(next(line for line in told.splitlines() if line.startswith("tps")))
        # A connection for each transaction.
        told = done(pgbench, *there, "-c", "4", "-C", "-S", "-t", "20", "bench").stdout.decode()
        assert "number of transactions actually processed: 80/80" in told, told
        daemon.process.send_signal(signal.SIGINT)
        daemon.process.wait(20)


if __name__ == "__main__":
    run_tests(dict(globals()))
