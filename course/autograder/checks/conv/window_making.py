"""A convolution, its gradients and its columns, piece by piece: where the windows lie, which taps meet them, the bias."""

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from course.autograder.checks.conv.places import CROPS, PLACES
from course.autograder.checks.conv.windows import KERNELS, Windows, of_case, of_columns
from course.autograder.checks.language.makings import Making, Piece, Stead

RIGHT = ""  # in place of a mistake's name: none is made there
Value = Callable[
    [Windows, str, str, str], np.ndarray
]  # from windows, and what is wrong: rows, columns, kernel


def _told(kind: str, name: str, crops: bool) -> tuple[str, str]:
    """A mistake's name and its advice; rows and columns may be those of dx."""
    if kind == "kernel":
        return name, KERNELS[name][0]
    called, advice = CROPS[name] if crops and name in CROPS else (name, PLACES[name][0])
    return called.format(kind), advice


def _stead(chosen: dict[str, str], value: Value, crops: bool) -> Stead:
    told = [_told(kind, name, crops) for kind, name in chosen.items()]
    how = tuple(chosen.get(kind, RIGHT) for kind in ("row", "column", "kernel"))
    return Stead(told[0][1], lambda c: value(c, *how), beside=tuple(told[1:]), name=told[0][0])


def _laid(value: Value, *, with_kernel: bool, crops: bool = False) -> Piece:
    """The piece that windows and kernels make: one thing wrong with them, or two."""
    kinds = {
        "row": list(PLACES),
        "column": list(PLACES),
        **({"kernel": list(KERNELS)} if with_kernel else {}),
    }
    ones = [{kind: name} for kind, names in kinds.items() for name in names]
    twos = [
        {one: a, other: b}
        for one, other in itertools.combinations(kinds, 2)
        for a, b in itertools.product(kinds[one], kinds[other])
    ]
    twos.sort(
        key=lambda chosen: len(set(chosen.values()))
    )  # the same along both axes before two unlike things
    instead = {
        " | ".join(f"{kind}: {name}" for kind, name in chosen.items()): _stead(chosen, value, crops)
        for chosen in ones + twos
    }
    return Piece(lambda c: value(c, RIGHT, RIGHT, RIGHT), instead)


ONE_EACH = "Output channel o gets bias o, once: {}."


def _bias(change: Callable[[Windows, np.ndarray], Any], told: str) -> Stead:
    return Stead(
        ONE_EACH.format(told), lambda c: np.reshape(change(c, c.b) * np.ones(len(c.b)), (1, -1, 1, 1))
    )


BIAS = Piece(
    lambda c: c.b.reshape(1, -1, 1, 1),
    {
        "bias forgotten": _bias(lambda c, b: 0, "yours has none"),
        "bias subtracted": _bias(lambda c, b: -b, "yours is taken away"),
        "bias added twice": _bias(lambda c, b: 2 * b, "yours is added twice"),
        "bias added for each input channel": _bias(lambda c, b: b * c.w.shape[1], "yours is added for each input channel"),
        "bias added for each place of the kernel": _bias(
            lambda c, b: b * c.w[0, 0].size, "yours is added for each place of the kernel"
        ),
        "bias added for each tap": _bias(lambda c, b: b * c.w[0].size, "yours is added for each tap"),
        "bias added for each row of the kernel": _bias(
            lambda c, b: b * c.w.shape[2], "yours is added for each row of the kernel"
        ),
        "all biases in each channel": _bias(lambda c, b: b.sum(), "yours adds all of them everywhere"),
        "one bias for all output channels": _bias(lambda c, b: b[0], "yours adds the first everywhere"),
        "bias averaged over the output channels": _bias(lambda c, b: b.mean(), "yours adds the mean of all of them"),
        "the last bias for all output channels": _bias(lambda c, b: b[-1], "yours adds the last everywhere"),
        "biases in reverse": _bias(lambda c, b: b[::-1], "yours come in reverse"),
        "bias divided by the input channels": _bias(lambda c, b: b / c.w.shape[1], "yours is divided by the input channels"),
    },
)  # fmt: skip
AFTER = Piece(
    lambda c: 0.0,
    {
        "cut off at 0": Stead("A convolution may be negative: there is no ReLU here.", lambda c: 1.0),
        "absolute values": Stead("A convolution may be negative: keep its sign.", lambda c: 2.0),
    },
)


def _out(laid: np.ndarray, bias: np.ndarray, after: np.ndarray) -> np.ndarray:
    found = laid + bias
    return np.where(after == 0, found, np.where(after == 1, np.maximum(found, 0), np.abs(found)))


def _shared(over: Callable[[Windows], float]) -> Callable[[Windows], float]:
    return lambda c: 1 / over(c)


TIMES = Piece(
    lambda c: 1.0,
    {
        "averaged over the batch": Stead(
            "The gradient sums over the samples; nothing divides by their number.",
            _shared(lambda c: len(c.x)),
        ),
        "averaged over the windows": Stead(
            "The gradient sums over the windows; nothing divides by their number.",
            _shared(lambda c: c.rows.windows * c.columns.windows),
        ),
        "averaged over the windows of the batch": Stead(
            "The gradient sums over the windows of all samples; nothing divides by their number.",
            _shared(lambda c: len(c.x) * c.rows.windows * c.columns.windows),
        ),
        "averaged over the kernels": Stead(
            "The gradient sums over what comes back; nothing divides by the number of kernels.",
            _shared(lambda c: c.dout.shape[1]),
        ),
        "averaged over the taps": Stead(
            "The gradient sums over what comes back; nothing divides by the number of taps.",
            _shared(lambda c: c.rows.taps * c.columns.taps),
        ),
        "twice as large": Stead("Each share comes back once: yours is twice as large.", lambda c: 2.0),
        "half as large": Stead("Each share comes back whole: yours is half as large.", lambda c: 0.5),
        "with the wrong sign": Stead("What comes back is added: yours has the wrong sign.", lambda c: -1.0),
    },
)


OUT_MAKING = {
    "out": Making(
        of_case,
        {"laid": _laid(Windows.products, with_kernel=True), "bias": BIAS, "after": AFTER},
        _out,
        most=2,
    )
}
GRADIENT_MAKING = {
    "dx": Making(
        of_case,
        {"laid": _laid(Windows.dx, with_kernel=True, crops=True), "times": TIMES},
        lambda laid, times: np.asarray(laid * times),
    ),
    "dw": Making(
        of_case,
        {"laid": _laid(lambda c, rows, columns, _: c.dw(rows, columns), with_kernel=False), "times": TIMES},
        lambda laid, times: np.asarray(laid * times),
    ),
}
COLUMNS_MAKING = {
    "columns": Making(
        of_columns,
        {"laid": _laid(lambda c, rows, columns, _: c.unfolded(rows, columns), with_kernel=False)},
        lambda laid: laid,
    )
}
