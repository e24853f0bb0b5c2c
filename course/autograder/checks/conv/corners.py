"""Corners of ps3: cases at the edge of a question, what they cost, and why no more. `docs/grading.md` has the rule."""

from course.autograder.checks.language import Corner
from course.autograder.checks.language.spent import spent_corner

LOW = Corner("very small values", 0.2, ("no value above -1e10",))  # a maximum that starts at some number

CORNERS: dict[str, tuple[Corner, ...]] = {
    "conv2d_output_shape.padding": (
        Corner(
            "'SAME' with dilation, which Paddle sets back to 1",
            0.2,
            ("'SAME' with dilation 3, which it sets back to 1",),
        ),
        Corner("'VALID' with dilation, which stays", 0.2, ("'VALID' with dilation, which stays",)),
    ),
    # Each kind of misfit is a corner, so that three kinds tested for of four earn three quarters. That a plain kernel
    # is too large, and that one which fits is let through, is the question itself.
    "conv2d_output_shape.errors": (
        Corner(
            "a kernel too large by its dilation",
            0.25,
            (
                "a kernel too tall by its dilation",
                "a kernel too wide by its dilation",
                "a dilated kernel that just fits",
            ),
        ),
        Corner(
            "channels that the weight does not read",
            0.25,
            (
                "channels that the weight does not read, one group",
                "channels that the weight does not read, 'SAME'",
                "channels that the weight does not read",
                "fewer channels than the weight reads",
                "channels that do not divide into the groups",
            ),
        ),
        Corner(
            "kernels that do not divide into the groups",
            0.25,
            (
                "kernels that do not divide into the groups",
                "kernels that do not divide into the groups, 'SAME'",
            ),
        ),
    ),
    "conv2d_parameters": (
        Corner("bias left out, which stands for True", 0.2, ("bias left out, which stands for True",)),
    ),
    "pool2d_output_shape": (
        Corner(
            "windows that do not fit",
            0.25,
            (
                "a window one row too tall, with stride 3",
                "a window far too wide",
                "a window one column too wide, with ceil_mode",
                "a window one column too wide, with stride 2",
            ),
        ),
    ),
    "conv_backward_naive": (
        spent_corner("a kernel of 2 by 3, stride 1, padding 1, the gradient asked for twice"),
    ),
    "max_pool_forward": (LOW,),
    "max_pool_backward": (LOW, spent_corner("windows of 3 by 2, stride 1, the gradient asked for twice")),
    "receptive_field": (Corner("no windows", 0.2, ("no windows at all",)),),
}
