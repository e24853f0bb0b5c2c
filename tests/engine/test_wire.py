"""What honest ends send arrives as it was; what a hostile end sends ends in a WireError."""

import contextlib
import json
import random
import socket
import struct
import threading
import time
from typing import Any

import numpy as np
import pytest

from course.autograder.checks.language.plain import Problem
from course.autograder.checks.language.protocol import Call, Put, Reply
from course.autograder.checks.language.stand_ins import Affine, Seeded, Strided
from course.autograder.engine import wire
from course.autograder.engine.channel import Channel, Closed, Guard, OutOfTime, until
from course.autograder.engine.wire import WireError, decode, encode
from course.autograder.judging.verdict import Finding, Verdict
from course.common.frames import Codec, FrameError
from tests.waiting import LONG_STOP


def parts(frame: bytes) -> tuple[bytes, bytes]:
    header, body = wire.LENGTHS.unpack(frame[: wire.LENGTHS.size])
    rest = frame[wire.LENGTHS.size :]
    assert len(rest) == header + body
    return rest[:header], rest[header:]


def round_trip(value: Any) -> Any:
    return decode(*parts(encode(value)))


def same(a: Any, b: Any) -> bool:
    """Equal in value, type, dtype and layout, with NaN equal to NaN."""
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        alike = a.dtype == b.dtype and a.shape == b.shape
        return alike and np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    if hasattr(a, "__dataclass_fields__"):
        return all(same(getattr(a, n), getattr(b, n)) for n in a.__dataclass_fields__)
    return a == b or (a != a and b != b)


VALUES = [
    None,
    True,
    0,
    -(2**200),
    2**63,
    1.5,
    float("nan"),
    float("inf"),
    5e-324,
    "数 🙂 \0",
    [],
    (1, (2, [3.0, None])),
    {"a": {"b": (1,)}, 3: "x"},
    Strided(np.arange(6.0).reshape(2, 3)),
    Seeded(2**127),
    Affine(np.ones((2, 3)), np.zeros(3)),
    (Call("f", ("x", "bn_param"), ("out", "cache")), Put("bn_param.mode", "test"), Put("n", np.float32(0.1))),
    Reply({"out": np.ones(3), "dx": Problem("none", "dx is None")}, {"x": np.zeros((0, 4))}, None),
    Verdict(
        "c", 0.5, 5.0, (Finding("case", "out", "value", "differs", index=(1, 2), got=1.0),), ("dx",), 3, True
    ),
]


@pytest.mark.parametrize("value", VALUES, ids=lambda v: type(v).__name__)
def test_values_arrive_as_they_were(value: Any) -> None:
    assert same(round_trip(value), value)


@pytest.mark.parametrize("dtype", ["?", "i1", "u8", "i4", "f2", "f4", "f8", "g", ">f8", ">i4"])
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 3, 4), (1, 1, 1, 1, 1, 1, 1, 2)])
def test_arrays_keep_dtype_shape_and_values(dtype: str, shape: tuple[int, ...]) -> None:
    array = (np.random.default_rng(0).uniform(0, 9, size=shape)).astype(dtype)
    assert same(round_trip(array), array)


def test_arrays_keep_their_order_and_can_be_written_to() -> None:
    array = np.asfortranarray(np.arange(6.0).reshape(2, 3))
    arrived = round_trip({"x": array})["x"]
    assert arrived.flags.f_contiguous and not arrived.flags.c_contiguous
    arrived += 1
    assert np.array_equal(round_trip(array[:, ::2]), array[:, ::2])


@pytest.mark.parametrize(
    "value",
    [
        object(),
        lambda x: x,
        {1, 2},
        b"bytes",
        1j,
        np.array([object()]),
        np.array(["text"]),
        np.array([1j]),
        np.zeros(3, dtype=[("a", "f8")]),
        np.broadcast_to(np.zeros(1), (10**9,)),
        np.zeros(wire.MAX_ELEMENTS + 1, dtype=bool),
        [np.zeros(2**22)] * 4,
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_does_not_travel_is_refused_by_the_sender(value: Any) -> None:
    with pytest.raises(WireError):
        encode(value)


def test_nesting_without_end_is_refused_by_the_sender() -> None:
    value: list[Any] = []
    value.append(value)
    with pytest.raises(WireError):
        encode(value)


HOSTILE = [
    b"",
    b"{}",
    b'{"a": 1}',
    b"[]",
    b"[1]",
    b'["unknown", 1]',
    b'["array"]',
    b'["array","<f8",[2],"C"]',
    b'["array","<f8",[-1],"C"]',
    b'["array","<f8",[1e3],"C"]',
    b'["array","<f8",[true],"C"]',
    b'["array","|O",[1],"C"]',
    b'["array","<f8",[99999999999999999999],"C"]',
    b'["array","<f8",[0,67108864,67108864,67108864,67108864],"C"]',
    b'["array","<f8",[1,1,1,1,1,1,1,1,1],"C"]',
    b'["array",["<f8"],[0],"C"]',
    b'["array","<f8","3","C"]',
    b'["scalar",["list"]]',
    b'["scalar",["scalar",1]]',
    b'["int","zz"]',
    b'["int",5]',
    b'["int"]',
    b'["dict",1]',
    b'["dict",["list"],1]',
    b'["dict",["array","|b1",[0],"C"],1]',
    b'["Reply",1]',
    b'["Problem","a","b","c","d"]',
    b'["WireError","a"]',
    b'["os.system","true"]',
    b"[" * 100_000,
    b'["list",' * 200 + b"1" + b"]" * 200,
    b'["list"' + b",1" * (wire.MAX_ITEMS + 1) + b"]",
    b"9" * 5000,
    b"\xff\xfe",
    b"nul",
]


@pytest.mark.parametrize("header", HOSTILE, ids=lambda h: h[:30].decode("latin-1"))
def test_hostile_headers_end_in_a_wire_error(header: bytes) -> None:
    with pytest.raises(WireError):
        decode(header, b"")


def test_left_over_bytes_are_refused() -> None:
    with pytest.raises(WireError):
        decode(b"1", b"x")


def test_truth_values_other_than_0_and_1_become_true() -> None:
    arrived = decode(b'["array","|b1",[4],"C"]', bytes([0, 1, 2, 255]))
    assert arrived.view(np.uint8).tolist() == [0, 1, 1, 1]


def test_a_pickle_is_no_frame() -> None:
    import pickle

    with pytest.raises(WireError):
        decode(pickle.dumps({"did": "check"}), b"")


def test_frames_with_flipped_bytes_decode_or_end_in_a_wire_error() -> None:
    rng = random.Random(0)
    frames = [bytearray(encode(value)) for value in VALUES]
    refused = 0
    for _ in range(4000):
        frame = bytearray(rng.choice(frames))
        for _ in range(rng.randint(1, 4)):
            frame[rng.randrange(8, len(frame))] = rng.randrange(256)
        header, _ = struct.unpack("<II", frame[:8])
        try:
            decode(frame[8 : 8 + header], frame[8 + header :])
        except WireError:
            refused += 1
    assert refused > 1000


def test_random_json_decodes_or_ends_in_a_wire_error() -> None:
    rng = random.Random(1)
    atoms: list[Any] = [
        *wire.CLASSES,
        "array",
        "scalar",
        "int",
        "list",
        "dict",
        "<f8",
        "C",
        0,
        1,
        -1,
        2**40,
        None,
        1e9,
    ]

    def grow(depth: int) -> Any:
        if depth == 0 or rng.random() < 0.4:
            return rng.choice(atoms)
        return [grow(depth - 1) for _ in range(rng.randint(0, 5))]

    for _ in range(4000):
        with contextlib.suppress(WireError):
            decode(json.dumps(grow(5)).encode(), rng.randbytes(rng.choice([0, 8, 64])))


# --- the channel ---


def pair() -> tuple[Channel, socket.socket]:
    near, far = socket.socketpair()
    return Channel(near), far


def soon() -> Guard:
    """Waits a moment, where nothing is to come."""
    return until(time.monotonic() + 0.1)


def at_last() -> Guard:
    """Waits long, for what is to come however busy the machine is."""
    return until(time.monotonic() + LONG_STOP)


def test_large_values_pass_through_a_small_socket() -> None:
    near, far = pair()
    sent = {"x": np.random.default_rng(0).normal(size=(1000, 1000))}
    thread = threading.Thread(target=Channel(far).send, args=(sent,))
    thread.start()
    assert same(near.receive(at_last()), sent)
    thread.join()


def test_a_silent_end_runs_out_of_time() -> None:
    near, far = pair()
    with pytest.raises(OutOfTime):
        near.receive(soon())
    far.sendall(struct.pack("<II", 100, 0) + b"half")
    with pytest.raises(OutOfTime):
        near.receive(soon())


def test_an_end_that_never_reads_runs_the_sender_out_of_time() -> None:
    near, _far = pair()
    with pytest.raises(OutOfTime):
        near.send(np.zeros(2**21), soon())


def test_a_closed_end_is_noticed() -> None:
    near, far = pair()
    far.close()
    with pytest.raises(Closed):
        near.receive(at_last())
    with pytest.raises(Closed):
        near.send(1, at_last())


def test_a_frame_that_announces_too_much_is_refused_before_it_is_read() -> None:
    near, far = pair()
    far.sendall(struct.pack("<II", wire.MAX_HEADER + 1, 0))
    with pytest.raises(WireError):
        near.receive(at_last())


# --- what is written once ---


def test_arrays_that_are_alike_are_written_once_where_a_codec_says_so() -> None:
    codec = Codec((), wire.LIMITS, once=True)
    array = np.random.default_rng(0).normal(size=1000)
    value = {"a": array, "b": [array.copy(), array.reshape(10, 100)], "c": array.astype("f4")}
    frame = codec.encode(value)
    assert same(codec.read(frame), value) and len(frame) < 2.7 * array.nbytes


@pytest.mark.parametrize("frame", [b"", b"\0" * 7, b"\1\0\0\0\0\0\0\0", b"\1\0\0\0\0\0\0\0" + b"11"])
def test_a_frame_of_other_lengths_than_it_says_is_refused(frame: bytes) -> None:
    with pytest.raises(FrameError):
        Codec((), wire.LIMITS).read(frame)


@pytest.mark.parametrize("header", [b'["again",0]', b'["list",["array","|b1",[1],"C"],["again",1]]'])
def test_a_second_mention_of_an_array_that_is_not_there_is_refused(header: bytes) -> None:
    with pytest.raises(WireError):
        decode(header, b"\1" if b"array" in header else b"")
    with pytest.raises(FrameError):
        Codec((), wire.LIMITS, once=True).decode(header, b"\1" if b"array" in header else b"")
