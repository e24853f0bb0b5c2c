"""Frames between judge and student's process: what may travel, and how much of it. See `common/frames.py`."""

from course.autograder.checks.language.plain import MAX_BYTES, MAX_DIMENSIONS, Problem
from course.autograder.checks.language.protocol import Call, Put, Reply
from course.autograder.checks.language.stand_ins import Affine, Seeded, Strided, Thinned
from course.autograder.judging.verdict import Finding, Verdict
from course.common.frames import LENGTHS, Codec, FrameError, Limits

MAX_HEADER = 8 * 2**20
MAX_BODY = 96 * 2**20
MAX_ELEMENTS = MAX_BYTES // 8  # the judge computes in float64
MAX_ITEMS = 200_000
LIMITS = Limits(
    array_bytes=MAX_BYTES,
    elements=MAX_ELEMENTS,
    dimensions=MAX_DIMENSIONS,
    header=MAX_HEADER,
    body=MAX_BODY,
    arrays=512,
    items=MAX_ITEMS,
    depth=24,
)

# What most questions of a check have in common: sent where it is not that of the question before.
IN_COMMON = ("functions", "steps", "wanted", "until")


class WireError(FrameError):
    """What came, or was to be sent, is not of this protocol."""


CODEC = Codec(
    (Affine, Call, Finding, Problem, Put, Reply, Seeded, Strided, Thinned, Verdict), LIMITS, WireError
)
CLASSES, encode, decode = CODEC.classes, CODEC.encode, CODEC.decode

__all__ = ["CLASSES", "IN_COMMON", "LENGTHS", "MAX_BODY", "MAX_HEADER", "WireError", "decode", "encode"]
