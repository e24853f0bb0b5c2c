"""An input counts as changed however it was changed: in its array, in its dict or in its list."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from course.autograder.checks.language.plain import Problem
from course.autograder.checks.language.protocol import Call, Put, Reply, perform

STEPS = (Call("f", ("x", "param", "history"), ("out",)),)


def inputs() -> dict[str, Any]:
    return {
        "x": np.arange(4.0),
        "param": {"mean": np.ones(2)},
        "history": [{"mean": np.zeros(2)}, {"mean": np.full(2, 5.0)}],
    }


def left(f: Callable[..., Any], wanted: tuple[str, ...] = ("out",)) -> Reply:
    return perform(STEPS, inputs(), wanted, {"f": f})


def changed(reply: Reply) -> set[str]:
    sent = {"x": inputs()["x"], "param.mean": inputs()["param"]["mean"]}
    sent |= {f"history.{k}.mean": entry["mean"] for k, entry in enumerate(inputs()["history"])}
    return {
        path
        for path, after in reply.inputs_after.items()
        if isinstance(after, Problem) or not np.array_equal(after, sent[path])
    }


def test_inputs_that_are_only_read_are_unchanged() -> None:
    assert changed(left(lambda x, param, history: x + 1)) == set()


def test_only_what_is_not_as_it_came_travels_back() -> None:
    def f(x: Any, param: Any, history: Any) -> Any:
        history[0]["mean"] = -history[0]["mean"]  # -0.0 is 0.0, but not to the byte
        return x

    assert left(lambda x, param, history: x + 1).inputs_after == {}
    assert set(left(f).inputs_after) == {"history.0.mean"} and changed(left(f)) == set()
    assert set(left(_array, ("x", "out")).inputs_after) == {"x"}, "meant or not, it is told"


def test_equal_values_in_the_place_of_an_array_are_no_change() -> None:
    def f(x: Any, param: Any, history: Any) -> Any:
        param["mean"], history[0]["mean"] = param["mean"].copy(), [0.0, 0.0]
        return x

    assert changed(left(f)) == set()


def _array(x: Any, param: Any, history: Any) -> Any:
    x += 1
    return x


def _entry(x: Any, param: Any, history: Any) -> Any:
    history[1]["mean"] = history[1]["mean"] + 1
    return x


def _removed(x: Any, param: Any, history: Any) -> Any:
    del history[1:]
    return x


def _inserted(x: Any, param: Any, history: Any) -> Any:
    history.insert(0, {"mean": x})
    return x


def _popped(x: Any, param: Any, history: Any) -> Any:
    param.pop("mean")
    return x


@pytest.mark.parametrize(
    ("f", "paths"),
    [
        (_array, {"x"}),
        (_entry, {"history.1.mean"}),
        (_removed, {"history.1.mean"}),
        (_inserted, {"history.0.mean", "history.1.mean"}),
        (_popped, {"param.mean"}),
    ],
)
def test_every_way_of_changing_an_input_shows(f: Callable[..., Any], paths: set[str]) -> None:
    assert changed(left(f)) == paths


def test_an_entry_that_is_asked_for_or_put_may_be_replaced() -> None:
    def f(x: Any, param: Any, history: Any) -> Any:
        param["mean"] = param["mean"] + 1
        return x

    assert changed(left(f, ("out", "param.mean"))) == set()
    steps = (*STEPS, Put("param.mean", np.full(2, 9.0)), *STEPS)
    reply = perform(steps, inputs(), ("out",), {"f": lambda x, param, history: x})
    assert changed(reply) == set()
