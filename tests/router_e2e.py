#!/usr/bin/env python3
"""Content found by an HTTP server that was asked for it (Delegated Routing V1)."""

import contextlib
import http.server
import json
import ssl
import threading

from command import LOOPBACK, Share, bytes_of, get, run, run_tests
from web_certificate import certificate


@contextlib.contextmanager
def router(answer, certificate=None):
    """A server; `answer` gets a path and returns status, type and body. Yields its URL and what was asked.

    With a certificate and its key, two files, it speaks https, as localhost.
    """
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            asked.append(self.path)
            status, kind, body = answer(self.path)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            if body is None:
                self.end_headers()
                with contextlib.suppress(OSError):
                    while True:
                        self.wfile.write(b"x" * 65536)
                return
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if certificate:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(*certificate)
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    where = "https://localhost" if certificate else "http://127.0.0.1"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"{where}:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        server.server_close()


def record_of(share: Share) -> dict:
    address, _, peer = share.address.rpartition("/p2p/")
    return {"Schema": "peer", "ID": peer, "Addrs": [address], "Protocols": ["transport-bitswap"]}


def test_content_is_found_by_a_router(folder):
    (folder / "file").write_bytes(bytes_of(300_000))
    with Share(folder / "file", home=folder / "a") as share:
        body = json.dumps({"Providers": [record_of(share)]}).encode()
        with router(lambda path: (200, "application/json", body)) as (url, asked):
            found = run("--json", *LOOPBACK, "--router", url, "find", share.cid, home=folder / "b").works().events
            assert found[0]["source"] == "http" and found[0]["addresses"], found
            assert asked == [f"/routing/v1/providers/{share.cid}"], asked
            get(share.cid, folder / "got", "--router", url, "--timeout", "10s", home=folder / "c").works()
    assert (folder / "got").read_bytes() == (folder / "file").read_bytes()


def test_a_peer_is_found_by_a_router(folder):
    (folder / "file").write_bytes(b"small")
    with Share(folder / "file", home=folder / "a") as share:
        line = json.dumps(record_of(share)).encode() + b"\n"
        with router(lambda path: (200, "application/x-ndjson", line)) as (url, asked):
            peer = share.address.rpartition("/p2p/")[2]
            run(*LOOPBACK, "--router", url, "--timeout", "10s", "ping", "-c", "1", peer, home=folder / "b").works()
            assert asked[0].startswith("/routing/v1/peers/"), asked


def test_a_router_of_https_is_verified(folder):
    made, key = certificate(folder, "localhost")
    (folder / "file").write_bytes(b"small")
    with Share(folder / "file", home=folder / "a") as share:
        line = json.dumps(record_of(share)).encode() + b"\n"
        with router(lambda path: (200, "application/x-ndjson", line), (made, key)) as (url, asked):
            words = ["--json", *LOOPBACK, "--router", url]
            found = run(*words, "--tls-ca", made, "find", share.cid, home=folder / "b").works().events
            assert found[0]["source"] == "http", found
            assert asked == [f"/routing/v1/providers/{share.cid}"], asked
            run(*words, "find", share.cid, home=folder / "c").fails("not_found")
            assert len(asked) == 1, "a server that nobody vouches for was asked"


def test_bad_routers_do_no_harm(folder):
    (folder / "file").write_bytes(bytes_of(1000))
    with Share(folder / "file", home=folder / "a") as share:
        with router(lambda path: (200, "application/json", None)) as (endless, _):
            with router(lambda path: (500, "text/plain", b"no")) as (failing, _):
                words = [*LOOPBACK, "--router", endless, "--router", failing, "--router", "http://127.0.0.1:1"]
                run("--json", *words, "find", share.cid, home=folder / "b").fails("not_found")
                found = run("--json", *words, "--bootstrap", share.address, "find", share.cid, home=folder / "c")
                assert found.works().events, "another way finds it all the same"


def test_a_url_that_is_none_is_refused(folder):
    for text in ("https://127.0.0.1", "127.0.0.1:80", "http://", "http://x:0"):
        run("--json", "--router", text, "find", "bafkreicysg23kiwv34eg2d7qweipxwosdo2py4ldv42nbauguluen5v6am", home=folder / "a").fails("usage")


if __name__ == "__main__":
    run_tests(globals())
