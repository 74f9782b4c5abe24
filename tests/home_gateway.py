#!/usr/bin/env python3
"""A home router's port forwarding for tests: by NAT-PMP or by UPnP, with rules of nftables.

    home_gateway.py pmp|upnp INSIDE OUTSIDE

Runs in the router's network namespace; forwards from the interface wan. Prints a line when it listens.
"""

import re
import socket
import struct
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

DESCRIPTION = """<?xml version="1.0"?>
<root xmlns="urn:schemas-upnp-org:device-1-0"><device>
<deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:1</deviceType>
<deviceList><device><deviceList><device><serviceList><service>
<serviceType>urn:schemas-upnp-org:service:WANIPConnection:1</serviceType>
<controlURL>/ctl</controlURL>
</service></serviceList></device></deviceList></device></deviceList>
</device></root>
"""


def nft(*words: str) -> str:
    return subprocess.run(["nft", *words], check=True, capture_output=True, text=True).stdout


class Forwarding:
    """Ports that are forwarded, each by a rule."""

    def __init__(self):
        nft("add chain ip home inward { type nat hook prerouting priority -100 ; }")
        self._handles = {}

    def add(self, protocol: str, outside: int, host: str, port: int):
        self.remove(protocol, outside)
        rule = f"iif wan {protocol} dport {outside} dnat to {host}:{port}"
        added = nft("--echo", "--handle", f"add rule ip home inward {rule}")
        self._handles[protocol, outside] = re.search(r"# handle (\d+)", added)[1]

    def remove(self, protocol: str, outside: int):
        handle = self._handles.pop((protocol, outside), None)
        if handle:
            nft(f"delete rule ip home inward handle {handle}")

    def outside_of(self, protocol: str) -> list[int]:
        return [outside for known, outside in self._handles if known == protocol]


def serve_pmp(inside: str, outside: str, rules: Forwarding):
    """RFC 6886."""
    wire = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    wire.bind((inside, 5351))
    print("ready", flush=True)
    while True:
        request, sender = wire.recvfrom(2048)
        version, operation = request[:2]
        if version != 0:
            wire.sendto(struct.pack("!BBHI", 0, 128 + operation, 1, 1), sender)
        elif operation == 0:
            wire.sendto(struct.pack("!BBHI", 0, 128, 0, 1) + socket.inet_aton(outside), sender)
        else:
            port, wanted, lifetime = struct.unpack("!HHI", request[4:12])
            protocol = {1: "udp", 2: "tcp"}[operation]
            if lifetime:
                rules.add(protocol, wanted, sender[0], port)
            else:
                for known in rules.outside_of(protocol):
                    rules.remove(protocol, known)
            wire.sendto(struct.pack("!BBHIHHI", 0, 128 + operation, 0, 1, port, wanted, lifetime), sender)


def serve_upnp(inside: str, outside: str, rules: Forwarding):
    class Pages(BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def _answer(self, text: str):
            body = text.encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self):
            self._answer(DESCRIPTION)

        def do_POST(self):
            text = self.rfile.read(int(self.headers["Content-Length"])).decode()
            field = lambda name: re.search(f"<{name}>(.*?)</{name}>", text)[1]  # noqa: E731
            action = self.headers["SOAPAction"].strip('"').split("#")[1]
            if action == "AddPortMapping":
                rules.add(field("NewProtocol").lower(), int(field("NewExternalPort")), field("NewInternalClient"),
                          int(field("NewInternalPort")))  # fmt: skip
            elif action == "DeletePortMapping":
                rules.remove(field("NewProtocol").lower(), int(field("NewExternalPort")))
            result = f"<NewExternalIPAddress>{outside}</NewExternalIPAddress>" if action.startswith("Get") else ""
            self._answer(f"<u:{action}Response>{result}</u:{action}Response>")

    pages = HTTPServer((inside, 5000), Pages)
    threading.Thread(target=pages.serve_forever, daemon=True).start()
    search = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    search.bind(("", 1900))
    group = socket.inet_aton("239.255.255.250") + socket.inet_aton(inside)
    search.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)
    print("ready", flush=True)
    while True:
        request, sender = search.recvfrom(2048)
        if b"InternetGatewayDevice" in request:
            search.sendto(
                "HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=120\r\n"
                "ST: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\n"
                f"LOCATION: http://{inside}:5000/description.xml\r\n\r\n".encode(),
                sender,
            )


if __name__ == "__main__":
    kind, inside, outside = sys.argv[1:]
    {"pmp": serve_pmp, "upnp": serve_upnp}[kind](inside, outside, Forwarding())
