"""The parameters of one convolution, piece by piece: channels, kernels, places of a kernel, biases."""

import math

import numpy as np

from course.autograder.checks.language import Inputs
from course.autograder.checks.language.makings import Making, Piece, Stead
from course.reference.convolution import pair

READ = "A kernel reads in_channels / groups channels: yours takes {}."
KERNELS = "There are out_channels kernels, groups or not: yours takes {}."
TAPS = "A kernel has height times width taps in each channel: yours takes {}."


def _kernel(i: Inputs) -> tuple[int, int]:
    height, width = pair(i["kernel_size"])
    return int(height), int(width)


CHANNELS = Piece(
    lambda i: i["in_channels"] // i["groups"],
    {
        "groups ignored": Stead(READ.format("all of them"), lambda i: i["in_channels"]),
        "multiplied by the groups": Stead(
            "With groups a kernel reads fewer channels: divide in_channels by the groups, do not multiply.",
            lambda i: i["in_channels"] * i["groups"],
        ),
        "input channels forgotten": Stead(READ.format("one"), lambda i: 1),
        "output channels in place of the input's": Stead(
            READ.format("the number of kernels"), lambda i: i["out_channels"]
        ),
        "input channels divided by the groups twice": Stead(
            READ.format("that divided by the groups again"), lambda i: i["in_channels"] / i["groups"] ** 2
        ),
    },
)
OUT = Piece(
    lambda i: i["out_channels"],
    {
        "groups divide the output channels too": Stead(
            "Groups divide what one kernel reads, not the number of kernels.",
            lambda i: i["out_channels"] // i["groups"],
        ),
        "output channels forgotten": Stead(KERNELS.format("one"), lambda i: 1),
        "output channels multiplied by the groups": Stead(
            KERNELS.format("groups times as many"), lambda i: i["out_channels"] * i["groups"]
        ),
        "input channels in place of the output's": Stead(
            KERNELS.format("the number of input channels"), lambda i: i["in_channels"]
        ),
        "output channels squared": Stead(KERNELS.format("their square"), lambda i: i["out_channels"] ** 2),
    },
)
PLACES = Piece(
    lambda i: math.prod(_kernel(i)),
    {
        "kernel taken for square": Stead(
            "You use the kernel's height twice; its width is the second number.", lambda i: _kernel(i)[0] ** 2
        ),
        "kernel taken for square, by its width": Stead(
            "You use the kernel's width twice; its height is the first number.", lambda i: _kernel(i)[1] ** 2
        ),
        "kernel's height and width added": Stead(
            "A kernel has height times width taps.", lambda i: sum(_kernel(i))
        ),
        "kernel's height alone": Stead(TAPS.format("the height alone"), lambda i: _kernel(i)[0]),
        "kernel's width alone": Stead(TAPS.format("the width alone"), lambda i: _kernel(i)[1]),
        "kernel forgotten": Stead(TAPS.format("one"), lambda i: 1),
        "one tap more for the bias": Stead(
            TAPS.format("one more"), lambda i: math.prod(_kernel(i)) + int(i["bias"])
        ),
        "kernel's taps squared": Stead(TAPS.format("their square"), lambda i: math.prod(_kernel(i)) ** 2),
    },
)
BIASES = Piece(
    lambda i: i["out_channels"] * i["bias"],
    {
        "bias forgotten": Stead("Each output channel has a bias of its own.", lambda i: 0),
        "bias counted although there is none": Stead(
            "With bias=False there is no bias to count.", lambda i: i["out_channels"]
        ),
        "one bias for the whole layer": Stead(
            "There is one bias for each output channel, not one for the layer.", lambda i: int(i["bias"])
        ),
        "the biases divided by the groups": Stead(
            "There is one bias for each output channel: groups divide what a kernel reads, and nothing else.",
            lambda i: i["bias"] * (i["out_channels"] // i["groups"]),
        ),
        "biases of the input channels": Stead(
            "There is one bias for each output channel; yours are as many as input channels.",
            lambda i: i["bias"] * i["in_channels"],
        ),
        "a bias for each group": Stead(
            "There is one bias for each output channel; yours are as many as groups.",
            lambda i: i["bias"] * i["groups"],
        ),
        "a bias for each output channel of each group": Stead(
            "There is one bias for each output channel; yours are groups times as many.",
            lambda i: i["bias"] * i["out_channels"] * i["groups"],
        ),
        "a bias for each tap": Stead(
            "A kernel has one bias, whatever the number of its taps.",
            lambda i: i["bias"] * i["out_channels"] * math.prod(_kernel(i)),
        ),
        "biases twice": Stead("Each bias is counted once.", lambda i: 2 * i["bias"] * i["out_channels"]),
        "biases taken away": Stead("The biases are added to the weights, not taken away.",
                                   lambda i: -i["bias"] * i["out_channels"]),
    },
)  # fmt: skip

PARAMETERS_MAKING = {
    "parameters": Making(
        lambda i: {"bias": True, **i},
        {"channels": CHANNELS, "out": OUT, "places": PLACES, "biases": BIASES},
        lambda channels, out, places, biases: np.asarray(channels * out * places + biases),
    )
}
