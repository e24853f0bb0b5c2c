"""Hidden cases of ps1: other sizes, and the edges that its text states."""

import numpy as np

from course.autograder.checks.batch_norm.backward import with_upstream
from course.autograder.checks.batch_norm.forward import FORWARD, given, only_mode
from course.autograder.checks.batch_norm.variants import RUNNING_MEAN, RUNNING_VAR
from course.autograder.checks.language import Case, Put, call, draws

# Test mode may write the defaults into bn_param or leave it as it came: on this case only `out` is asked about.
_WITH_DEFAULTS = (call(FORWARD), Put(RUNNING_MEAN, np.zeros(4)), Put(RUNNING_VAR, np.ones(4)))


def _constant(draw: draws.Draw, feature: int, value: float) -> draws.Draw:
    return draws.constant(draw, (slice(None), feature), value)


GRADIENT_CASES = (
    Case("many samples of two features", with_upstream((40, 2))),
    Case("a constant feature", _constant(with_upstream((8, 3), eps=1e-3), 1, 0.25)),
)

HIDDEN = {
    "batch_moments": (
        Case("many samples of two features", lambda r: {"x": draws.batch(r, (48, 2))}),
        Case("two samples", lambda r: {"x": draws.batch(r, (2, 6))}),
        Case("a single sample", lambda r: {"x": draws.batch(r, (1, 3))}),
    ),
    "batchnorm_forward.train": (
        Case("a constant feature", _constant(given((8, 5), "train", eps=1e-5), 2, -1.5)),
        Case("two samples of nine features", given((2, 9), "train")),
        Case("many samples of two features", given((40, 2), "train", momentum=0.99)),
    ),
    "batchnorm_forward.test": (
        Case("many samples of two features", given((40, 2), "test")),
        Case("statistics never set", only_mode("test", (5, 4)), _WITH_DEFAULTS),
    ),
    "batchnorm_backward": GRADIENT_CASES,
    "batchnorm_backward_alt": GRADIENT_CASES,
    "spatial_batchnorm_forward": (Case("one image", given((1, 4, 3, 5), "train")),),
    "spatial_batchnorm_backward": (Case("one image", with_upstream((1, 2, 5, 3))),),
}
