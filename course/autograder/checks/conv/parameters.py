"""ps3, counting one layer: its parameters."""

from typing import Any

import numpy as np

from course.autograder.checks.conv.draws import ASSIGNMENT, without
from course.autograder.checks.conv.parameters_making import PARAMETERS_MAKING
from course.autograder.checks.language import EXACT, Answers, Case, Inputs, Mistake, Output, call, check
from course.autograder.checks.language.draws import Generator, draw
from course.autograder.checks.language.wrong import instead, of, where
from course.reference.convolution import pair
from course.reference.counting import Layer, count_layer


def with_bias(i: Inputs) -> bool:
    """Whether there is a bias: there is one where that is not said."""
    return bool(i.get("bias", True))


def _right(i: Inputs) -> Answers:
    kernel, o = pair(i["kernel_size"]), i["out_channels"]
    weight = (o, i["in_channels"] // i["groups"], *kernel)
    bias = (o,) if with_bias(i) else ()
    layer = Layer("Conv2D", (1, i["in_channels"], *kernel), (1, o, 1, 1), weight, bias)
    return {"parameters": count_layer(layer).parameters}


def _weights(i: Inputs) -> int:
    return int(_right({**i, "bias": False})["parameters"])


def layer_arguments(c: int, o: int, kernel: Any, groups: int = 1, bias: bool = True) -> Inputs:
    """The arguments of `conv2d_parameters` by name."""
    return {"in_channels": c, "out_channels": o, "kernel_size": kernel, "groups": groups, "bias": bias}


@draw
def layer(r: Generator, kernel: Any, groups: int = 1, bias: bool = True) -> Inputs:
    """More output than input channels in each group."""
    c, o = groups * int(r.integers(2, 7)), groups * int(r.integers(8, 20))
    return layer_arguments(c, o, kernel, groups, bias)


WITHOUT_BIAS = call("parameters = conv2d_parameters(in_channels, out_channels, kernel_size, groups)")

PARAMETERS_CHECK = check(
    ASSIGNMENT, "conv2d_parameters", 8,
    ("parameters = conv2d_parameters(in_channels, out_channels, kernel_size, groups, bias)",),
    outputs=(Output("parameters", EXACT),),
    cases=(
        Case("a kernel of 5", layer(5)),
        Case("a kernel of 3 by 4", layer((3, 4))),
        Case("no bias", layer([7, 2], bias=False)),
        Case("three groups", layer((2, 3), groups=3)),
        Case("four groups without bias", layer(3, groups=4, bias=False)),
        Case("bias left out, which stands for True", without(layer((4, 3), groups=2), "bias"), (WITHOUT_BIAS,)),
        Case("as many channels in as out", lambda r: layer_arguments(6, 6, 3)),
        Case("as many groups as channels in and out", lambda r: layer_arguments(6, 6, (3, 2), 6)),
    ),
    reference=_right,
    makings=PARAMETERS_MAKING,
    mistakes={
        "bias forgotten": Mistake("Each output channel has a bias of its own.", instead(_right, bias=False)),
        "bias counted although there is none": Mistake(
            "With bias=False there is no bias to count.", instead(_right, bias=True)
        ),
        "bias is False where it is left out": Mistake(
            "A convolution has a bias unless it is told otherwise: bias=True stands in the function's first line.",
            where(lambda i: "bias" not in i, instead(_right, bias=False)),
        ),
        "one bias for the whole layer": Mistake(
            "There is one bias for each output channel, not one for the layer.",
            where(with_bias, of("parameters", lambda i: _weights(i) + 1)),
        ),
        "a bias for each input channel": Mistake(
            "A bias is added to an output channel, so there are out_channels of them.",
            where(with_bias, of("parameters", lambda i: _weights(i) + i["in_channels"])),
        ),
        "groups ignored": Mistake(
            "In a grouped convolution a kernel reads only the channels of its own group.", instead(_right, groups=1)
        ),
        "groups divide the output channels too": Mistake(
            "Groups divide what one kernel reads, not the number of kernels.",
            of("parameters", lambda i: _weights(i) // i["groups"] + i["out_channels"] * with_bias(i)),
        ),
        "multiplied by the groups": Mistake(
            "With groups a kernel reads fewer channels: divide in_channels by the groups, do not multiply.",
            of("parameters", lambda i: _weights(i) * i["groups"] ** 2 + i["out_channels"] * with_bias(i)),
        ),
        "a bias for each tap": Mistake(
            "A bias is added once to an output value, whatever the kernel's size: there are out_channels of them.",
            where(
                with_bias,
                of("parameters", lambda i: _weights(i) + i["out_channels"] * int(np.prod(pair(i["kernel_size"])))),
            ),
        ),
        "one bias for each group": Mistake(
            "There is one bias for each output channel, not one for each group.",
            where(with_bias, of("parameters", lambda i: _weights(i) + i["groups"])),
        ),
        "the biases multiplied by the groups": Mistake(
            "There is one bias for each output channel: out_channels counts those of all groups.",
            where(with_bias, of("parameters", lambda i: _weights(i) + i["out_channels"] * i["groups"])),
        ),
        "the biases divided by the groups": Mistake(
            "There is one bias for each output channel: groups divide what a kernel reads, and nothing else.",
            where(with_bias, of("parameters", lambda i: _weights(i) + i["out_channels"] // i["groups"])),
        ),
        "a bias for each input channel of each kernel": Mistake(
            "A kernel has one bias, whatever the number of channels that it reads.",
            where(
                with_bias,
                of("parameters", lambda i: _weights(i) + i["out_channels"] * i["in_channels"] // i["groups"]),
            ),
        ),
        "kernel's height and width added": Mistake(
            "A kernel has height times width taps.",
            instead(_right, kernel_size=lambda i: (sum(pair(i["kernel_size"])), 1)),
        ),
        "kernel counted along one side": Mistake(
            "A kernel has height times width taps.",
            instead(_right, kernel_size=lambda i: (pair(i["kernel_size"])[0], 1)),
        ),
        "kernel taken for square": Mistake(
            "You use the kernel's height twice; its width is the second number.",
            instead(_right, kernel_size=lambda i: pair(i["kernel_size"])[0]),
        ),
        "the kernel's width for both sides": Mistake(
            "You use the kernel's width twice; its height is the first number.",
            instead(_right, kernel_size=lambda i: pair(i["kernel_size"])[1]),
        ),
        "input channels forgotten": Mistake(
            "A kernel has taps in every input channel that it reads.",
            instead(_right, in_channels=lambda i: i["groups"]),
        ),
    },
)  # fmt: skip

CHECKS = (PARAMETERS_CHECK,)
