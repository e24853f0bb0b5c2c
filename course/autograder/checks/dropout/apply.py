"""ps2, the formula: a given mask applied in both modes and both scalings, exactly as Paddle applies its own."""

import math
from collections.abc import Callable

import numpy as np

from course.autograder.checks.dropout.draws import ASSIGNMENT, at_test, seeded, settings, tossed, values
from course.autograder.checks.dropout.factors import factor_mistakes, nan_at_one, product
from course.autograder.checks.language import DROPOUT, Arrays, Case, Inputs, Mistake, Output, check
from course.autograder.checks.language.draws import Generator, draw, views
from course.autograder.checks.language.wrong import Wrong, where
from course.reference import dropout
from course.reference.dropout import DOWNSCALE, UPSCALE

STEPS = ("out = dropout_apply(x, mask, p, mode, scaling)",)
OUT = (Output("out", DROPOUT),)


def mixed_mask(r: Generator, shape: tuple[int, ...], p: float) -> tuple[int, np.ndarray]:
    """A seed and Paddle's mask from it, of the first seed whose mask holds both 0 and 1, and not as many of each."""
    while True:
        seed = seeded(r).seed
        (mask,) = dropout.masks(shape, p, seed)
        if p in (0, 1) or 0 < mask.sum() < mask.size != 2 * mask.sum():
            return seed, mask


@draw
def applied(
    r: Generator, shape: tuple[int, ...], p: float, mode: str, scaling: str, dtype: str = "float64"
) -> Inputs:
    """x and Paddle's own mask for it, with the seed that makes Paddle draw it again."""
    seed, mask = mixed_mask(r, shape, p)
    x = values(r, shape, dtype)
    return {"x": x, "mask": mask.astype(dtype), "p": p, "mode": mode, "scaling": scaling, "paddle_seed": seed}


@draw
def all_kept(r: Generator, shape: tuple[int, ...], p: float, scaling: str, mask: float = 1.0) -> Inputs:
    """A mask of one value, which coins may show as well as any other."""
    x = values(r, shape)
    return {"x": x, "mask": np.full(shape, mask), "p": p, "mode": "train", "scaling": scaling}


def _right(i: Inputs) -> Arrays:
    """By Paddle's own dropout, where the mask is one that it has drawn; else by its formula for the mask that is given."""
    if i["mode"] == "train" and "paddle_seed" in i:
        return {"out": dropout.dropout(i["x"], i["p"], i["paddle_seed"], i["scaling"])}
    return {"out": dropout.apply(i["x"], i["mask"], *settings(i))}


def _in_training(change: Callable[[np.ndarray, np.ndarray, float], np.ndarray]) -> Wrong:
    """A mistake in training from (x, mask, the right factor)."""
    return where(tossed, lambda i: {"out": change(i["x"], i["mask"], settings(i).factor)})


def _upscaled(i: Inputs) -> bool:
    return settings(i).scaling == UPSCALE


def _rows(mask: np.ndarray) -> np.ndarray:
    """Ones in the rows whose numbers stand in the mask."""
    rows = np.zeros_like(mask)
    rows[mask.astype(int)] = 1
    return rows


TRAIN_CHECK = check(
    ASSIGNMENT, "dropout_apply.train", 8, STEPS,
    outputs=OUT,
    cases=(
        Case("upscale_in_train, p = 0.3", applied((6, 5), 0.3, "train", UPSCALE)),
        Case("downscale_in_infer, p = 0.8", applied((5, 7), 0.8, "train", DOWNSCALE)),
        Case("upscale_in_train, p = 0.75, images", applied((2, 3, 4, 5), 0.75, "train", UPSCALE)),
        Case("downscale_in_infer, p = 0.2, one axis", applied((11,), 0.2, "train", DOWNSCALE)),
        Case("upscale_in_train, p = 0.6, all sizes 3", applied((3, 3, 3), 0.6, "train", UPSCALE)),
        Case("p = 0: nothing is dropped", applied((4, 3), 0.0, "train", UPSCALE)),
        Case("p = 1: everything is dropped", applied((3, 4), 1.0, "train", UPSCALE)),
        Case("float32 input", applied((7, 2, 3), 0.6, "train", UPSCALE, "float32")),
        Case("a view that is not contiguous", views(applied((3, 8), 0.4, "train", UPSCALE), "x", "mask")),
    ),
    reference=_right,
    mistakes={
        **factor_mistakes("train", lambda i, f: {"out": product(i["x"], i["mask"], f)}),
        "mask ignored": Mistake(
            "You scale, but nothing is dropped: the mask has to come in.",
            _in_training(lambda x, m, f: product(x, 1.0, f)),
        ),
        "mask inverted": Mistake(
            "A mask of 1 means kept; you drop those and keep the others.",
            _in_training(lambda x, m, f: product(x, 1.0 - m, f)),
        ),
        "dropped values left as they are": Mistake(
            "A dropped value is 0; yours keeps it as it came.", _in_training(lambda x, m, f: product(x, m, f) + (1.0 - m) * x)
        ),
        "scaled by the share that happened to be kept": Mistake(
            "Divide by the probability 1 - p, not by the share of ones in this one mask.",
            _in_training(
                lambda x, m, f: product(x, m, 1.0 if f == 1 else 1.0 / float(m.mean()) if m.any() else math.inf)
            ),
        ),
        "divided by the number kept": Mistake(
            "Divide by the probability 1 - p, not by the number of values that this mask keeps.",
            _in_training(lambda x, m, f: product(x, m, 1.0 if f == 1 or not m.any() else 1.0 / float(m.sum()))),
        ),
        "p taken away": Mistake(
            "x * mask / 1 - p divides by 1 and takes p away afterwards: 1 - p belongs in brackets.",
            where(_upscaled, lambda i: {"out": product(i["x"], i["mask"], 1.0) - i["p"]}),
        ),
        "training taken for test mode": Mistake(
            "While training values are dropped; yours does what belongs to test time: `mode` is 'train' or 'test'.",
            where(
                lambda i: settings(i).mode == "train" and i["p"] > 0,
                lambda i: {"out": product(i["x"], 1.0, 1.0 if _upscaled(i) else 1 - i["p"])},
            ),
        ),
        "mask taken for row numbers": Mistake(
            "A mask of integers in square brackets picks rows 0 and 1: make it one of True and False, or multiply by it.",
            lambda i: {"out": product(i["x"], _rows(i["mask"]), settings(i).factor or 1.0)},
        ),
        "cut off to whole numbers": Mistake(
            "The array that you write the kept values into holds integers: what stands behind the point is lost.",
            lambda i: {"out": product(np.trunc(i["x"]), i["mask"], settings(i).factor)},
        ),
        "dropped values replaced by the mean": Mistake(
            "A dropped value is 0, not the mean of the others.",
            _in_training(lambda x, m, f: product(x, m, f) + (1.0 - m) * x.mean() * f),
        ),
        **nan_at_one("out", lambda i: i["x"].shape),
    },
)  # fmt: skip


def _random(i: Inputs) -> bool:
    return at_test(i) and 0 < i["p"] < 1


def _downscaled(i: Inputs) -> bool:
    return settings(i).scaling == DOWNSCALE


TEST_CHECK = check(
    ASSIGNMENT, "dropout_apply.test", 6, STEPS,
    outputs=OUT,
    cases=(
        Case("upscale_in_train, p = 0.3", applied((5, 6), 0.3, "test", UPSCALE)),
        Case("downscale_in_infer, p = 0.3", applied((6, 4), 0.3, "test", DOWNSCALE)),
        Case("downscale_in_infer, p = 0.8, images", applied((2, 3, 5, 4), 0.8, "test", DOWNSCALE)),
        Case("upscale_in_train, p = 0.7, one axis", applied((9,), 0.7, "test", UPSCALE)),
        Case("downscale_in_infer, p = 0.4, all sizes 3", applied((3, 3, 3), 0.4, "test", DOWNSCALE)),
        Case("downscale_in_infer, p = 1", applied((3, 5), 1.0, "test", DOWNSCALE)),
        Case("upscale_in_train, p = 1", applied((5, 3), 1.0, "test", UPSCALE)),
        Case("float32 input", applied((7, 2, 3), 0.6, "test", DOWNSCALE, "float32")),
        Case("a view that is not contiguous", views(applied((3, 8), 0.4, "test", DOWNSCALE), "x", "mask")),
    ),
    reference=_right,
    mistakes={
        **factor_mistakes("test", lambda i, f: {"out": product(i["x"], 1.0, f)}),
        "mask applied at test time": Mistake(
            "At test time nothing is dropped: the mask plays no part.",
            where(_random, lambda i: {"out": product(i["x"], i["mask"], settings(i).factor)}),
        ),
        "scaled by the share of ones in the mask": Mistake(
            "At test time the mask plays no part: multiply by 1 - p, not by the share of ones in this one mask.",
            where(_random, where(_downscaled, lambda i: {"out": product(i["x"], 1.0, float(i["mask"].mean()))})),
        ),
        "p taken away": Mistake(
            "Values are MULTIPLIED by 1 - p; you take p away from them.",
            where(_random, where(_downscaled, lambda i: {"out": i["x"] - i["p"]})),
        ),
        "mode ignored": Mistake(
            "You do at test time what is done while training: look at `mode`.",
            where(_random, lambda i: {"out": product(i["x"], i["mask"], settings(i).training)}),
        ),
    },
)  # fmt: skip

CHECKS = (TRAIN_CHECK, TEST_CHECK)
