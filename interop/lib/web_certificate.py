"""A certificate for WebSocket in TLS that both sides trust."""

import os
import subprocess
from pathlib import Path


def provide(world) -> None:
    """Tells all peers by their environment: what they listen with, and whom they trust. Once for a world."""
    at: Path = world.root / "web_certificate.pem"
    if not at.exists():
        key, certificate = world.root / "web.key", world.root / "web.crt"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
             "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
             "-keyout", key, "-out", certificate],
            check=True,
            capture_output=True,
        )  # fmt: skip
        at.write_bytes(certificate.read_bytes() + key.read_bytes())
    os.environ["INTEROP_CERTIFICATE"] = str(at)
    # Shoal and OpenSSL read the first, Node.js the second.
    os.environ["SSL_CERT_FILE"] = os.environ["NODE_EXTRA_CA_CERTS"] = str(at)
