"""ps2, the layer in training: the mask is read out of the student's own output, the rest is exactly Paddle's."""

from course.autograder.checks.dropout.chance import CALLS, batch_sharing, coin_flaws
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
from course.autograder.checks.dropout.layer import Layer, Masks, observe_survivors, same_factor, unseen
from course.autograder.checks.language import DROPOUT, Arrays, Case, Flaw, Inputs, Mistake, Output, check
from course.autograder.checks.language.wrong import but, where
from course.reference import dropout
from course.reference.dropout import DOWNSCALE, UPSCALE

OUTS = numbered("out", CALLS)


def outputs(i: Inputs, masks: Masks, factor: float | None = None, paths: tuple[str, ...] = OUTS) -> Arrays:
    """The outputs of a case's calls, each with its mask, with Paddle's factor or another."""
    if factor is None:
        return {path: dropout.apply(i["x"], m, *settings(i)) for path, m in zip(paths, masks, strict=False)}
    return {path: product(i["x"], m, factor) for path, m in zip(paths, masks, strict=False)}


LAYER = Layer(lambda i: i["x"].shape, outputs)


def unlike_flaws(i: Inputs, got: Arrays) -> list[Flaw]:
    """Whether calls, or values, are scaled unlike."""
    if same_factor(i, got, OUTS):
        return []
    return [Flaw("out", "Survivors are scaled unlike from call to call, or from value to value.")]


def _coins(i: Inputs, got: Arrays) -> list[Flaw]:
    if unseen(i):
        return []
    flaws = coin_flaws("out", i["kept"], settings(i).p, batch_sharing(i["x"].ndim))
    return flaws + unlike_flaws(i, got)


def _happened(i: Inputs) -> Arrays:
    masks = LAYER.drawn(i)
    if settings(i).scaling != UPSCALE or not all(m.any() for m in masks):
        return {}
    return {path: product(i["x"], m, 1 / float(m.mean())) for path, m in zip(OUTS, masks, strict=False)}


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
    properties=(_coins,),
    mistakes={
        "default is the other scaling": Mistake(
            "Where scaling is not given Paddle's default holds: upscale_in_train.",
            where(default, lambda i: LAYER.masked(i, 1.0)),
        ),
        **but(factor_mistakes("train", LAYER.masked), P_AS_KEEP),
        **LAYER.as_keep(),
        **LAYER.coins(),
        "scaled by the share that happened to be kept": Mistake(
            "Divide by the probability 1 - p, not by the share of ones in this one mask.", where(tossed, _happened)
        ),
        **nan_at_one("out", lambda i: i["x"].shape),
    },
)  # fmt: skip

CHECKS = (TRAIN_CHECK,)
