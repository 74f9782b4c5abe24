"""CIDs, peer IDs and distances as the DHT counts them."""

import base64
import hashlib
import secrets

BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
RAW_SHA256 = bytes([1, 0x55, 0x12, 32])  # CIDv1, raw, sha2-256 of 32 bytes


def fresh_content() -> bytes:
    """Nobody has provided it before."""
    return secrets.token_bytes(64)


def raw_cid(content: bytes) -> str:
    cid = RAW_SHA256 + hashlib.sha256(content).digest()
    return "b" + base64.b32encode(cid).decode().lower().rstrip("=")


def multihash_of_peer(peer_id: str) -> bytes:
    """Of the base58 form."""
    number = 0
    for letter in peer_id:
        number = number * 58 + BASE58.index(letter)
    zeros = len(peer_id) - len(peer_id.lstrip("1"))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")


def multihash_of_cid(cid: str) -> bytes:
    """Of CIDv1 in base32 whose version and codec take a byte each."""
    text = cid[1:].upper()
    return base64.b32decode(text + "=" * (-len(text) % 8))[2:]


def by_distance(peer_ids, key: bytes) -> list[str]:
    """Nearest first: XOR of the SHA-256 of the key and of each ID."""
    target = _position(key)
    return sorted(peer_ids, key=lambda peer: _position(multihash_of_peer(peer)) ^ target)


def _position(key: bytes) -> int:
    return int.from_bytes(hashlib.sha256(key).digest(), "big")
