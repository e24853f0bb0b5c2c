"""Hidden cases of ps1: other sizes, and the edges that its text states."""

import numpy as np

from course.autograder.checks.batch_norm.backward import with_upstream
from course.autograder.checks.batch_norm.fold import folding
from course.autograder.checks.batch_norm.forward import FORWARD, given, lacking, no_gamma, only_mode
from course.autograder.checks.batch_norm.pieces import normalizing, scaled_and_shifted
from course.autograder.checks.batch_norm.variants import RUNNING_MEAN, RUNNING_VAR
from course.autograder.checks.language import Case, Inputs, Put, call, draws

# Test mode may write the defaults into bn_param or leave it as it came: on this case only `out` is asked about.
_WITH_DEFAULTS = (call(FORWARD), Put(RUNNING_MEAN, np.zeros(4)), Put(RUNNING_VAR, np.ones(4)))


def _constant(draw: draws.Draw, feature: int, value: float) -> draws.Draw:
    return draws.constant(draw, (slice(None), feature), value)


def _no_variance(draw: draws.Draw) -> draws.Draw:
    """A feature that never changed in training, all by itself; where it lay near is 0.01 times as far away."""

    def flat(i: Inputs) -> Inputs:
        s = i["bn_param"]
        return {
            "x": s["running_mean"] + 0.01 * i["x"],
            "bn_param": {**s, "running_var": 0 * s["running_var"]},
        }

    return draws.altered(draw, flat)


GRADIENT_CASES = (
    Case("many samples of two features", with_upstream((40, 2))),
    Case("a constant feature", _constant(with_upstream((8, 3), eps=1e-3), 1, 0.25)),
)

ONE_PIXEL = "images of one pixel"

HIDDEN = {
    "batch_moments": (
        Case("many samples of two features", lambda r: {"x": draws.batch(r, (48, 2))}),
        Case("two samples", lambda r: {"x": draws.batch(r, (2, 6))}),
        Case("a single sample", lambda r: {"x": draws.batch(r, (1, 3))}),
    ),
    "normalize": (Case("a single sample", normalizing((1, 6), 1e-2)),),
    "scale_shift": (Case("a single sample", scaled_and_shifted((1, 5))),),
    "batchnorm_forward.train": (
        Case("a constant feature", _constant(given((8, 5), "train", eps=1e-5), 2, -1.5)),
        Case("two samples of nine features", given((2, 9), "train")),
        Case("many samples of two features", given((40, 2), "train", momentum=0.99)),
        Case(
            "bn_param holds a running mean and no running variance",
            lacking(given((5, 3), "train"), "running_var"),
        ),
        Case("an epsilon of 0", given((6, 3), "train", sd=0.05, eps=0.0)),
    ),
    "batchnorm_forward.test": (
        Case("many samples of two features", given((40, 2), "test")),
        Case("a single feature whose running variance is 0", _no_variance(given((5, 1), "test", eps=2**-10))),
        Case("statistics never set", only_mode("test", (5, 4)), _WITH_DEFAULTS),
    ),
    "batchnorm_backward": GRADIENT_CASES,
    "batchnorm_backward_alt": GRADIENT_CASES,
    "spatial_batchnorm_forward": (
        Case("one image", given((1, 4, 3, 5), "train")),
        Case(ONE_PIXEL, only_mode("train", (5, 4, 1, 1))),
        Case("a momentum of 0 and a gamma of 0", no_gamma(given((2, 3, 2, 4), "train", momentum=0.0))),
        Case("bn_param holds no running mean", lacking(given((3, 2, 2, 1), "train"), "running_mean")),
    ),
    "spatial_batchnorm_backward": (
        Case("one image", with_upstream((1, 2, 5, 3))),
        Case(ONE_PIXEL, with_upstream((3, 7, 1, 1), eps=1e-3)),
    ),
    "fold_batchnorm": (Case("one kernel of a single tap", folding((1, 3, 1, 1), 1e-2)),),
}
