"""What cases have in common: the condition under which an answer goes wrong, where it is right on all others.

A sentence is said only where it is true of all cases asked. It tells of a case what its condition tells, no more.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import numpy as np

from course.autograder.checks.language.spec import Inputs
from course.autograder.checks.language.stand_ins import Strided, input_arrays
from course.autograder.judging.asking import Question

TOLD = 2  # conditions at most, where several tell failing cases from right ones alike
FEW = 3  # cases that must fail before 'only where' says something of a condition that right ones meet too
PARAMETERS = ("bn_param", "ln_param", "gn_param", "dropout_param")
# How many of its kinds of sizes an array has along each axis: [N, D], [N, T, D], [N, C, H, W].
AXES: Mapping[int, tuple[str, ...]] = {
    2: ("samples", "features"),
    4: ("samples", "channels", "rows", "columns"),
}

Conditions = Iterator[
    tuple[str, bool | None]
]  # words and whether they are true; None where they make no sense


def common(asked: Mapping[str, Question], failing: Collection[str]) -> str:
    """'wherever ..., and nowhere else' or 'only where ...': a condition that tells failing cases from right ones.

    Args:
        asked: the cases of a check by their names.
        failing: the names of those on which it goes wrong.

    Returns:
        The clause, or '' where no condition tells; 'all but' the case where a single one is right.
    """
    right = set(asked) - set(failing)
    if len(failing) < 2 or not right:
        return ""
    held: dict[str, set[str]] = {}
    for name, question in asked.items():
        for words, true in conditions(question.inputs):
            if true:
                held.setdefault(words, set()).add(name)
    if len(right) == 1:
        return f"all but “{next(iter(right))}”"
    exact = [words for words, names in held.items() if names == set(failing)]
    if exact:  # which of them it is no case tells
        return f"wherever {' and '.join(exact[:TOLD])}, and nowhere else"
    telling = [
        words for words, names in held.items() if set(failing) <= names and 2 * len(names) <= len(asked) + 1
    ]
    if len(failing) >= FEW and len(right) >= FEW and telling:
        return f"only where {min(telling, key=lambda words: len(held[words]))}"
    return ""


def conditions(inputs: Inputs) -> Conditions:
    """All that can be said of a case in a few words, the most telling first."""
    yield from _windows(inputs)
    yield from _settings(inputs)
    yield from _arguments(inputs)
    yield from _sizes(inputs)
    yield from _arrays(inputs)


def _both(words: str, otherwise: str, true: bool) -> Conditions:
    yield words, true
    yield otherwise, not true


def _window(i: Inputs) -> tuple[tuple[int, int], tuple[int, int], int, int] | None:
    """(sizes, window, stride, pad) where windows move over images."""
    if "pool_param" in i:
        p = i["pool_param"]
        return _plain(i["x"]).shape[2:], (p["pool_height"], p["pool_width"]), p["stride"], 0
    if "conv_param" in i:
        p = i["conv_param"]
        return _plain(i["x"]).shape[2:], _plain(i["w"]).shape[2:], p["stride"], p["pad"]
    if "kernel_height" in i:
        return _plain(i["x"]).shape[2:], (i["kernel_height"], i["kernel_width"]), i["stride"], i["pad"]
    return None


def _windows(i: Inputs) -> Conditions:
    found = _window(i)
    if found is None:
        return
    sizes, window, stride, pad = found
    rooms = [n + 2 * pad - k for n, k in zip(sizes, window, strict=True)]
    left = any(room % stride for room in rooms)
    yield from _both("rows or columns are left over", "no row or column is left over", left)
    yield from _both("the stride is above 1", "the stride is 1", stride > 1)
    if "pool_param" not in i:
        yield from _both("there is padding", "there is no padding", pad > 0)
        yield "the padding is above 1", pad > 1
    overlap, gaps = any(stride < k for k in window), any(stride > k for k in window)
    yield from _both("windows overlap", "no windows overlap", overlap)
    yield "windows leave gaps", gaps
    yield from _both(
        "the window is not as wide as it is high", "the window is square", window[0] != window[1]
    )
    outputs = [room // stride for room in rooms]
    yield from _both(
        "the output is not as wide as it is high", "the output is square", outputs[0] != outputs[1]
    )
    yield from _both("a window has more than one value", "a window has one value", max(window) > 1)
    yield "the stride is above 1 and there is padding", stride > 1 and pad > 0


def _settings(i: Inputs) -> Conditions:
    """What the dict of settings says, and what it leaves out."""
    for name in PARAMETERS:
        settings = i.get(name)
        if not isinstance(settings, Mapping):
            continue
        if settings.get("mode") in ("train", "test"):
            yield from _both("the mode is 'test'", "the mode is 'train'", settings["mode"] == "test")
        if "scaling" in settings or "p" in settings:
            for scaling in ("upscale_in_train", "downscale_in_infer"):
                yield f"scaling is '{scaling}'", settings.get("scaling") == scaling
            yield "scaling is not given", "scaling" not in settings
        if "p" in settings:
            yield from _probability(settings["p"])
        for key in ("running_mean", "momentum", "eps"):
            what = "running statistics" if key == "running_mean" else key
            yield from _both(f"{name} has no {what}", f"{name} has {what}", key not in settings)
        yield f"{name} has no setting but the mode", set(settings) <= {"mode"}


def _probability(p: float) -> Conditions:
    yield "p is 0", p == 0
    yield "p is 1", p == 1
    yield from _both("p is 0 or 1", "p is between 0 and 1", p in (0, 1))
    yield "p is above 0.5", p > 0.5
    yield "p is below 0.5", p < 0.5


def _arguments(i: Inputs) -> Conditions:
    """Plain arguments: stride, dilation, groups and the like."""
    if isinstance(i.get("p"), float):
        yield from _probability(i["p"])
    for name in ("scaling", "mode"):
        if isinstance(i.get(name), str):
            yield f"{name} is '{i[name]}'", True
    for name in ("stride", "dilation"):
        if name in i and "kernel_height" not in i:
            value = i[name]
            yield f"no {name} is given", value is None
            numbers = (value, value) if isinstance(value, int) else tuple(value or (1, 1))
            yield from _both(f"a {name} is above 1", f"the {name} is 1", max(numbers) > 1)
            yield f"the {name} is another for each axis", numbers[0] != numbers[1]
    if isinstance(i.get("groups"), int):
        yield from _both("there is more than one group", "there is one group", i["groups"] > 1)
    for name in ("bias", "ceil_mode"):
        if isinstance(i.get(name), bool):
            yield from _both(f"{name} is True", f"{name} is False", i[name])
    if "padding" in i:
        yield from _padding(i["padding"])
    if isinstance(i.get("G"), int):
        channels = len(_plain(i["gamma"]))
        yield from _both("there is more than one group", "there is one group", i["G"] > 1)
        yield "each channel is a group", i["G"] == channels
        yield from _both("a group has more than one channel", "a group has one channel", i["G"] < channels)
    if "history" in i:
        earlier, k = len(i["history"]), i["k"]
        yield from _both("k is above 1", "k is 1", k > 1)
        yield "the history is longer than the window", earlier > k - 1
        yield "the history is shorter than the window", earlier < k - 1
        yield "the history is empty", earlier == 0


def _padding(padding: Any) -> Conditions:
    yield "the padding is a word", isinstance(padding, str)
    yield "the padding is a number", isinstance(padding, int)
    if isinstance(padding, (list, tuple)):
        yield "the padding is a pair", len(padding) == 2
        yield "the padding has four parts", len(padding) == 4
    yield from _both("there is no padding", "there is padding", padding in (0, "VALID"))


def _sizes(i: Inputs) -> Conditions:
    """Sizes that coincide, and sizes of 1."""
    x = _plain(i.get("x"))
    if x is None:
        return
    yield from _both("x has four axes", "x has other than four axes", x.ndim == 4)
    yield from _both("x has two axes", "x has other than two axes", x.ndim == 2)
    yield "x has one axis", x.ndim == 1
    names = AXES.get(x.ndim, ())
    if len(names) == 4:
        yield "all axes of x are alike", len(set(x.shape)) == 1
    for a, one in enumerate(names):
        for b, other in enumerate(names[a + 1 :], a + 1):
            yield f"there are as many {one} as {other}", x.shape[a] == x.shape[b]
        yield from _both(
            f"there is a single {one[:-1]}", f"there is more than one {one[:-1]}", x.shape[a] == 1
        )
    w = _plain(i.get("w"))
    if w is not None and w.ndim == 4 and x.ndim == 4:
        yield "there are as many kernels as input channels", w.shape[0] == w.shape[1]
        yield "there are as many samples as kernels", x.shape[0] == w.shape[0]
        yield from _both("there is more than one kernel", "there is a single kernel", len(w) > 1)


def _arrays(i: Inputs) -> Conditions:
    """Kinds of numbers, and how they lie in memory."""
    arrays = input_arrays({name: _plain(value) for name, value in i.items()})
    floats = [a for a in arrays.values() if a.dtype.kind == "f"]
    if floats:
        single = any(a.dtype == np.float32 for a in floats)
        yield from _both("the input is float32", "the input is float64", single)
    yield "an input is a view that is not contiguous", any(isinstance(v, Strided) for v in i.values())
    gamma, x = arrays.get("gamma"), arrays.get("x")
    if gamma is not None:
        yield "a gamma is 0", bool((gamma == 0).any())
    if x is not None:
        yield "x holds zeros", bool((x == 0).any())


def _plain(value: Any) -> Any:
    return value.array if isinstance(value, Strided) else value
