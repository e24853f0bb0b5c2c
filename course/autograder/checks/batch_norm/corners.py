"""Corners of ps1: cases at the edge of a question, what they cost, and why no more. `docs/grading.md` has the rule."""

from course.autograder.checks.language import Corner

NO_GAMMA = Corner(
    "a gamma of 0", 0.2, ("a gamma of 0",)
)  # whoever divides by gamma, or takes x_hat out of out
CONSTANT = Corner("a constant feature", 0.2, ("a constant feature",))  # a variance of 0: only epsilon is left
ONE_IMAGE = Corner("one image", 0.2, ("one image",))

CORNERS: dict[str, tuple[Corner, ...]] = {
    "batch_moments": (Corner("a single sample", 0.2, ("a single sample",)),),
    "normalize": (
        Corner(
            "a variance of 0",
            0.2,
            ("a feature with variance 0", "a variance of 0 that is not the samples' own"),
        ),
    ),
    "batchnorm_forward.train": (CONSTANT,),
    "batchnorm_forward.test": (
        Corner("a single sample", 0.2, ("a single sample",)),
        Corner("a variance of 0", 0.2, ("a feature whose running variance is 0",)),
    ),
    "batchnorm_backward": (NO_GAMMA, CONSTANT),
    "batchnorm_backward_alt": (NO_GAMMA, CONSTANT),
    "spatial_batchnorm_forward": (ONE_IMAGE,),
    "spatial_batchnorm_backward": (ONE_IMAGE,),
    "affine_bn_relu_backward": (NO_GAMMA,),
}
