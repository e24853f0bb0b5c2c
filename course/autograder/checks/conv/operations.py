"""ps3, counting one layer: multiplications and additions, to the unit."""

from typing import Any

import numpy as np

from course.autograder.checks.conv.shapes import ASSIGNMENT, question
from course.autograder.checks.language.protocol import Call
from course.autograder.checks.language.spec import Answers, Case, Check, Inputs, Misconception, Output
from course.autograder.checks.language.tolerances import EXACT
from course.reference import convolution
from course.reference.convolution import conv2d_output_shape, pair
from course.reference.counting import Layer, LayerCount, count_layer


def _counted(i: Inputs, **changes: Any) -> LayerCount:
    i = {**i, **changes}
    shape = conv2d_output_shape(**{key: value for key, value in i.items() if key != "bias"})
    bias = tuple(i["weight_shape"][:1]) if i["bias"] else ()
    return count_layer(Layer("Conv2D", tuple(i["input_shape"]), shape, tuple(i["weight_shape"]), bias))


def _both(count: LayerCount) -> Answers:
    return {"multiplications": count.multiplications, "additions": count.additions}


def operations(bias: bool = True, **options: Any) -> Any:
    """A draw for `conv2d_operations`; the options are those of `conv_shapes.question`."""
    draw = question(**options)
    return lambda r: {**draw(r), "bias": bias}


def _scaled(change: Any) -> Any:
    """A student whose two counts are both off by a factor, from the inputs and the right counts."""
    return lambda i: {key: change(i, value) for key, value in _both(_counted(i)).items()}


def _added(change: Any) -> Any:
    """A student whose additions alone are wrong, from the inputs, the number of outputs, and of taps of each."""

    def wrong(i: Inputs) -> Answers:
        count = _counted(i)
        return {"additions": change(i, int(np.prod(count.output_shape)), int(np.prod(i["weight_shape"][1:])))}

    return wrong


def _at_every_input(i: Inputs) -> Answers:
    n, _, h, w = i["input_shape"]
    shape = (n, i["weight_shape"][0], h, w)
    bias = tuple(i["weight_shape"][:1]) if i["bias"] else ()
    return _both(count_layer(Layer("Conv2D", tuple(i["input_shape"]), shape, tuple(i["weight_shape"]), bias)))


def _without_zeros(i: Inputs) -> Answers:
    """How many taps meet a real pixel: a convolution of ones with ones, summed."""
    h, w = i["input_shape"][2:]
    kh, kw = i["weight_shape"][2:]
    if pair(i["dilation"]) != (1, 1):
        return {}
    met = convolution.conv2d(
        np.ones((1, 1, h, w)), np.ones((1, 1, kh, kw)), None, i["stride"], i["padding"]
    ).sum()
    return {"multiplications": int(met) * i["input_shape"][0] * i["weight_shape"][0] * i["weight_shape"][1]}


OPERATIONS_CHECK = Check(
    name="conv2d_operations",
    assignment=ASSIGNMENT,
    points=8,
    functions=("conv2d_operations",),
    steps=(
        Call(
            "conv2d_operations",
            ("input_shape", "weight_shape", "stride", "padding", "dilation", "groups", "bias"),
            ("multiplications", "additions"),
        ),
    ),
    outputs=(Output("multiplications", EXACT), Output("additions", EXACT)),
    cases=(
        Case("a kernel of 3 by 2, padding 2, stride 2", operations(
            out=(6, 9), kernel=(3, 2), stride=2, padding=2, left_over=(1, 1))),
        Case("no bias", operations(False, out=(7, 5), kernel=(3, 4), padding=1)),
        Case("three groups, no bias", operations(False, out=(4, 9), kernel=(2, 3), groups=3)),
        Case("two groups, with bias", operations(out=(5, 8), kernel=(4, 3), padding=[1, 2], groups=2)),
        Case("dilation 2", operations(out=(6, 7), kernel=(3, 2), dilation=2)),
        Case("many large images of odd size, whose counts need every digit", lambda r: {
            "input_shape": (61 + 2 * int(r.integers(0, 8)), 5, 333, 251), "weight_shape": (13, 5, 3, 5),
            "stride": 1, "padding": 0, "dilation": 1, "groups": 1, "bias": True,
        }),
        Case("the homework: 10 images of 224 by 224, 64 kernels of 3 by 3, padding 1", lambda r: {
            "input_shape": (10, 3, 224, 224), "weight_shape": (64, 3, 3, 3),
            "stride": 1, "padding": 1, "dilation": 1, "groups": 1, "bias": True,
        }),
        Case("the homework without bias", lambda r: {
            "input_shape": (10, 3, 224, 224), "weight_shape": (64, 3, 3, 3),
            "stride": 1, "padding": 1, "dilation": 1, "groups": 1, "bias": False,
        }),
    ),
    reference=lambda i: _both(_counted(i)),
    misconceptions=(
        Misconception(
            "batch forgotten",
            "You counted one sample; every sample of the batch costs the same again.",
            _scaled(lambda i, v: v // i["input_shape"][0]),
        ),
        Misconception(
            "batch counted twice",
            "The batch is in the output's shape already: do not multiply by it again.",
            _scaled(lambda i, v: v * i["input_shape"][0]),
        ),
        Misconception(
            "output channels forgotten",
            "You counted one kernel; each output channel has a kernel of its own.",
            _scaled(lambda i, v: v // i["weight_shape"][0]),
        ),
        Misconception(
            "input channels forgotten",
            "Each output value sums over all input channels that its kernel reads.",
            lambda i: _both(_counted(i, weight_shape=(i["weight_shape"][0], 1, *i["weight_shape"][2:]),
                                     input_shape=(i["input_shape"][0], i["groups"], *i["input_shape"][2:]))),
        ),
        Misconception(
            "multiplied at every input value",
            "Count where the kernel stops: once for each output value, not for each value of the input.",
            _at_every_input,
        ),
        Misconception(
            "stride ignored", "With a stride there are fewer output values.", lambda i: _both(_counted(i, stride=1))
        ),
        Misconception(
            "padding ignored", "Padding adds output values.", lambda i: _both(_counted(i, padding=0))
        ),
        Misconception(
            "groups ignored",
            "In a grouped convolution a kernel reads only the channels of its group: weight_shape[1] says how many.",
            lambda i: _both(_counted(i, groups=1, weight_shape=(
                i["weight_shape"][0], i["input_shape"][1], *i["weight_shape"][2:]))),
        ),
        Misconception(
            "groups divided twice",
            "weight_shape[1] is C / groups already: do not divide by the groups again.",
            lambda i: {"multiplications": _counted(i).multiplications // i["groups"]},
        ),
        Misconception(
            "padded zeros not multiplied",
            "You left out the products with padding; by the rule of this sheet they are multiplied too.",
            _without_zeros,
        ),
        Misconception(
            "a bias multiplied",
            "A bias is added, never multiplied (this is what paddle.flops gives, which counts both in one number).",
            lambda i: {"multiplications": _counted(i).paddle_flops},
        ),
        Misconception(
            "two for each product",
            "You counted a multiplication and an addition in one number; here each has its own.",
            lambda i: {"multiplications": 2 * _counted(i).multiplications},
        ),
        Misconception(
            "as many additions as products",
            "k products are summed by k - 1 additions; only a bias makes it k.",
            _added(lambda i, size, taps: size * taps),
        ),
        Misconception(
            "one addition more with a bias",
            "k products need k - 1 additions, the bias one: you have one too many for each output value.",
            _added(lambda i, size, taps: size * (taps + i["bias"])),
        ),
        Misconception(
            "bias addition forgotten",
            "The bias costs one addition for each output value.",
            _added(lambda i, size, taps: size * (taps - 1)),
        ),
        Misconception(
            "bias added once for each channel",
            "The bias is added at every place of its channel, in every sample.",
            _added(lambda i, size, taps: size * (taps - 1) + i["weight_shape"][0] * i["bias"]),
        ),
        Misconception(
            "channels not added together",
            "You sum within each channel; the sums of the channels have to be added as well.",
            _added(lambda i, size, taps: size * (taps - i["weight_shape"][1] + i["bias"])),
        ),
        Misconception(
            "multiplications and additions swapped",
            "Return (multiplications, additions), in this order.",
            lambda i: {"multiplications": _counted(i).additions, "additions": _counted(i).multiplications},
        ),
        Misconception(
            "counted in 32 bits",
            "The count has run over: 32-bit integers end at 2,147,483,647. Use Python's integers, or int64.",
            _scaled(lambda i, v: int(np.int64(v).astype(np.int32))),
        ),
        Misconception(
            "counted in single precision",
            "float32 keeps 24 binary digits, too few for this count: use Python's integers, or int64.",
            _scaled(lambda i, v: int(np.float32(v))),
        ),
        Misconception(
            "rounded",
            "A count is exact: give every digit.",
            _scaled(lambda i, v: float(f"{v:.1e}")),
        ),
    ),
)  # fmt: skip

CHECKS = (OPERATIONS_CHECK,)
