"""A sealed file: blocks by name, compressed and masked, so that nothing in it is read at a glance or found by a search.

It is a seal, not a safe: whoever has the file and this module can open it, as the judge does. The first line is plain
text and says what the file is, in which version, and the digest of the rest.
"""

import hashlib
import json
import struct
import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

VERSION = 4
ENDING = ".sealed"
FIRST = "Sealed answers of {title}, version {version}, digest {digest}.\n"
LENGTH = struct.Struct("<I")


class SealError(Exception):
    """A sealed file that cannot be read; the message is one sentence that says what to do."""


def _digest(rest: bytes) -> str:
    return hashlib.blake2b(rest, digest_size=16).hexdigest()


def _masked(raw: bytes, key: str) -> bytes:
    """The bytes under a mask that follows from the key; masking twice gives them back."""
    mask = np.frombuffer(hashlib.shake_256(key.encode()).digest(len(raw)), dtype=np.uint8)
    return (np.frombuffer(raw, dtype=np.uint8) ^ mask).tobytes()


def _closed(raw: bytes, key: str) -> bytes:
    return _masked(zlib.compress(raw, 9), key)


def _opened(sealed: bytes, key: str) -> bytes:
    return zlib.decompress(_masked(sealed, key))


def written(
    title: str, blocks: Mapping[str, bytes], points: Mapping[str, float], extra: Collection[str] = ()
) -> bytes:
    """The bytes of a sealed file.

    Args:
        title: whose answers these are.
        blocks: by name.
        points: what each can give, to be read without opening it.
        extra: names of those whose points are extra credit.
    """
    closed = {name: _closed(raw, f"{title}/{name}") for name, raw in blocks.items()}
    places = {name: [len(block), points[name], name in extra] for name, block in closed.items()}
    index = _closed(json.dumps(places).encode(), title)
    rest = b"".join((LENGTH.pack(len(index)), index, *closed.values()))
    return FIRST.format(title=title, version=VERSION, digest=_digest(rest)).encode() + rest


@dataclass(frozen=True)
class Sealed:
    """An opened file.

    Attributes:
        title: whose answers these are.
        digest: of all of them; another release has another.
        blocks: still closed, by name.
        points: by name.
        extra: names of those whose points are extra credit.
    """

    title: str
    digest: str
    blocks: Mapping[str, bytes]
    points: Mapping[str, float]
    extra: frozenset[str]

    @classmethod
    def open(cls, path: Path) -> "Sealed":
        """Read a file. Raises SealError where it is no sealed file, of another version, or damaged."""
        again = "unpack the release again, all of it."
        try:
            first, _, rest = path.read_bytes().partition(b"\n")
        except OSError as error:
            raise SealError(f"{path.name} cannot be read ({error.strerror}); {again}") from error
        words = first.decode("utf-8", "replace").rstrip(".").replace(",", "").split()
        if len(words) != 8 or words[:3] != ["Sealed", "answers", "of"]:
            raise SealError(f"{path.name} is no file of sealed answers; {again}")
        title, version, digest = words[3], words[5], words[7]
        if version != str(VERSION):
            raise SealError(
                f"{path.name} has version {version}, and this course reads version {VERSION}; {again}"
            )
        if digest != _digest(rest):
            raise SealError(f"{path.name} is damaged; {again}")
        (size,) = LENGTH.unpack_from(rest)
        at, blocks, points = LENGTH.size + size, {}, {}
        places = json.loads(_opened(rest[LENGTH.size : at], title))
        for name, (length, most, _) in places.items():
            blocks[name], points[name] = rest[at : at + length], most
            at += length
        extra = frozenset(name for name, (_, _, optional) in places.items() if optional)
        return cls(title, digest, blocks, points, extra)

    def block(self, name: str) -> bytes:
        """One block. Raises KeyError for a name that is not there."""
        return _opened(self.blocks[name], f"{self.title}/{name}")


# --- arrays that compress ------------------------------------------------------------------------------------


def rounded(array: np.ndarray, bits: int) -> np.ndarray:
    """Doubles with so many bits behind the point of their mantissa, to nearest; other arrays as they are."""
    if array.dtype != np.float64 or bits >= 52:
        return array
    drop = np.uint64(52 - bits)
    whole = np.array(array, order="C").view(np.uint64)
    near = ((whole + (np.uint64(1) << (drop - np.uint64(1)))) >> drop << drop).view(np.float64)
    return np.where(np.isfinite(array) & np.isfinite(near), near, array)


def planes(raw: bytes) -> bytes:
    """The first bytes of all doubles, then the second ones, and so on: signs and sizes lie together and compress."""
    return np.frombuffer(raw.ljust(-(-len(raw) // 8) * 8, b"\0"), dtype=np.uint8).reshape(-1, 8).T.tobytes()


def from_planes(raw: bytes, size: int) -> bytes:
    """What `planes` made these of, so many bytes long."""
    return np.frombuffer(raw, dtype=np.uint8).reshape(8, -1).T.tobytes()[:size]
