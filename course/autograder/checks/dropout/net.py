"""ps2, in use: affine, ReLU and dropout as one layer, forward and backward."""

from collections.abc import Callable
from typing import Any

import numpy as np

from course.autograder.checks.dropout.masks import named
from course.autograder.checks.dropout.units import case, coins, observe
from course.autograder.checks.dropout.variants import (
    ASSIGNMENT,
    NOT_HERE,
    P_AS_KEEP,
    TEST_FACTORS,
    TRAIN_FACTORS,
    factor_mistakes,
    nan_at_one,
    possible,
    seed_of,
    settings,
)  # fmt: skip
from course.autograder.checks.language.protocol import Call
from course.autograder.checks.language.spec import Arrays, Check, Inputs, Misconception, Output
from course.autograder.checks.language.tolerances import CONVOLUTION, Tolerances
from course.reference import dropout
from course.reference.batch_norm import tensor
from course.reference.device import device, on_device
from course.reference.dropout import DOWNSCALE, UPSCALE
from course.reference.framework import paddle

F = paddle.nn.functional
# Sums of products, after a division by float32(1 - p) in Paddle's own kernel at test time.
AFFINE = Tolerances(type(CONVOLUTION.float64)(1e-6, 1e-8), CONVOLUTION.float32)


Graph = Callable[
    ..., Any
]  # (x, w, b, mask, dout, the right factor) -> out, all Paddle tensors but the factor


def _mask(i: Inputs) -> np.ndarray:
    p, _, _ = settings(i)
    if "kept" in i:
        return possible(i["kept"], p)
    return dropout.masks(i["dout"].shape, p, seed_of(i))[0]


def _right(i: Inputs) -> Arrays:
    return dropout.affine_relu_dropout(i["x"], i["w"], i["b"], i["dout"], _mask(i), *settings(i))


def _graph(i: Inputs, change: Graph) -> Arrays:
    """The answers of a wrong graph from (x, w, b, mask, dout, the right factor) by Paddle's autograd."""
    p, mode, scaling = settings(i)
    if mode == "train":
        factor = 1.0 if scaling == DOWNSCALE else 1 / (1 - p)
    else:
        factor = 1 - p if scaling == DOWNSCALE else 1.0
    with on_device(device().name):
        leaves = [tensor(i[name], gradient=True) for name in ("x", "w", "b")]
        mask = tensor(_mask(i) if mode == "train" else np.ones(i["dout"].shape))
        out = change(*leaves, mask, tensor(i["dout"]), factor)
        grads = paddle.grad([out], leaves, grad_outputs=[tensor(i["dout"])])
        return {"out": out.numpy(), **{n: g.numpy() for n, g in zip(("dx", "dw", "db"), grads, strict=True)}}


def _gradients(change: Graph) -> Callable[[Inputs], Arrays]:
    """A right output with gradients of another graph."""

    def wrong(i: Inputs) -> Arrays:
        p, mode, _ = settings(i)
        if mode == "train" and not 0 < p < 1:
            return {}
        found = _graph(i, change)
        return {name: found[name] for name in ("dx", "dw", "db")}

    return wrong


def _training(change: Graph, scaling: str = "") -> Callable[[Inputs], Arrays]:
    """Output and gradients of another graph, in training."""

    def wrong(i: Inputs) -> Arrays:
        p, mode, s = settings(i)
        return _graph(i, change) if mode == "train" and 0 < p < 1 and scaling in ("", s) else {}

    return wrong


def _as_keep(i: Inputs) -> Arrays:
    p, mode, scaling = settings(i)
    if mode != "train" or not 0 < p < 1:
        return {}
    factor = 1 / p if scaling == UPSCALE else 1.0
    given = i if "kept" in i else {**i, "kept": dropout.masks(i["dout"].shape, 1 - p, seed_of(i))[0] > 0}
    return _graph(given, lambda x, w, b, m, d, f: F.relu(F.linear(x, w, b)) * m * factor)


def _by_factor(i: Inputs, factor: float) -> Arrays:
    return _graph(i, lambda x, w, b, m, d, f: F.relu(F.linear(x, w, b)) * m * factor)


def _batch_mask(i: Inputs) -> Arrays:
    p, mode, _ = settings(i)
    if "kept" in i or mode != "train" or not 0 < p < 1:
        return {}
    shared = dropout.masks(i["dout"].shape, p, seed_of(i), axis=(1,))[0] > 0
    return _right({**i, "kept": shared})


def _at_test(i: Inputs) -> Arrays:
    p, mode, scaling = settings(i)
    if mode != "test":
        return {}
    mask = _mask(i)
    if mask.all():
        return {}
    factor = 1 / (1 - p) if scaling == UPSCALE else 1.0
    return _graph(i, lambda x, w, b, m, d, f: F.relu(F.linear(x, w, b)) * tensor(mask) * factor)


def _scaled(change: Callable[[Inputs, np.ndarray], np.ndarray], name: str) -> Callable[[Inputs], Arrays]:
    return lambda i: {name: change(i, _right(i)[name])}


NET_CHECK = Check(
    name="affine_relu_dropout",
    assignment=ASSIGNMENT,
    points=5,
    functions=("affine_relu_dropout_forward", "affine_relu_dropout_backward"),
    steps=(
        Call("affine_relu_dropout_forward", ("x", "w", "b", "dropout_param"), ("out", "cache")),
        Call("affine_relu_dropout_backward", ("dout", "cache"), ("dx", "dw", "db")),
    ),
    outputs=(Output("out", AFFINE, weight=2.0), Output("dx", AFFINE), Output("dw", AFFINE), Output("db", AFFINE)),
    cases=(
        case("upscale_in_train, p = 0.3", (60, 5, 24), 0.3, UPSCALE),
        case("downscale_in_infer, p = 0.8", (62, 4, 23), 0.8, DOWNSCALE),
        case("scaling not given, p = 0.6, x not contiguous", (64, 6, 22), 0.6, None, strided=True),
        case("test mode, upscale_in_train", (9, 5, 7), 0.3, UPSCALE, "test"),
        case("test mode, downscale_in_infer", (7, 4, 9), 0.8, DOWNSCALE, "test"),
        case("p = 1: everything is dropped", (4, 3, 5), 1.0, UPSCALE),
        case("float32 input", (58, 7, 25), 0.7, UPSCALE, dtype="float32"),
    ),
    reference=_right,
    observe=observe,
    properties=(coins,),
    misconceptions=(
        named(P_AS_KEEP, _as_keep),
        named("one mask for the whole batch", _batch_mask),
        Misconception(
            "dropout forgotten in the gradient",
            "The gradient goes through dropout first: mask and scale act on dout before ReLU does.",
            _gradients(lambda x, w, b, m, d, f: F.relu(F.linear(x, w, b))),
        ),
        Misconception(
            "gradient without the scale",
            "The gradient is masked, but the scale of the forward pass is missing in it.",
            _gradients(lambda x, w, b, m, d, f: F.relu(F.linear(x, w, b)) * m),
        ),
        Misconception(
            "gradient without the mask",
            "A dropped unit has no say in the output: its gradient is 0.",
            _gradients(lambda x, w, b, m, d, f: F.relu(F.linear(x, w, b)) * f),
        ),
        Misconception(
            "ReLU forgotten in the gradient",
            "Where the hidden value was negative ReLU stops the gradient.",
            _gradients(lambda x, w, b, m, d, f: F.linear(x, w, b) * m * f),
        ),
        Misconception(
            "ReLU forgotten",
            "There is no ReLU between the affine layer and dropout.",
            _training(lambda x, w, b, m, d, f: F.linear(x, w, b) * m * f),
        ),
        *factor_mistakes(
            {"not scaled while training": TRAIN_FACTORS["not scaled while training"]},
            lambda i, f: {"out": _by_factor(i, f)["out"]},
            "train",
        ),
        *factor_mistakes(
            TRAIN_FACTORS, _by_factor, "train", without=(*NOT_HERE, "not scaled while training")
        ),
        *factor_mistakes(TEST_FACTORS, _by_factor, "test", without=NOT_HERE),
        Misconception(
            "random at test time",
            "At test time nothing is dropped: pass `mode` on to dropout_forward.",
            _at_test,
        ),
        Misconception(
            "bias gradient averaged",
            "db is the sum over the samples; the mean belongs to the loss.",
            _scaled(lambda i, db: db / len(i["x"]), "db"),
        ),
        Misconception(
            "weight gradient averaged",
            "dw is the sum over the samples; the mean belongs to the loss.",
            _scaled(lambda i, dw: dw / len(i["x"]), "dw"),
        ),
        nan_at_one("out", lambda i: i["dout"].shape),
    ),
)  # fmt: skip

CHECKS = (NET_CHECK,)
