"""Hidden cases of ps3: other sizes, and the edges that its text states."""

from typing import Any

from course.autograder.checks.conv.columns import unfolding
from course.autograder.checks.conv.draws import asked, convolution
from course.autograder.checks.conv.field import stack
from course.autograder.checks.conv.misfits import misfit
from course.autograder.checks.conv.nets import FLATTEN, RELU, SIGMOID, conv, linear, net, pool
from course.autograder.checks.conv.operations import operations
from course.autograder.checks.conv.padding import sized
from course.autograder.checks.conv.parameters import layer
from course.autograder.checks.conv.pool import forward_only, pooling
from course.autograder.checks.conv.pool_shape import fixed, pool_question
from course.autograder.checks.conv.shapes import arguments, question
from course.autograder.checks.language import Case, Inputs
from course.autograder.checks.language.draws import Generator, altered, views


def small_net(r: Generator) -> Inputs:
    """One image, no padding, a stride that is wider than its window."""
    return net(
        [1, 4, 31, 24],
        conv(out_channels=int(r.integers(5, 9)), kernel_size=[2, 3], stride=(3, 2)), SIGMOID,
        pool(kernel_size=[1, 3], stride=[2, 1], padding=(0, 1)),
        conv(out_channels=12, kernel_size=2, padding="VALID", groups=1, bias=True),
        FLATTEN, linear(int(r.integers(3, 7)), bias=True),
    )  # fmt: skip


def only_linear(r: Generator) -> Inputs:
    """Vectors from the start."""
    return net((int(r.integers(4, 9)), int(r.integers(11, 30))), linear(8), RELU, linear(3))


def padded_by_words(r: Generator) -> Inputs:
    """'SAME' under windows of even size, with a stride that does not divide and a dilation that it sets back."""
    a, b = 2 * int(r.integers(2, 5)), 2 * int(r.integers(5, 8))
    return net(
        (int(r.integers(2, 6)), 3, 16, 21),
        conv(out_channels=a, kernel_size=(4, 2), stride=(3, 2), padding="SAME", dilation=2), RELU,
        conv(out_channels=b, kernel_size=[2, 4], padding="SAME", groups=2),
        conv(out_channels=9, kernel_size=2, padding="VALID", dilation=2, bias=False),
    )  # fmt: skip


NETS = (
    Case("a net on one image", small_net),
    Case("a net of linear layers", only_linear),
    Case("a net with padding in words", padded_by_words),
)


def one_tap(r: Generator) -> Inputs:
    """Kernels that multiply once and have nothing to add up."""
    c = int(r.integers(3, 6))
    shapes = arguments((2, c, 9, 8), (c, 1, 1, 1), stride=(2, 3), padding="SAME", groups=c)
    return {**shapes, "bias": False}


POOLS = (
    Case("one sample, windows of one row, stride 2", pooling((3, 4), (1, 3), 2, n=1, left_over=(1, 0))),
    Case("windows of 1 by 1, stride 4", pooling((3, 2), (1, 1), 4, left_over=(1, 0))),
    Case("a single column of pixels", pooling((4, 1), (2, 1), 1)),
    Case("a window that covers the image", pooling((1, 1), (3, 3), 2, n=3, c=2)),
)
CONVOLUTIONS: tuple[tuple[str, Any, dict[str, Any]], ...] = (
    ("one sample, a single kernel", ((3, 5), (2, 4), 2, 3), {"n": 1, "channels": (2, 1), "left_over": (1, 0)}),
    ("a kernel that covers the image", ((1, 1), (3, 3), 1, 0), {"n": 3, "channels": (2, 3)}),
    ("padding 3 round four pixels", ((7, 7), (2, 2), 1, 3), {}),
    ("stride 3, padding 2: neither divides by the stride alone", ((3, 2), (3, 4), 3, 2),
     {"channels": (2, 3), "left_over": (0, 1)}),
    ("stride 4, wider than the kernel, padding 2", ((3, 4), (3, 2), 4, 2), {"n": 3, "channels": (1, 2)}),
)  # fmt: skip

HIDDEN = {
    "conv2d_output_shape": (
        Case("a kernel of 1 by 1 with stride 4", question((3, 7), (1, 1), 4, left_over=(3, 2))),
        Case("strides 4 and 5, paddings 3 and 2", question((3, 4), (3, 2), (4, 5), [3, 2], left_over=(1, 4))),
        Case("one group for each channel", question((5, 9), (4, 3), (2, 3), [2, 1], [2, 1], 5, (1, 2))),
    ),
    "conv2d_output_shape.padding": (
        Case("padding as a tuple of four", question((7, 4), (2, 3), 2, (0, 3, 2, 1), left_over=(0, 1))),
        Case("a pair for each axis, each edge another", question((5, 8), (3, 4), 2, ((0, 0), (0, 0), (1, 2), (4, 0)))),
        Case("'SAME' with a stride wider than the kernel", sized(14, 10, (1, 2), (3, 4), "SAME")),
    ),
    "conv2d_output_shape.errors": (
        Case("a kernel that just fits by its padding", misfit(2, 5, (4, 3), padding=[2, 0, 0, 0], stride=2)),
        Case("a kernel one row too tall for its padding", misfit(2, 5, (5, 3), padding=[2, 0, 0, 0], stride=4),
             raises="ValueError"),
        Case("a kernel too wide for a pair for each axis",
             misfit(5, 2, (2, 4), padding=((0, 0), (0, 0), (1, 1), (1, 0)), stride=2), raises="ValueError"),
        Case("a kernel too wide for 'VALID'", misfit(9, 3, (2, 4), padding="VALID", stride=2), raises="ValueError"),
        Case("kernels that do not divide into the groups, 'SAME'",
             misfit(8, 7, (3, 2), groups=3, padding="SAME", extra_kernels=2), raises="ValueError"),
    ),
    "pool2d_output_shape": (
        Case("windows of 1 by 1 with stride 3", pool_question((4, 2), 1, 3, left_over=(2, 1))),
        Case("windows of 3, no stride given, padding [1, 0]", pool_question((4, 5), 3, None, [1, 0], left_over=(1, 2))),
        Case("a window one column too wide, with stride 2", fixed(6, 3, [2, 4], [1, 2]), raises="ValueError"),
    ),
    "conv2d_parameters": (Case("a kernel of 1", layer(1)), Case("one channel in each group", layer((5, 1), groups=6))),
    "conv2d_operations": (
        Case("a kernel of 1 by 1", operations(out=(5, 8), kernel=(1, 1), stride=2, left_over=(1, 0))),
        Case("another stride and dilation for each axis",
             operations(out=(5, 6), kernel=(3, 2), stride=[2, 1], dilation=(1, 3))),
        Case("a single tap, 'SAME', no bias", one_tap),
        Case("as many channels in a group as there are groups",
             altered(lambda r: arguments((3, 4, 9, 7), (10, 2, 3, 2), groups=2), lambda i: {"bias": True})),
        Case("four edges and two groups, no bias",
             operations(False, out=(4, 6), kernel=(3, 5), padding=[1, 0, 3, 2], groups=2)),
    ),
    "network_table.shapes": NETS,
    "network_table.operations": NETS,
    "conv_forward_naive": tuple(Case(name, asked(*args, **more)) for name, args, more in CONVOLUTIONS),
    "conv_backward_naive": tuple(Case(name, convolution(*args, **more)) for name, args, more in CONVOLUTIONS),
    "im2col": (
        Case("one sample, windows of one row", unfolding((3, 4), (1, 3), 2, 1, n=1)),
        Case("a window that covers the image", unfolding((1, 1), (3, 3), 1, 0, n=3)),
        Case("padding 3 round two pixels, windows of one column", unfolding((7, 7), (2, 1), 1, 3)),
        Case("windows of 1 by 1, stride 4, padding 2", unfolding((3, 4), (1, 1), 4, 2)),
    ),
    "conv_forward_im2col": (
        *(Case(name, views(asked(*args, **more), "x")) for name, args, more in CONVOLUTIONS),
        Case("a kernel of 1 by 1, stride 2, padding 1", asked((4, 3), (1, 1), 2, 1)),
    ),
    "max_pool_forward": forward_only(POOLS),
    "max_pool_backward": POOLS,
    "receptive_field": (
        Case("windows of one row, and a gap", stack(
            pool(kernel_size=[1, 3], stride=[4, 2]), conv(kernel_size=(2, 1), padding="VALID"), conv(kernel_size=[3, 2]))),
        Case("no windows at all", lambda r: {"layers": [RELU, SIGMOID]}),
    ),
}  # fmt: skip
