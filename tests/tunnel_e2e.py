#!/usr/bin/env python3
"""Services behind tunnels: `shoal expose` and `shoal connect`, with programs that know nothing of them."""

import asyncio
import contextlib
import hashlib
import os
import resource
import shutil
import signal
import socket
import socketserver
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import command
from command import EVENTS, SANITIZED, CannotRun, Running, run, run_tests

EVENTS["exposed"] = {"name", "ticket", "target", "peer_id"}
EVENTS["tunnel"] = {"name", "peer_id", "state", "bytes_in", "bytes_out", "reason"}
EVENTS["connected"] = {"name", "local", "protocol", "peer_id", "path"}
MANY = 100 if SANITIZED else 1000
MEGABYTES = 20 if SANITIZED else 200


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 1024

    def handle_error(self, *_):
        pass


@contextmanager
def service(handle):
    """A TCP service on a free port of this machine: `handle(socket)` for each connection."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self):
            handle(self.request)

    with Server(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def echo(connection):
    while data := connection.recv(65536):
        connection.sendall(data)


class Expose(Running):
    def __init__(self, name, target, *options, home: Path):
        super().__init__("expose", name, target, *options, home=home)
        try:
            self.exposed = self.wait_for("exposed")
        except BaseException:
            self.__exit__()
            raise
        self.ticket = self.exposed["ticket"]


class Connect(Running):
    def __init__(self, ticket, *options, home: Path):
        super().__init__("connect", ticket, *options, home=home)
        try:
            self.connected = self.wait_for("connected")
        except BaseException:
            self.__exit__()
            raise
        host, port = self.connected["local"].rsplit(":", 1)
        self.at = (host, int(port))

    def dial(self, timeout=command.PATIENCE) -> socket.socket:
        return socket.create_connection(self.at, timeout)


def exchange(connection: socket.socket, data: bytes) -> bytes:
    connection.sendall(data)
    back = b""
    while len(back) < len(data):
        part = connection.recv(65536)
        assert part, f"ended after {len(back)} bytes"
        back += part
    return back


def is_reset(connection: socket.socket) -> bool:
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


def test_curl_fetches_a_large_file(folder: Path):
    if not shutil.which("curl"):
        raise CannotRun("needs curl")
    content = os.urandom(1_000_000) * MEGABYTES
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(content)}\r\nConnection: close\r\n\r\n".encode()

    def answer(connection):
        connection.recv(65536)
        connection.sendall(head)
        connection.sendall(content)

    with service(answer) as port, Expose("web", f"localhost:{port}", home=folder / "a") as exposer:
        with Connect(exposer.ticket, home=folder / "b") as connector:
            began = time.monotonic()
            url = f"http://127.0.0.1:{connector.at[1]}/"
            done = subprocess.run(["curl", "-sS", url], capture_output=True, timeout=60)
            seconds = time.monotonic() - began
            assert done.returncode == 0, done.stderr
            assert hashlib.sha256(done.stdout).digest() == hashlib.sha256(content).digest()
            print(f"{len(content) / seconds / 1e6:.0f} MB/s")
            closed = exposer.wait_for("tunnel", state="closed")
            assert closed["bytes_out"] == len(head) + len(content), closed
            assert connector.stop() == 0
        assert exposer.stop(signal.SIGINT) == 0


def test_a_thousand_connections_at_once(folder: Path):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 3 * MANY:
        raise CannotRun(f"needs {3 * MANY} open files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 3 * MANY), hard))

    async def serve(reader, writer):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.close()

    async def one(at, number, everybody, size):
        reader, writer = await asyncio.open_connection(*at)
        sent = number.to_bytes(4, "big") * (size // 4)
        writer.write(sent)
        back = await reader.readexactly(size)
        everybody.append(number)
        while len(everybody) < MANY:  # all of them are open together
            await asyncio.sleep(0.02)
        writer.write(sent)
        writer.write_eof()
        back += await reader.read(-1)
        writer.close()
        return back == sent * 2

    async def all_of_them(exposer, connector):
        everybody = []
        return await asyncio.gather(*[one(connector.at, n, everybody, 40_000) for n in range(MANY)])

    async def play():
        server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=1024)
        port = server.sockets[0].getsockname()[1]
        loop = asyncio.get_running_loop()
        exposer = await loop.run_in_executor(None, lambda: Expose("e", port, home=folder / "a"))
        with exposer:
            connector = await loop.run_in_executor(None, lambda: Connect(exposer.ticket, home=folder / "b"))
            with connector:
                began = time.monotonic()
                right = await asyncio.wait_for(all_of_them(exposer, connector), 60)
                print(f"{MANY} connections, all open at once, in {time.monotonic() - began:.1f} s")
                assert all(right), right.count(False)
        server.close()

    asyncio.run(play())


def test_a_killed_exposer_breaks_connections_and_comes_back(folder: Path):
    with service(echo) as port:
        exposer = Expose("echo", port, home=folder / "a")
        with exposer, Connect(exposer.ticket, home=folder / "b") as connector:
            connection = connector.dial()
            assert exchange(connection, b"before") == b"before"
            began = time.monotonic()
            exposer.process.kill()
            assert is_reset(connection)
            assert time.monotonic() - began < 2
            connector.wait_for("waiting")
            waiting = connector.dial()  # is carried when the peer is back
            with Expose("echo", port, home=folder / "a") as again:
                assert again.ticket == exposer.ticket
                assert exchange(waiting, b"after") == b"after"
                print(f"carried again {time.monotonic() - began:.1f} s after the kill")
                connector.wait_for("connected")


def test_a_stopped_exposer_is_noticed_within_15_seconds(folder: Path):
    with service(echo) as port, Expose("echo", port, home=folder / "a") as exposer:
        with Connect(exposer.ticket, home=folder / "b") as connector:
            connection = connector.dial()
            assert exchange(connection, b"before") == b"before"
            began = time.monotonic()
            exposer.process.send_signal(signal.SIGSTOP)
            try:
                assert is_reset(connection)
                seconds = time.monotonic() - began
                print(f"noticed after {seconds:.1f} s")
                assert seconds < 15
                connector.wait_for("waiting")
            finally:
                exposer.process.send_signal(signal.SIGCONT)
            connector.wait_for("connected")
            assert exchange(connector.dial(), b"after") == b"after"


def test_only_who_is_on_the_list_gets_in(folder: Path):
    friend = run("--json", "id", home=folder / "friend").works().last["peer_id"]
    seen = []

    def note(connection):
        seen.append(1)
        echo(connection)

    with service(note) as port, Expose("echo", port, "--allow", friend, home=folder / "a") as exposer:
        refused = run("--json", *command.LOOPBACK, "connect", exposer.ticket, home=folder / "stranger")
        refused.fails("failed")
        stranger = run("--json", "id", home=folder / "stranger").works().last["peer_id"]
        exposer.wait_for("tunnel", state="refused", peer_id=stranger)
        assert not seen
        with Connect(exposer.ticket, home=folder / "friend") as connector:
            assert exchange(connector.dial(), b"hello") == b"hello"
        exposer.stop()
        said = exposer.process.stderr.read().decode()
        assert stranger in said and "refused" in said, said


def test_a_new_ticket_ends_the_old_one(folder: Path):
    with service(echo) as port:
        with Expose("echo", port, home=folder / "a") as exposer:
            old = exposer.ticket
        with Expose("echo", port, "--new-ticket", home=folder / "a") as exposer:
            assert exposer.ticket != old
            run("--json", *command.LOOPBACK, "connect", old, home=folder / "b").fails("failed")
            with Connect(exposer.ticket, home=folder / "c") as connector:
                assert exchange(connector.dial(), b"hello") == b"hello"


def test_a_service_that_is_gone_breaks_the_connection(folder: Path):
    held = socket.socket()  # its port is nobody else's, and nobody listens there
    held.bind(("127.0.0.1", 0))
    with held, Expose("echo", held.getsockname()[1], home=folder / "a") as exposer:
        with Connect(exposer.ticket, home=folder / "b") as connector:
            assert is_reset(connector.dial())
            assert "answer" in exposer.wait_for("tunnel", state="refused")["reason"]
            connector.wait_for("broken")


def test_a_unix_socket_and_standard_input(folder: Path):
    path = folder / "socket"
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()

    def serve():
        connection, _ = listener.accept()
        with connection:
            asked = b""
            while part := connection.recv(65536):
                asked += part
            connection.sendall(asked[::-1])

    threading.Thread(target=serve, daemon=True).start()
    ticket_file = folder / "ticket"
    with Expose("box", f"unix:{path}", home=folder / "a") as exposer:
        ticket_file.write_text(exposer.ticket + "\n")
        words = [command.SHOAL, "--home", folder / "b", *command.LOOPBACK, "connect", f"@{ticket_file}", "-"]
        done = subprocess.run([str(w) for w in words], input=b"abc" * 100_000, capture_output=True, timeout=20)
        assert done.returncode == 0, done.stderr
        assert done.stdout == b"cba" * 100_000


def test_datagrams_of_many_senders(folder: Path):
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))
    senders = set()

    def serve():
        with contextlib.suppress(OSError):
            while True:
                data, sender = server.recvfrom(65536)
                senders.add(sender)
                server.sendto(data[::-1], sender)

    threading.Thread(target=serve, daemon=True).start()
    target = f"udp://127.0.0.1:{server.getsockname()[1]}"
    with server, Expose("echo", target, home=folder / "a") as exposer:
        assert exposer.exposed["target"] == target, exposer.exposed
        with Connect(exposer.ticket, home=folder / "b") as connector, contextlib.ExitStack() as sockets:
            assert connector.connected["protocol"] == "udp", connector.connected
            programs = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(20)]
            for number, program in enumerate(programs):
                sockets.enter_context(program)
                program.settimeout(command.PATIENCE)
                program.connect(connector.at)
                program.send(b"first %d" % number)
            for number, program in enumerate(programs):
                assert program.recv(65536) == (b"first %d" % number)[::-1]
                for size in (0, 1, 1400, 9000, 60_000):
                    sent = os.urandom(size)
                    program.send(sent)
                    assert program.recv(65536) == sent[::-1]
            assert len(senders) == len(programs)
            exposer.wait_for("tunnel", state="open")
        for words in (["-"], ["--http"]):
            run("--json", *command.LOOPBACK, "connect", exposer.ticket, *words, home=folder / "c").fails("usage")


def test_says_what_is_wrong_with_a_command_line(folder: Path):
    for words in (["expose", "Web", "80"], ["expose", "web", "nowhere"], ["expose", "web", "unix:"], ["expose", "web", "udp://unix:/x"], ["expose", "web", "udp://"],
                  ["connect", "shoaltunnel1abc"], ["connect", "ipfs://abc"], ["connect", "@/nowhere"]):  # fmt: skip
        done = run("--json", *words, home=folder / "a")
        assert done.code in (2, 6), (words, done.code, done.stdout)
        assert done.last["hint"] or done.code == 6, done.last
    taken = socket.create_server(("127.0.0.1", 0))
    with service(echo) as port, Expose("echo", port, home=folder / "b") as exposer:
        where = str(taken.getsockname()[1])
        run("--json", *command.LOOPBACK, "connect", exposer.ticket, where, home=folder / "c").fails("failed")


if __name__ == "__main__":
    run_tests(dict(globals()))
