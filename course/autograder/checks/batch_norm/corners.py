"""Corners of ps1: cases at the edge of a question, what they cost, and why no more. `docs/grading.md` has the rule."""

from course.autograder.checks.language import Corner
from course.autograder.checks.language.spent import spent_corner

NO_GAMMA = Corner(
    "a gamma of 0", 0.2, ("a gamma of 0",)
)  # whoever divides by gamma, or takes x_hat out of out
CONSTANT = Corner("a constant feature", 0.2, ("a constant feature",))  # a variance of 0: only epsilon is left
ONE_IMAGE = Corner("one image", 0.2, ("one image",))
ONE_PIXEL = Corner("images of one pixel", 0.2, ("images of one pixel",))
ONE_SAMPLE = Corner("a single sample", 0.2, ("a single sample",))
SPENT = spent_corner("another epsilon, the gradient asked for twice")

CORNERS: dict[str, tuple[Corner, ...]] = {
    "batch_moments": (ONE_SAMPLE,),
    "normalize": (
        ONE_SAMPLE,
        Corner(
            "a variance of 0",
            0.2,
            ("a feature with variance 0", "a variance of 0 that is not the samples' own"),
        ),
    ),
    "scale_shift": (
        ONE_SAMPLE,
        Corner("a gamma or a beta of 0", 0.2, ("a gamma of 0 and a beta of 0, a view",)),
    ),
    "batchnorm_forward.train": (
        CONSTANT,
        # Falsy in Python, and so taken for absent by `or`.
        Corner(
            "a momentum, an epsilon or a gamma of 0",
            0.2,
            ("a momentum of 0 and a gamma of 0", "an epsilon of 0"),
        ),
        Corner(
            "one running statistic without the other",
            0.2,
            (
                "bn_param holds a running variance and no running mean",
                "bn_param holds a running mean and no running variance",
            ),
        ),
    ),
    "batchnorm_forward.test": (
        ONE_SAMPLE,
        Corner(
            "a variance of 0",
            0.2,
            ("a feature whose running variance is 0", "a single feature whose running variance is 0"),
        ),
    ),
    "batchnorm_backward": (NO_GAMMA, CONSTANT, SPENT),
    "batchnorm_backward_alt": (NO_GAMMA, CONSTANT, SPENT),
    "spatial_batchnorm_forward": (
        ONE_IMAGE,
        ONE_PIXEL,
        Corner(
            "what is 0 or absent", 0.2, ("a momentum of 0 and a gamma of 0", "bn_param holds no running mean")
        ),
    ),
    "spatial_batchnorm_backward": (
        ONE_IMAGE,
        ONE_PIXEL,
        spent_corner("a spread of 0.01 and another epsilon, the gradient asked for twice"),
    ),
    "fold_batchnorm": (Corner("one kernel of a single tap", 0.2, ("one kernel of a single tap",)),),
    "affine_bn_relu_backward": (
        NO_GAMMA,
        Corner("a ReLU that is given 0", 0.2, ("a gamma of 0 and a beta of 0",)),
        spent_corner("another epsilon and momentum, the gradient asked for twice"),
    ),
}
