"""ps2, DropConnect: connections are dropped, biases too, anew for each sample."""

from collections.abc import Callable

import numpy as np

from course.autograder.checks.dropout.chance import CALLS, Sharing, coin_flaws
from course.autograder.checks.dropout.knapsack import connections, decoded, readable, terms
from course.autograder.checks.dropout.masks import named
from course.autograder.checks.dropout.variants import (
    ASSIGNMENT,
    NOT_HERE,
    P_AS_KEEP,
    TEST_FACTORS,
    TRAIN_FACTORS,
    all_kept,
    calls,
    copies,
    drawn,
    factor_mistakes,
    nan_at_one,
    numbered,
    param,
    possible,
    seed_of,
    settings,
)  # fmt: skip
from course.autograder.checks.language.draws import Generator
from course.autograder.checks.language.protocol import Strided
from course.autograder.checks.language.spec import Arrays, Case, Check, Flaw, Inputs, Misconception, Output
from course.autograder.checks.language.tolerances import DROPOUT
from course.reference import dropout
from course.reference.dropout import DOWNSCALE, UPSCALE

OUTS = numbered("out", CALLS)

SHARING: Sharing = {
    (0,): (
        "one mask for the whole batch",
        "All samples share one mask; each sample drops connections of its own.",
    ),
    (1,): (
        "outputs dropped",
        "You drop an output with all that leads to it; each connection has a draw of its own.",
    ),
    (2,): (
        "inputs dropped",
        "You drop an input for all outputs, which is dropout; DropConnect drops single weights.",
    ),
}


def case(
    name: str, shape: tuple[int, int, int], p: float, scaling: str | None, mode: str = "train", dtype: str = "float64",
    strided: bool = False,
) -> Case:  # fmt: skip
    """x [N, D] for each call, w [D, M] and b (M,), for shape (N, D, M)."""

    def draw(r: Generator) -> Inputs:
        i = connections(r, *shape, dtype)
        x = Strided(i["x"]) if strided else i["x"]
        return {**i, **copies("x", x, CALLS), "dropout_param": param(r, p, mode, scaling)}

    return Case(name, draw)


def _observe(i: Inputs, got: Arrays) -> Inputs:
    p, mode, _ = settings(i)
    wanted = (len(i["x"]), i["w"].shape[1])
    if mode != "train" or not 0 < p < 1 or any(got[path].shape != wanted for path in OUTS):
        return i
    parts = terms(i)
    read = [decoded(got[path].astype(np.float64), parts, readable(p)) for path in OUTS]
    kept = [r for r in read if r is not None]
    return {**i, "kept": np.stack(kept)} if len(kept) == len(OUTS) else {**i, "unreadable": True}


def _masks(i: Inputs) -> list[np.ndarray]:
    n, d = i["x"].shape
    return drawn(i, (n, d + 1, i["w"].shape[1]), CALLS)


def _with(i: Inputs, masks: list[np.ndarray], *, weight: float | None = None, bias: float = 1.0) -> Arrays:
    """The outputs for given masks; the weights times another factor, and the bias by one more on top."""
    p, mode, scaling = settings(i)
    x, w, b = i["x"], i["w"].astype(np.float64), i["b"].astype(np.float64) * bias
    if weight is not None:  # downscale_in_infer leaves a factor of the caller's own
        return {
            path: dropout.dropconnect(x, w * weight, b * weight, m, p, "train", DOWNSCALE)
            for path, m in zip(OUTS, masks, strict=False)
        }
    return {
        path: dropout.dropconnect(x, w, b, m, p, mode, scaling) for path, m in zip(OUTS, masks, strict=False)
    }


def _coins(i: Inputs, got: Arrays) -> list[Flaw]:
    if "unreadable" in i:
        return [Flaw("out", "Some output is no sum of kept connections in any known scale.")]
    if "kept" not in i:
        return []
    p, _, _ = settings(i)
    weights, biases = i["kept"][:, :, :-1], i["kept"][:, :, -1:]
    flaws = coin_flaws("out", weights, p, SHARING)
    if biases.all():
        return [Flaw("out", BIAS_KEPT[1], BIAS_KEPT[0]), *flaws]
    return flaws or coin_flaws("out", biases, p, SHARING) or coin_flaws("out", i["kept"], p, SHARING)


BIAS_KEPT = ("bias kept", "In DropConnect the biases are dropped like the weights, with coins of their own.")


def _training(
    make: Callable[[Inputs, float, str], Arrays], *, fresh: bool = False
) -> Callable[[Inputs], Arrays]:
    """A mistake in training; with `fresh`, one that shows in the coins alone."""

    def wrong(i: Inputs) -> Arrays:
        p, mode, scaling = settings(i)
        if mode != "train" or not 0 < p < 1 or (fresh and "kept" in i):
            return {}
        return make(i, p, scaling)

    return wrong


def _varying(axis: tuple[int, ...]) -> Callable[[Inputs], Arrays]:
    def make(i: Inputs, p: float, scaling: str) -> Arrays:
        n, d = i["x"].shape
        return _with(i, dropout.masks((n, d + 1, i["w"].shape[1]), p, seed_of(i), CALLS, axis))

    return _training(make, fresh=True)


def _bias_always(i: Inputs, p: float, scaling: str) -> Arrays:
    if "kept" in i and not i["kept"][:, :, -1].all():
        return {}
    masks = _masks(i)
    for m in masks:
        m[:, -1] = 1.0
    return _with(i, masks, bias=1 - p if scaling == UPSCALE else 1.0)


def _bias_unscaled(i: Inputs, p: float, scaling: str) -> Arrays:
    if scaling != UPSCALE or ("kept" in i and i["kept"][:, :, -1].all()):
        return {}
    return _with(i, _masks(i), bias=1 - p)


def _as_keep(i: Inputs, p: float, scaling: str) -> Arrays:
    n, d = i["x"].shape
    masks = _masks(i) if "kept" in i else dropout.masks((n, d + 1, i["w"].shape[1]), 1 - p, seed_of(i), CALLS)
    return _with(i, masks, weight=1 / p if scaling == UPSCALE else 1.0)


def _random_at_test(i: Inputs) -> Arrays:
    """Training's output at test time, where the mask can be read out of it."""
    p, mode, scaling = settings(i)
    if mode != "test":
        return {}
    if "answer" not in i:
        masks = _masks(i)
    else:
        read = decoded(i["answer"], terms(i), readable(p)) if 0 < p < 1 else None
        masks = [] if read is None or read.all() else [possible(read, p)]
    return _with(i, masks, weight=1 / (1 - p) if scaling == UPSCALE else 1.0) if masks else {}


def _bias_unscaled_at_test(i: Inputs) -> Arrays:
    p, mode, s = settings(i)
    return (
        _with(i, all_kept(i, CALLS), bias=1 / (1 - p)) if mode == "test" and s == DOWNSCALE and p < 1 else {}
    )


def _observe_all(i: Inputs, got: Arrays) -> Inputs:
    wanted = (len(i["x"]), i["w"].shape[1])
    if settings(i)[1] == "test" and all(got[path].shape == wanted for path in OUTS):
        return {**i, "answer": got["out"].astype(np.float64)}
    return _observe(i, got)


DROPCONNECT_CHECK = Check(
    name="dropconnect_forward",
    assignment=ASSIGNMENT,
    points=6,
    functions=("dropconnect_forward",),
    steps=calls("dropconnect_forward", ("x", "w", "b", "dropout_param"), ("out",), CALLS),
    outputs=(Output("out", DROPOUT),),
    also=OUTS[1:],
    cases=(
        case("upscale_in_train, p = 0.3", (7, 4, 5), 0.3, UPSCALE),
        case("downscale_in_infer, p = 0.8", (8, 4, 3), 0.8, DOWNSCALE),
        case("scaling not given, p = 0.6", (6, 3, 7), 0.6, None, strided=True),
        case("p = 0: nothing is dropped", (3, 4, 2), 0.0, UPSCALE),
        case("p = 1: everything is dropped", (3, 2, 4), 1.0, UPSCALE),
        case("test mode, upscale_in_train", (5, 4, 3), 0.3, UPSCALE, "test"),
        case("test mode, downscale_in_infer", (4, 3, 5), 0.8, DOWNSCALE, "test"),
        case("float32 input", (7, 3, 6), 0.7, UPSCALE, dtype="float32"),
    ),
    reference=lambda i: _with(i, _masks(i)),
    observe=_observe_all,
    properties=(_coins,),
    misconceptions=(
        *factor_mistakes(TRAIN_FACTORS, lambda i, f: _with(i, _masks(i), weight=f), "train", without=NOT_HERE),
        *factor_mistakes(
            TEST_FACTORS, lambda i, f: _with(i, all_kept(i, CALLS), weight=f), "test", without=NOT_HERE
        ),
        named(P_AS_KEEP, _training(_as_keep)),
        Misconception(*SHARING[0,], _varying((1, 2))),
        Misconception(*SHARING[1,], _varying((0, 2))),
        Misconception(*SHARING[2,], _varying((0, 1))),
        Misconception(*BIAS_KEPT, _training(_bias_always)),
        Misconception(
            "bias not scaled",
            "What survives is divided by 1 - p, and that holds for the biases as well.",
            _training(_bias_unscaled),
        ),
        named(
            "the same mask on every call",
            _training(
                lambda i, p, s: _with(
                    i, dropout.masks((len(i["x"]), len(i["w"]) + 1, len(i["b"])), p, seed_of(i)) * CALLS
                ),
                fresh=True,
            ),
        ),
        Misconception(
            "bias not scaled at test time",
            "The biases were dropped while training, so they shrink at test time like the weights.",
            _bias_unscaled_at_test,
        ),
        Misconception(
            "random at test time",
            "Connections are dropped at test time: there the layer is deterministic.",
            _random_at_test,
        ),
        nan_at_one("out", lambda i: (len(i["x"]), i["w"].shape[1])),
    ),
)  # fmt: skip

CHECKS = (DROPCONNECT_CHECK,)
