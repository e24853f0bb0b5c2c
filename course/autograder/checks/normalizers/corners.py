"""Corners of ps4: cases at the edge of a question, what they cost, and why no more. `docs/grading.md` has the rule."""

from course.autograder.checks.language import Corner
from course.autograder.checks.language.spent import spent_corner

ONE = Corner("a single sample", 0.2, ("a single sample",))
NO_GAMMA = Corner("a gamma of 0", 0.2, ("a gamma of 0",))
NO_EPSILON = Corner("an epsilon of 0", 0.15, ("an epsilon of 0",))
ROW = Corner("a row that is constant", 0.2, ("a row that is constant",))
POSITION = Corner("a single position", 0.2, ("a single position",))

CORNERS: dict[str, tuple[Corner, ...]] = {
    "layernorm_forward": (ONE, ROW, NO_EPSILON),
    "layernorm_backward": (
        ONE,
        NO_GAMMA,
        ROW,
        spent_corner("a spread of 0.05, the gradient asked for twice"),
    ),
    "groupnorm_forward": (
        ONE,
        POSITION,
        Corner(
            "a group that is constant",
            0.2,
            ("a group whose values are all alike", "a group that is constant"),
        ),
        NO_EPSILON,
    ),
    "groupnorm_backward": (
        ONE,
        NO_GAMMA,
        POSITION,
        spent_corner("six channels in three groups, a spread of 0.05, the gradient asked for twice"),
    ),
    # `d_max or 5` is one slip, met once in each of these three.
    "renorm_correction": (Corner("a d_max of 0", 0.2, ("no room: r_max = 1 and d_max = 0",)),),
    "batch_renorm_forward.train": (
        ONE,
        Corner("a channel that is constant", 0.2, ("a channel that is constant", "a constant channel")),
        # Falsy in Python, and so taken for absent by `or`.
        Corner(
            "a momentum, an epsilon, a gamma or a d_max of 0",
            0.2,
            ("a momentum of 0 and a gamma of 0", "an epsilon of 0", "no room: r_max = 1 and d_max = 0"),
        ),
        Corner(
            "a key that is absent by itself",
            0.1,
            (
                "bn_param holds no running mean and no d_max",
                "bn_param holds no running deviation and no r_max",
            ),
        ),
    ),
    "batch_renorm_forward.test": (
        ONE,
        Corner(
            "one running value without the other",
            0.2,
            ("bn_param holds no running mean", "bn_param holds no running deviation"),
        ),
    ),
    "batch_renorm_backward": (
        NO_GAMMA,
        Corner("a channel without a spread", 0.2, ("a constant channel", "a single sample")),
        Corner("a d_max of 0", 0.2, ("no room: batch norm's gradient",)),
        spent_corner("a spread of 0.05, the gradient asked for twice"),
    ),
    "linear_moments": (ONE,),
    "cross_iteration_moments": (
        Corner("one sample of one channel", 0.2, ("one sample of one channel",)),
        Corner("no history", 0.2, ("the first step of all: no history",)),
        Corner("k = 1", 0.2, ("k = 1: batch norm", "k = 1 and a channel that is constant")),
    ),
}
