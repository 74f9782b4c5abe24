#!/usr/bin/env python3
"""WebSocket, plain and inside of TLS, over loopback: what lets only HTTP or HTTPS through lets us through."""

import os
import socket
from pathlib import Path
from urllib.parse import quote

import command
from command import Share, get, run, run_tests
from nat_e2e import Command, internet
from web_certificate import certificate

PLAIN = "/ip4/127.0.0.1/tcp/0/ws"
SECURE = "/ip4/127.0.0.1/tcp/0/tls/ws"
ONLY_HTTPS = """
table inet office {
  chain outward {
    type filter hook output priority 0; policy drop
    oif "lo" accept
    tcp dport 443 accept
    ct state established accept
  }
}
"""


def source_in(folder: Path) -> Path:
    source = folder / "source.bin"
    source.write_bytes(command.bytes_of(20_000_000))
    return source


class WebShare(Share):
    """A share that listens at `where`, too: `address` and `link` are by that alone."""

    def __init__(self, folder: Path, where: str, *options):
        super().__init__(source_in(folder), "--listen", where, *options, home=folder / "sharer")
        ending = where.split("/tcp/0")[1] + "/p2p/"
        (self.address,) = [each for each in self.serving["addresses"] if ending in each]
        self.port = int(self.address.split("/tcp/")[1].split("/")[0])
        self.link = self.link_by(self.address)

    def link_by(self, address: str) -> str:
        return self.serving["link"].split("?")[0] + "?provider=" + quote(address, safe="")

    def link_by_name(self) -> str:
        peer_id = self.address.split("/p2p/")[1]
        return self.link_by(f"/dns4/localhost/tcp/{self.port}/tls/ws/p2p/{peer_id}")


def gets_by(link: str, folder: Path, *options) -> str:
    """The address it came from."""
    got = get(link, folder / "got", *options, home=folder / "getter").works()
    assert (folder / "got").read_bytes() == (folder / "source.bin").read_bytes()
    (source,) = got.last["sources"]
    return source["address"]


def test_a_file_comes_by_websocket(folder: Path):
    with WebShare(folder, PLAIN) as share:
        assert gets_by(share.link, folder).endswith("/ws")


def test_a_file_comes_by_websocket_in_tls(folder: Path):
    with WebShare(folder, SECURE) as share:
        assert gets_by(share.link, folder).endswith("/tls/ws")


def test_a_listener_for_tls_says_nothing_in_the_clear(folder: Path):
    """To somebody on the way it is HTTPS: TLS 1.3, and HTTP/1.1 in it."""
    with WebShare(folder, SECURE) as share:
        with socket.create_connection(("127.0.0.1", share.port)) as plain:
            plain.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            plain.settimeout(10)
            try:
                assert plain.recv(100) == b""
            except ConnectionResetError:
                pass
        trusts_all = ssl_context()
        with socket.create_connection(("127.0.0.1", share.port)) as raw:
            with trusts_all.wrap_socket(raw) as inside:
                assert inside.version() == "TLSv1.3"
                inside.sendall(
                    b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
                )
                assert inside.recv(1000).startswith(b"HTTP/1.1 101 ")


def test_a_firewall_that_lets_only_https_through_is_passed(folder: Path):
    source, got = source_in(folder), folder / "got"
    with internet() as net:
        server, shut_in = net.host(1), net.host(2)
        shut_in.call("nft", "-f", "-", given=ONLY_HTTPS)
        at = "/ip4/203.0.113.1"
        listen = [f"{at}/tcp/4001", f"{at}/udp/4001/quic-v1", f"{at}/tcp/443/tls/ws"]
        words = [word for where in listen for word in ("--listen", where)]
        with Command(server, folder / "a", *words, "share", source) as share:
            serving = share.wait_for("serving")
            with Command(shut_in, folder / "b", "get", serving["link"], "-o", got) as getter:
                done = getter.wait_for("done")
    assert got.read_bytes() == source.read_bytes()
    (way,) = done["sources"]
    assert way["address"] == f"{at}/tcp/443/tls/ws", way


def ssl_context():
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def test_a_name_is_verified_by_trusted_certificates(folder: Path):
    made, key = certificate(folder, "localhost")
    with WebShare(folder, SECURE, "--tls-cert", made, "--tls-key", key) as share:
        link = share.link_by_name()
        address = gets_by(link, folder, "--tls-ca", made)
        assert address.endswith("/tls/sni/localhost/ws"), address


def test_a_name_is_refused_without_trust(folder: Path):
    made, key = certificate(folder, "localhost")
    other, _ = certificate(folder, "other.example")
    with WebShare(folder, SECURE, "--tls-cert", made, "--tls-key", key) as share:
        link = share.link_by_name()
        for options in ((), ("--tls-ca", other)):
            refused = get(link, folder / "got", "--timeout", "2s", *options, home=folder / "getter")
            assert refused.code != 0
            assert "certificate is not trusted" in str(refused.events), refused.events
        os.environ["SSL_CERT_FILE"] = str(made)
        try:
            gets_by(link, folder)
        finally:
            del os.environ["SSL_CERT_FILE"]


def test_bad_certificates_are_named(folder: Path):
    made, key = certificate(folder, "localhost")
    _, other_key = certificate(folder, "other.example")
    source = folder / "source.txt"
    source.write_text("hello")
    for options, said in (
        (["--tls-cert", folder / "none.pem"], b"no such file"),
        (["--tls-cert", source], b"--tls-cert: there is no certificate in it"),
        (["--tls-cert", made], b"--tls-cert: there is no private key"),
        (["--tls-cert", made, "--tls-key", other_key], b"the key is not that of the certificate"),
        (["--tls-key", key], b"--tls-key needs --tls-cert"),
    ):
        refused = run("share", source, "--no-lan", "--listen", SECURE, *options, home=folder / "home")
        assert refused.code != 0 and said in refused.stderr, (options, refused.stderr)


if __name__ == "__main__":
    run_tests(dict(globals()))
