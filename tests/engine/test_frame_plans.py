"""What a header that came before makes of a body is what reading it anew would make of it."""

from typing import Any

import numpy as np
import pytest

from course.autograder.checks.language.plain import Problem
from course.autograder.checks.language.protocol import Reply
from course.autograder.engine.wire import CLASSES, LIMITS, WireError
from course.common import frame_plans
from course.common.frames import LENGTHS, Codec
from tests.engine.test_wire import VALUES, parts, same

ARRAYS = {"out": np.arange(6.0).reshape(2, 3), "dx": np.asfortranarray(np.ones((3, 2), np.float32))}
NESTED = {"a": [ARRAYS, (1, ARRAYS)], 3: (None, {"x": np.float32(0.1)})}


@pytest.fixture
def codec() -> Codec:
    return Codec(CLASSES.values(), LIMITS, WireError)


@pytest.mark.parametrize("value", [*VALUES, Reply(ARRAYS, {"x": np.ones(2)}, None), NESTED])
def test_a_value_arrives_as_it_was_however_often_it_comes(codec: Codec, value: Any) -> None:
    header, body = parts(codec.encode(value))
    assert all(same(codec.decode(header, body), value) for _ in range(4))


def test_the_arrays_are_those_of_each_body_and_each_has_its_own(codec: Codec) -> None:
    for number in range(4):
        came = codec.read(codec.encode(Reply({name: array + number for name, array in ARRAYS.items()})))
        for name, array in ARRAYS.items():
            assert np.array_equal(came.outputs[name], array + number)
            assert came.outputs[name].flags.f_contiguous == array.flags.f_contiguous
            came.outputs[name][:] = -1
        assert not came.inputs_after
        came.inputs_after["x"] = came.outputs["out"]
    assert any(codec.plans._known.values())


@pytest.mark.parametrize("change", [-8, -1, 1, 8])
def test_a_known_header_with_a_body_of_another_size_is_refused(codec: Codec, change: int) -> None:
    header, body = parts(codec.encode(Reply(ARRAYS)))
    for _ in range(4):
        codec.decode(header, body)
    with pytest.raises(WireError):
        codec.decode(header, (body + bytes(8))[: len(body) + change])


def test_truth_values_and_what_is_empty_are_read_each_time(codec: Codec) -> None:
    header, body = parts(codec.encode({"mask": np.array([True, False]), "none": np.zeros((0, 3))}))
    for _ in range(4):
        came = codec.decode(header, bytes([7, 0]))
        assert came["mask"].tolist() == [True, False] and came["mask"].view("u1").max() == 1
        assert came["none"].shape == (0, 3) and body == bytes([1, 0])


def test_what_is_known_does_not_grow_without_end(codec: Codec) -> None:
    for number in range(3 * frame_plans.MOST):
        for _ in range(2):
            codec.read(codec.encode(Problem(str(number), "")))
    long = codec.encode("x" * frame_plans.LONGEST)
    for _ in range(3):
        codec.read(long)
    assert 0 < len(codec.plans._known) <= len(codec.plans._once) <= frame_plans.MOST
    assert max(map(len, codec.plans._once)) <= frame_plans.LONGEST < LENGTHS.unpack_from(long)[0]
