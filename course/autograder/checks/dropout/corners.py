"""Corners of ps2: cases at the edge of a question, what they cost, and why no more. `docs/grading.md` has the rule."""

from course.autograder.checks.language import Corner
from course.autograder.checks.language.spent import spent_corner

ALL = "p = 1: everything is dropped"
AT_TEST = "test mode, upscale_in_train, p = 1"


def _one(*cases: str) -> Corner:
    """p = 1, where 0 / 0 lies in wait: a layer that is right for every p in between is worth most of its points."""
    return Corner("p = 1", 0.2, cases)


CORNERS: dict[str, tuple[Corner, ...]] = {
    "dropout_mask": (
        Corner("p = 0", 0.1, ("p = 0: all are kept",)),
        Corner("p = 1", 0.1, ("p = 1: all are dropped",)),
    ),
    "dropout_apply.train": (_one(ALL, "downscale_in_infer, p = 1"),),
    "dropout_apply.test": (_one("downscale_in_infer, p = 1", "upscale_in_train, p = 1"),),
    "dropout_forward.train": (_one(ALL),),
    "dropout_forward.test": (_one("downscale_in_infer, p = 1", "upscale_in_train, p = 1"),),
    "dropout_backward": (
        _one(ALL, "downscale_in_infer, p = 1", "upscale_in_train, p = 1, test mode"),
        # Whoever took the other default in the forward pass has paid for it there.
        Corner(
            "no scaling given", 0.2, ("scaling not given, p = 0.347", "scaling not given, test mode, p = 0.6")
        ),
    ),
    "spatial_dropout_forward": (_one(ALL, AT_TEST),),
    "dropconnect_forward": (_one(ALL, AT_TEST, "test mode, p = 1"),),
    "mc_dropout": (Corner("a single prediction", 0.2, ("one prediction",)),),
    "affine_relu_dropout": (
        _one(ALL, AT_TEST),
        spent_corner("upscale_in_train, p = 0.4, the gradient asked for twice"),
    ),
}
