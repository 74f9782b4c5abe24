"""nginx to curl over TLS 1.3: encrypted, not verified against a content hash."""

import socket
import time
from contextlib import contextmanager
from pathlib import Path

from process import Service, free_port, run

from . import fetch_by_process

NAME = "nginx + curl, TLS 1.3"
CONFIG = """
daemon off; master_process off; pid {folder}/pid; error_log stderr;
events {{ }}
http {{
  access_log off;
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;
    ssl_protocols TLSv1.3;
    root {root};
  }}
}}
"""


class Https:
    prepare_seconds = 0.0

    def __init__(self, server: Service, url: str):
        self._server, self._url = server, url

    def fetch(self, to: Path):
        return fetch_by_process(
            self._server, "curl", "--silent", "--show-error", "--fail", "--insecure", "--tlsv1.3",
            "--noproxy", "*", "-o", to, self._url,
        )  # fmt: skip


@contextmanager
def open_system(file: Path, folder: Path):
    port = free_port()
    config = folder / "nginx.conf"
    config.write_text(CONFIG.format(folder=folder, port=port, root=file.parent))
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
        "-nodes", "-subj", "/CN=localhost", "-days", "2",
        "-keyout", folder / "key.pem", "-out", folder / "cert.pem")  # fmt: skip
    server = Service("nginx", "-p", folder, "-e", "stderr", "-c", config, log=folder / "nginx.log")
    try:
        _wait_for(port)
        yield Https(server, f"https://127.0.0.1:{port}/{file.name}")
    finally:
        server.stop()


def _wait_for(port: int) -> None:
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"nginx does not listen on port {port}")
