"""A reference that keeps its last answers gives what it would have computed, to each caller anew."""

from dataclasses import replace

import numpy as np
import pytest

from course.reference import remembering
from course.reference.device import device
from course.reference.remembering import KEPT, LARGEST

calls = []
X = np.arange(6.0).reshape(2, 3)


@remembering.remembering
def doubled(x, by=2.0, axis=(0,)):
    calls.append(by)
    return {"out": np.asarray(x, float) * by}


@pytest.fixture(autouse=True)
def anew():
    remembering.forget()
    calls.clear()


def test_the_same_is_computed_once_and_whoever_changes_it_changes_their_own():
    first = doubled(X)
    first["out"][:] = 7
    second = doubled(X.copy())
    second["out"][:] = 8
    assert len(calls) == 1 and (doubled(X)["out"] == 2 * X).all()


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ((X + 1e-16,), {}),
        ((X.astype("float32"),), {}),
        ((X.reshape(3, 2),), {}),
        ((np.asfortranarray(X),), {}),
        ((X, 2), {}),
        ((X,), {"by": 2.0}),
        ((X,), {"axis": (1,)}),
        ((-X,), {}),
        ((X, True), {}),
    ],
)
def test_whatever_differs_in_anything_is_computed(given, named):
    doubled(X)
    assert doubled(*given, **named) is not None and len(calls) == 2
    doubled(*given, **named)
    assert len(calls) == 2


def test_zeros_of_both_signs_are_two():
    assert np.signbit(doubled(np.array([-0.0]))["out"][0]) and not np.signbit(
        doubled(np.array([0.0]))["out"][0]
    )
    doubled(X, 0.0)
    doubled(X, -0.0)
    assert len(calls) == 4


def test_another_device_computes_its_own(monkeypatch):
    doubled(X)
    another = replace(device(), reason="another")
    monkeypatch.setitem(globals(), "device", lambda: another)
    doubled(X)
    assert len(calls) == 2


def test_what_is_large_or_cannot_be_told_apart_is_computed_each_time():
    large = np.zeros(LARGEST // 8 + 1)
    for value in (large, [1.0, 2.0], np.array([1, 2], dtype=object)):
        before = len(calls)
        doubled(value)
        doubled(value)
        assert len(calls) == before + 2


def test_what_was_asked_long_ago_is_forgotten():
    for k in range(KEPT + 1):
        doubled(X, float(k))
    doubled(X, 1.0)
    assert len(calls) == KEPT + 1
    doubled(X, 0.0)
    assert len(calls) == KEPT + 2


def test_what_is_asked_at_first_is_computed_and_not_kept_and_what_comes_after_is():
    assert (remembering.at_first(doubled, X)["out"] == 2 * X).all()
    with pytest.raises(ZeroDivisionError):
        remembering.at_first(lambda x: doubled(x, 1 / 0), X)
    remembering.at_first(doubled, X)
    assert len(calls) == 2
    doubled(X)
    doubled(X)
    assert len(calls) == 3
