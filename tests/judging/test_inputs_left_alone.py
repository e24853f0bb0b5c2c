"""An input counts as changed however it was changed: in its array, in its dict or in its list."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from course.autograder import judge
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
        (_removed, {"history", "history.1.mean"}),
        (_inserted, {"history", "history.0.mean", "history.1.mean"}),
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


def settings_changed(f: Callable[..., Any], wanted: tuple[str, ...] = ("out",)) -> set[str]:
    given = {
        "param": {"eps": 0.1, "mode": "train", "size": [2, 3]},
        "layers": [{"type": "relu"}, {"type": "conv"}],
    }
    reply = perform((Call("f", ("param", "layers"), ("out",)),), given, wanted, {"f": f})
    assert reply.problem is None and all(isinstance(after, Problem) for after in reply.inputs_after.values())
    return set(reply.inputs_after)


class Hostile:
    def __eq__(self, other: object) -> bool:
        raise ZeroDivisionError


@pytest.mark.parametrize(
    ("change", "paths"),
    [
        (lambda param, layers: param.pop("eps"), {"param.eps"}),
        (lambda param, layers: param.update(mode="test", eps=None), {"param.mode", "param.eps"}),
        (lambda param, layers: param.clear(), {"param.eps", "param.mode", "param.size", "param.size.0", "param.size.1"}),
        (lambda param, layers: param.update(eps=Hostile()), {"param.eps"}),
        (lambda param, layers: param["size"].append(4), {"param.size"}),
        (lambda param, layers: param["size"].reverse(), {"param.size.0", "param.size.1"}),
        (lambda param, layers: layers[0].pop("type"), {"layers.0.type"}),
        (lambda param, layers: layers.append({"type": "relu"}), {"layers"}),
        (lambda param, layers: layers.insert(0, {"type": "relu"}), {"layers", "layers.1.type"}),
    ],
)  # fmt: skip
def test_settings_that_are_taken_out_or_replaced_show(change: Callable[..., Any], paths: set[str]) -> None:
    assert settings_changed(change) == paths


@pytest.mark.parametrize(
    "change",
    [
        lambda param, layers: param.update(running_mean=0, mask=[1]),
        lambda param, layers: param.setdefault("momentum", 0.9),
        lambda param, layers: param.update(eps=np.float64(param["eps"]), size=(2, 3)),
        lambda param, layers: [layer.setdefault("stride", 1) for layer in layers],
    ],
)
def test_what_is_only_added_or_replaced_by_its_equal_does_not(change: Callable[..., Any]) -> None:
    assert settings_changed(change) == set()


def test_what_the_judge_puts_elsewhere_is_no_change_of_the_students() -> None:
    steps = (Put("param.mode", "test"), Call("f", ("param",), ("out",)))
    reply = perform(steps, {"param": {"mode": "train", "eps": 1}}, ("out",), {"f": lambda param: 0})
    assert reply.inputs_after == {}


def _in_place(x: Any, dropout_param: Any) -> Any:
    if dropout_param["mode"] == "train":
        x *= dropout_param["rng"].random(x.shape) >= dropout_param["p"]
    return x, None


def test_an_input_is_told_once_by_the_name_that_the_function_gives_it() -> None:
    verdict = judge("dropout_forward.train", _in_place)
    assert {f.output for f in verdict.findings if f.kind == "changed"} == {"x"}, verdict.text()


def _window(change: Callable[[Any], Any]) -> Callable[..., Any]:
    """A window of the newest steps alone, which does something to the list that it is given."""

    def moments(x: Any, weight: Any, history: Any, k: int) -> Any:
        change(history)
        return x.mean(axis=0), x.var(axis=0)

    return moments


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda history: history.insert(0, dict(history[0]) if history else {}), {"history"}),
        (lambda history: history.clear(), {"history"}),
        (lambda history: history.reverse(), {"history"}),
        (lambda history: history and np.negative(history[0]["mean"], out=history[0]["mean"]), {"history.0.mean"}),
        (lambda history: [a.fill(7) for past in history for a in past.values()], {"history"}),
    ],
)  # fmt: skip
def test_of_a_list_whose_entries_moved_that_is_told_and_nothing_of_the_arrays_in_it(
    change: Callable[[Any], Any], told: set[str]
) -> None:
    verdict = judge("cross_iteration_moments", _window(change))
    changed = {f.output for f in verdict.findings if f.kind == "changed"}
    messages = {f.message for f in verdict.findings if f.kind == "changed"}
    assert changed == told, verdict.text()
    assert len(messages) == 1 or told == {"history.0.mean"}


def _written(params: Any, names: list[str]) -> None:
    for name in names:
        params[name] += 1


@pytest.mark.parametrize(
    ("names", "told"),
    [(["W1"], {"params.W1"}), (["W1", "b1", "gamma2"], {"params.W1", "params.b1", "params.gamma2"}),
     (["W1", "b1", "gamma2", "beta3"], {"params"})],
)  # fmt: skip
def test_many_arrays_of_one_dict_are_told_once(names: list[str], told: set[str]) -> None:
    def net(x: Any, y: Any, params: Any) -> Any:
        _written(params, names)
        return 0.0, {name: np.zeros_like(array) for name, array in params.items()}

    verdict = judge("six_layer_net", net)
    assert {f.output for f in verdict.findings if f.kind == "changed"} == told, verdict.text()
