"""The hash by which ids are known in states, filters and bundles."""

import hashlib


def hash64(text: str) -> int:
    """64 bits of BLAKE2b, the same on every machine."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")
