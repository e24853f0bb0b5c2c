"""From which seed a student's cases are drawn."""

import hashlib


def seed_for(secret: str, student: str, check: str) -> int:
    """The seed of one student's cases for one check: nobody without the secret can draw them in advance."""
    digest = hashlib.blake2b(f"{student}\0{check}".encode(), key=secret.encode()[:64], digest_size=8)
    return int.from_bytes(digest.digest(), "big")
