"""The shoal command as scripts see it: arguments, JSON lines, exit codes."""

import json
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

from process import Service, run, run_bytes

LOOPBACK = "/ip4/127.0.0.1/tcp/0"


def link(cid: str, *providers: str) -> str:
    return f"ipfs://{cid}?" + "&".join("provider=" + quote(each, safe="") for each in providers)


class Shoal:
    """One home of one binary."""

    def __init__(self, binary: Path, home: Path):
        self.binary, self.home = binary, home

    def command(self, *arguments, listen: str | None = None) -> list:
        place = ["--listen", listen] if listen else []
        return [self.binary, "--home", self.home, "--json", *place, *arguments]

    def lines(self, *arguments, timeout: float = 300, listen: str | None = None) -> list[dict]:
        output = run(*self.command(*arguments, listen=listen), timeout=timeout)
        return [json.loads(line) for line in output.splitlines()]

    def bytes(self, *arguments) -> bytes:
        return run_bytes(self.binary, "--home", self.home, *arguments)

    def cid(self, path: Path, *options) -> str:
        return self.lines("cid", *options, path)[-1]["cid"]

    def peer_id(self) -> str:
        return self.lines("id")[-1]["peer_id"]

    def get(self, source: str, to: Path, *options, listen: str = LOOPBACK) -> dict:
        done = self.lines("get", *options, source, "-o", to, listen=listen)[-1]
        assert done["event"] == "done", f"the last line is {done}"
        return done

    def share(self, *arguments, listen: str = LOOPBACK) -> "Share":
        return Share(self, arguments, listen)


class Share:
    """A running `shoal share`: what it said when it began to serve."""

    def __init__(self, node: Shoal, arguments: tuple, listen: str):
        command = node.command("share", *arguments, listen=listen)
        self.service = Service(*command, log=node.home.with_suffix(".log"))
        try:
            line = self.service.wait_line(_is_serving)
        except BaseException:
            self.service.stop()
            raise
        event = json.loads(line)
        self.link, self.cid, self.peer_id = event["link"], event["cid"], event["peer_id"]
        self.addresses = event["addresses"]
        self.address = parse_qs(urlsplit(self.link).query)["provider"][0]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self) -> int:
        return self.service.stop()


def _is_serving(line: str) -> bool:
    return json.loads(line).get("event") == "serving"
