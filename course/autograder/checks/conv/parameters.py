"""ps3, counting one layer: its parameters."""

from typing import Any

from course.autograder.checks.conv.shapes import ASSIGNMENT
from course.autograder.checks.language.draws import Generator
from course.autograder.checks.language.protocol import Call
from course.autograder.checks.language.spec import Answers, Case, Check, Inputs, Misconception, Output
from course.autograder.checks.language.tolerances import EXACT
from course.reference.convolution import pair
from course.reference.counting import Layer, LayerCount, count_layer


def _weights(i: Inputs, **changes: Any) -> LayerCount:
    """The count of a layer, with some of its arguments read differently."""
    i = {**i, **changes}
    kernel, o = pair(i["kernel_size"]), i["out_channels"]
    weight = (o, i["in_channels"] // i["groups"], *kernel)
    return count_layer(
        Layer("Conv2D", (1, i["in_channels"], *kernel), (1, o, 1, 1), weight, (o,) if i["bias"] else ())
    )


def _parameters(**changes: Any) -> Any:
    def wrong(i: Inputs) -> Answers:
        read = {key: change(i) if callable(change) else change for key, change in changes.items()}
        return {"parameters": _weights(i, **read).parameters}

    return wrong


def layer(kernel: Any, groups: int = 1, bias: bool = True) -> Any:
    """A draw for `conv2d_parameters`: more output than input channels in each group."""

    def draw(r: Generator) -> Inputs:
        return {
            "in_channels": groups * int(r.integers(2, 7)),
            "out_channels": groups * int(r.integers(8, 20)),
            "kernel_size": kernel,
            "groups": groups,
            "bias": bias,
        }

    return draw


PARAMETERS_CHECK = Check(
    name="conv2d_parameters",
    assignment=ASSIGNMENT,
    points=4,
    functions=("conv2d_parameters",),
    steps=(
        Call(
            "conv2d_parameters",
            ("in_channels", "out_channels", "kernel_size", "groups", "bias"),
            ("parameters",),
        ),
    ),
    outputs=(Output("parameters", EXACT),),
    cases=(
        Case("a kernel of 5", layer(5)),
        Case("a kernel of 3 by 4", layer((3, 4))),
        Case("no bias", layer([7, 2], bias=False)),
        Case("three groups", layer((2, 3), groups=3)),
        Case("four groups without bias", layer(3, groups=4, bias=False)),
    ),
    reference=lambda i: {"parameters": _weights(i).parameters},
    misconceptions=(
        Misconception(
            "bias forgotten", "Each output channel has a bias of its own.", _parameters(bias=False)
        ),
        Misconception(
            "bias counted although there is none",
            "With bias=False there is no bias to count.",
            _parameters(bias=True),
        ),
        Misconception(
            "one bias for the whole layer",
            "There is one bias for each output channel, not one for the layer.",
            lambda i: {"parameters": _weights(i, bias=False).parameters + 1} if i["bias"] else {},
        ),
        Misconception(
            "a bias for each input channel",
            "A bias is added to an output channel, so there are out_channels of them.",
            lambda i: (
                {"parameters": _weights(i, bias=False).parameters + i["in_channels"]} if i["bias"] else {}
            ),
        ),
        Misconception(
            "groups ignored",
            "In a grouped convolution a kernel reads only the channels of its own group.",
            lambda i: {"parameters": _weights({**i, "groups": 1}).parameters},
        ),
        Misconception(
            "groups divide the output channels too",
            "Groups divide what one kernel reads, not the number of kernels.",
            lambda i: {
                "parameters": _weights(i, bias=False).parameters // i["groups"]
                + i["out_channels"] * i["bias"]
            },
        ),
        Misconception(
            "kernel counted along one side",
            "A kernel has height times width taps.",
            lambda i: _parameters(kernel_size=(pair(i["kernel_size"])[0], 1))(i),
        ),
        Misconception(
            "kernel taken for square",
            "You use the kernel's height twice; its width is the second number.",
            _parameters(kernel_size=lambda i: pair(i["kernel_size"])[0]),
        ),
        Misconception(
            "input channels forgotten",
            "A kernel has taps in every input channel that it reads.",
            lambda i: _parameters(in_channels=i["groups"])(i),
        ),
    ),
)


CHECKS = (PARAMETERS_CHECK,)
