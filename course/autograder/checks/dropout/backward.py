"""ps2, the gradient: for the mask of the student's own forward pass, exactly Paddle's."""

from collections.abc import Callable, Iterable

import numpy as np

from course.autograder.checks.dropout.chance import rate_flaw
from course.autograder.checks.dropout.masks import named
from course.autograder.checks.dropout.variants import (
    ASSIGNMENT,
    P_AS_KEEP,
    TEST_FACTORS,
    TRAIN_FACTORS,
    drawn,
    nan_at_one,
    param,
    possible,
    product,
    seed_of,
    settings,
    survivors,
    values,
)  # fmt: skip
from course.autograder.checks.language.draws import Generator
from course.autograder.checks.language.protocol import Call, Strided
from course.autograder.checks.language.spec import Arrays, Case, Check, Flaw, Inputs, Misconception, Output
from course.autograder.checks.language.tolerances import DROPOUT
from course.reference import dropout
from course.reference.dropout import DOWNSCALE, UPSCALE

Change = Callable[[np.ndarray, np.ndarray, np.ndarray, float], np.ndarray]


def case(
    name: str, shape: tuple[int, ...], p: float, scaling: str, mode: str = "train", dtype: str = "float64",
    strided: bool = False,
) -> Case:  # fmt: skip
    """x, a later x of the same shape, and a gradient from above with no value near 0 or 1."""

    def draw(r: Generator) -> Inputs:
        x, later, dout = (values(r, shape, dtype) for _ in range(3))
        given = {"x": x, "later": later, "dout": Strided(dout) if strided else dout}
        return {**given, "dropout_param": param(r, p, mode, scaling)}

    return Case(name, draw)


def _masks(i: Inputs) -> list[np.ndarray]:
    """The masks of the two forward passes, even where p forbids them: those are judged elsewhere."""
    return list(i["kept"].astype(np.float64)) if "kept" in i else drawn(i, i["x"].shape, 2)


def _right(i: Inputs) -> Arrays:
    p, mode, scaling = settings(i)
    first, later = _masks(i)
    if p == 1 and mode == "train" and first.any():
        return {}  # there is no gradient of a forward pass that is wrong like this
    return {
        "dx": dropout.gradient(i["x"], i["dout"], first, p, mode, scaling),
        "out": dropout.apply(i["x"], first, p, mode, scaling),
        "later_out": dropout.apply(i["later"], later, p, mode, scaling),
    }


def _observe(i: Inputs, got: Arrays) -> Inputs:
    if any(array.shape != i["x"].shape for array in got.values()):
        return i
    kept = np.stack([survivors(got["out"]), survivors(got["later_out"])])
    return {**i, "kept": kept, "dx_kept": survivors(got["dx"])}


def _wrong(mode: str, change: Change, scaling: str = "") -> Callable[[Inputs], Arrays]:
    """A wrong dx from (x, dout, the mask, the right factor), in one mode and, where given, one scaling."""

    def wrong(i: Inputs) -> Arrays:
        p, at, s = settings(i)
        if at != mode or scaling not in ("", s) or not 0 < p < 1:
            return {}
        scale = {"train": 1 / (1 - p) if s == UPSCALE else 1.0, "test": 1.0 if s == UPSCALE else 1 - p}[mode]
        return {"dx": change(i["x"], i["dout"], _masks(i)[0], scale)}

    return wrong


def _anew(i: Inputs) -> Arrays:
    """A mask that is not the forward pass's: the one that the student's own dx shows, or another of Paddle's."""
    p, mode, scaling = settings(i)
    if mode != "train" or not 0 < p < 1:
        return {}
    if "kept" not in i:
        (mask,) = dropout.masks(i["x"].shape, p, seed_of(i) + 1)
    elif np.array_equal(i["dx_kept"], i["kept"][0]) or i["dx_kept"].all():
        return {}
    else:
        mask = possible(i["dx_kept"], p)
    return {"dx": product(i["dout"], mask, 1 / (1 - p) if scaling == UPSCALE else 1.0)}


def _later(i: Inputs) -> Arrays:
    p, mode, scaling = settings(i)
    if mode != "train" or not 0 < p < 1:
        return {}
    return {"dx": product(i["dout"], _masks(i)[1], 1 / (1 - p) if scaling == UPSCALE else 1.0)}


def _masked_at_test(i: Inputs) -> Arrays:
    p, mode, scaling = settings(i)
    if mode != "test" or ("kept" in i and i["dx_kept"].all()):
        return {}
    mask = possible(i["dx_kept"], p) if "kept" in i else _masks(i)[0]
    return {"dx": product(i["dout"], mask, 1 / (1 - p) if scaling == UPSCALE else 1.0)}


def _trained_at_test(i: Inputs) -> Arrays:
    p, mode, scaling = settings(i)
    return {"dx": product(i["dout"], 1.0, 1 / (1 - p))} if mode == "test" and scaling == UPSCALE else {}


def _something_dropped(i: Inputs, got: Arrays) -> list[Flaw]:
    """A forward pass that drops nothing, at all of two hundred coins, leaves no gradient to judge."""
    p, mode, _ = settings(i)
    if "kept" not in i or mode != "train" or not 0 < p < 1 or not i["kept"].all():
        return []
    return rate_flaw("dx", i["kept"], p)


def _nothing_dropped(i: Inputs) -> Arrays:
    """Neither pass drops a value; where a student's own draw is looked at, that shows in the draw."""
    p, mode, scaling = settings(i)
    if mode != "train" or not 0 < p < 1 or "kept" in i:
        return {}
    factor = 1 / (1 - p) if scaling == UPSCALE else 1.0
    return {
        path: product(i[name], 1.0, factor)
        for path, name in (("dx", "dout"), ("out", "x"), ("later_out", "later"))
    }


def _factors(names: Iterable[str]) -> tuple[Misconception, ...]:
    """The wrong factors of the forward pass, met again in the gradient."""

    def wrong(name: str) -> Callable[[Inputs], Arrays]:
        def outputs(i: Inputs) -> Arrays:
            p, mode, scaling = settings(i)
            table = TRAIN_FACTORS if mode == "train" else TEST_FACTORS
            factor = table[name][1](p, scaling) if name in table and 0 < p < 1 else None
            mask = _masks(i)[0] if mode == "train" else 1.0
            return {} if factor is None else {"dx": product(i["dout"], mask, factor)}

        return outputs

    table = {**TEST_FACTORS, **TRAIN_FACTORS}
    return tuple(Misconception(name, table[name][0], wrong(name)) for name in names)


BACKWARD_CHECK = Check(
    name="dropout_backward",
    assignment=ASSIGNMENT,
    points=10,
    functions=("dropout_forward", "dropout_backward"),
    steps=(
        Call("dropout_forward", ("x", "dropout_param"), ("out", "cache")),
        Call("dropout_forward", ("later", "dropout_param"), ("later_out", "later_cache")),
        Call("dropout_backward", ("dout", "cache"), ("dx",)),
    ),
    outputs=(Output("dx", DROPOUT),),
    also=("out", "later_out"),
    cases=(
        case("upscale_in_train, p = 0.3", (12, 9), 0.3, UPSCALE),
        case("downscale_in_infer, p = 0.7", (9, 12), 0.7, DOWNSCALE),
        case("upscale_in_train, p = 0.8, images", (4, 3, 5, 6), 0.8, UPSCALE),
        case("downscale_in_infer, p = 0.2, one axis", (101,), 0.2, DOWNSCALE),
        case("upscale_in_train, test mode", (7, 5), 0.3, UPSCALE, "test"),
        case("downscale_in_infer, test mode", (5, 7), 0.8, DOWNSCALE, "test"),
        case("p = 0: nothing is dropped", (4, 3), 0.0, UPSCALE),
        case("p = 1: everything is dropped", (3, 4), 1.0, UPSCALE),
        case("float32 input", (8, 4, 5), 0.6, UPSCALE, dtype="float32"),
        case("a gradient that is not contiguous", (11, 10), 0.4, UPSCALE, strided=True),
    ),
    reference=_right,
    observe=_observe,
    properties=(_something_dropped,),
    misconceptions=(
        named("nothing is dropped", _nothing_dropped),
        Misconception(
            "gradient without the mask",
            "A dropped value has no say in the output, so its gradient is 0: apply the forward pass's mask.",
            _wrong("train", lambda x, d, m, f: product(d, 1.0, f)),
        ),
        Misconception(
            "gradient without the scale",
            "What multiplied x in the forward pass multiplies the gradient too: the scale is missing.",
            _wrong("train", lambda x, d, m, f: product(d, m, 1.0), UPSCALE),
        ),
        Misconception(
            "gradient passed through",
            "dx is dout as it came: the derivative of the forward pass, mask and scale, is missing.",
            _wrong("train", lambda x, d, m, f: product(d, 1.0, 1.0), UPSCALE),
        ),
        Misconception(
            "mask of a later call",
            "You use the mask of the last forward pass there was; the cache that comes in has the right one.",
            _later,
        ),
        Misconception(
            "gradient times the input",
            "dropout is linear: its derivative is mask times scale, and x does not come into it.",
            _wrong("train", lambda x, d, m, f: product(d * x, m, f)),
        ),
        Misconception(
            "negative values taken for dropped",
            "You tell what was dropped by out > 0; a negative value may well have been kept.",
            _wrong("train", lambda x, d, m, f: product(d, m * (x > 0), f)),
        ),
        Misconception(
            "mask inverted",
            "You let the gradient through where values were dropped, and stop it where they were kept.",
            _wrong("train", lambda x, d, m, f: product(d, 1.0 - m, f)),
        ),
        *_factors(
            (
                "scaled twice",
                P_AS_KEEP,
                "multiplied where it must be divided",
                "scaling ignored while training",
                "test-time scale while training",
                "scaled again at test time",
            )
        ),
        Misconception(
            "gradient masked at test time",
            "At test time nothing is dropped, so no gradient is either.",
            _masked_at_test,
        ),
        Misconception(
            "test-time scale missing in the gradient",
            "With downscale_in_infer the output at test time is (1 - p) x, and so is the gradient's factor.",
            _wrong("test", lambda x, d, m, f: product(d, 1.0, 1.0), DOWNSCALE),
        ),
        Misconception(
            "training's scale at test time",
            "The cache has to remember the mode: at test time the forward pass did not divide by 1 - p.",
            _trained_at_test,
        ),
        Misconception(
            "mask drawn anew for the gradient",
            "The gradient is zero elsewhere than the output: keep the mask in the cache, do not draw another.",
            _anew,
        ),
        nan_at_one("dx", lambda i: i["x"].shape),
    ),
)

CHECKS = (BACKWARD_CHECK,)
