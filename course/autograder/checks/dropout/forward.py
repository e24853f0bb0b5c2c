"""ps2, the layer in training: the mask is read out of the student's own output, the rest is exactly Paddle's."""

import numpy as np

from course.autograder.checks.chance.forms import Masked
from course.autograder.checks.chance.properties import FallFairly, ScaledAlike
from course.autograder.checks.chance.readers import SOMETHING_KEPT
from course.autograder.checks.dropout.chance import CALLS, batch_sharing, coins
from course.autograder.checks.dropout.draws import (
    ASSIGNMENT,
    default,
    layer,
    numbered,
    repeated,
    settings,
    tossed,
)
from course.autograder.checks.dropout.factors import P_AS_KEEP, factor_mistakes, nan_at_one, product
from course.autograder.checks.dropout.layer import FIRST, Layer, Masks, elementwise, observe_survivors
from course.autograder.checks.language import DROPOUT, Answers, Case, Inputs, Mistake, Output, check
from course.autograder.checks.language.seen import unseen
from course.autograder.checks.language.wrong import but, where
from course.reference import dropout
from course.reference.dropout import DOWNSCALE, UPSCALE

OUTS = numbered("out", CALLS)


def outputs(i: Inputs, masks: Masks, factor: float | None = None, paths: tuple[str, ...] = OUTS) -> Answers:
    """The outputs of a case's calls, each with its mask, with Paddle's factor or another."""
    if factor is not None:
        return {path: product(i["x"], m, factor) for path, m in zip(paths, masks, strict=False)}
    asked = settings(i)
    if asked.mode == "test":
        whole = dropout.apply(i["x"], np.ones(()), *asked)
        return {path: whole for path, _ in zip(paths, masks, strict=False)}
    return {
        path: elementwise(lambda mask: dropout.apply(i["x"], mask, *asked), m)
        for path, m in zip(paths, masks, strict=False)
    }


LAYER = Layer(lambda i: i["x"].shape, outputs)


def alike(i: Inputs) -> ScaledAlike:
    """Whether calls, or values, are scaled unlike."""
    return ScaledAlike(OUTS, i["x"])


def happened(layer: Layer) -> dict[str, Mistake]:
    """Scaled by the share of ones in the mask that there was."""

    def wrong(i: Inputs) -> Answers:
        x = i["x"]
        if settings(i).scaling != UPSCALE:
            return {}
        if not unseen(i):
            return {"out": Masked(x.astype(np.float64), FIRST.name, when=(SOMETHING_KEPT,), by_share=True)}
        masks = layer.masks(i)
        if not all(m.any() for m in masks):
            return {}
        return {path: product(x, m, 1 / float(m.mean())) for path, m in zip(OUTS, masks, strict=True)}

    advice = "Divide by the probability 1 - p, not by the share of ones in this one mask."
    return {"scaled by the share that happened to be kept": Mistake(advice, where(tossed, wrong))}


TRAIN_CHECK = check(
    ASSIGNMENT, "dropout_forward.train", 10,
    repeated("out, cache = dropout_forward(x, dropout_param)", CALLS),
    outputs=(Output("out", DROPOUT),),
    also=OUTS[1:],
    cases=(
        Case("upscale_in_train, p = 0.3", layer((14, 23), 0.3, UPSCALE)),
        Case("downscale_in_infer, p = 0.8", layer((23, 14), 0.8, DOWNSCALE)),
        Case("scaling not given, p = 0.2", layer((12, 27), 0.2, None)),
        Case("upscale_in_train, p = 0.7, one axis", layer((311,), 0.7, UPSCALE)),
        Case("downscale_in_infer, p = 0.1, images", layer((7, 5, 4, 3), 0.1, DOWNSCALE)),
        Case("upscale_in_train, p = 0.4, as many rows as columns", layer((18, 18), 0.4, UPSCALE)),
        Case("p = 0: nothing is dropped", layer((4, 5), 0.0, UPSCALE)),
        Case("p = 1: everything is dropped", layer((5, 3), 1.0, UPSCALE)),
        Case("float32 input", layer((9, 7, 5), 0.6, UPSCALE, dtype="float32")),
        Case("a view that is not contiguous", layer((13, 24), 0.25, UPSCALE, strided=True)),
    ),
    reference=LAYER.right,
    observe=observe_survivors(OUTS),
    properties=lambda i: (
        FallFairly(coins("out", settings(i).p, batch_sharing(i["x"].ndim))), alike(i)),
    mistakes={
        "default is the other scaling": Mistake(
            "Where scaling is not given Paddle's default holds: upscale_in_train.",
            where(default, lambda i: LAYER.masked(i, 1.0)),
        ),
        **but(factor_mistakes("train", LAYER.masked), P_AS_KEEP),
        **LAYER.as_keep(),
        **LAYER.coins(),
        **happened(LAYER),
        **nan_at_one("out", lambda i: i["x"].shape),
    },
)  # fmt: skip

CHECKS = (TRAIN_CHECK,)
