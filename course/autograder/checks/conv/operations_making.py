"""Multiplications and additions of one convolution, piece by piece: output values, products of each, the bias."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from course.autograder.checks.language import Inputs
from course.autograder.checks.language.makings import Making, Piece, Stead
from course.reference.convolution import conv2d_output_shape, pair


def _shape(i: Inputs) -> tuple[int, ...]:
    return conv2d_output_shape(**{key: value for key, value in i.items() if key != "bias"})


def _share(chosen: Callable[[tuple[int, ...]], Any]) -> Callable[[Inputs], Any]:
    """Something of the output's shape."""
    return lambda i: chosen(_shape(i))


OUTPUTS = "Count once for each output value, in every sample: yours takes {}."
PRODUCTS = "Each output value takes C / groups * kh * kw products: yours takes {}."

SIZE = Piece(
    _share(math.prod),
    {
        "batch forgotten": Stead(
            "You counted one sample; every sample of the batch costs the same again.",
            _share(lambda s: math.prod(s[1:])),
        ),
        "output channels not counted": Stead(
            OUTPUTS.format("one output channel"), _share(lambda s: s[0] * s[2] * s[3])
        ),
        "places of the output not counted": Stead(
            OUTPUTS.format("one place of each channel"), _share(lambda s: s[0] * s[1])
        ),
        "rows of the output not counted": Stead(
            OUTPUTS.format("one row of each channel"), _share(lambda s: s[0] * s[1] * s[3])
        ),
        "columns of the output not counted": Stead(
            OUTPUTS.format("one column of each channel"), _share(lambda s: s[0] * s[1] * s[2])
        ),
        "output taken for square": Stead(
            OUTPUTS.format("the height of the output twice"), _share(lambda s: s[0] * s[1] * s[2] ** 2)
        ),
        "multiplied at every input value": Stead(
            "Count where the kernel stops: once for each output value, not for each value of the input.",
            lambda i: i["input_shape"][0] * i["weight_shape"][0] * math.prod(i["input_shape"][2:]),
        ),
        "values of the input for those of the output": Stead(
            OUTPUTS.format("the values of the input"), lambda i: math.prod(i["input_shape"])
        ),
        "output values divided by the groups": Stead(
            OUTPUTS.format("them divided by the groups"), lambda i: math.prod(_shape(i)) / i["groups"]
        ),
        "output values multiplied by the groups": Stead(
            OUTPUTS.format("groups times as many"), lambda i: math.prod(_shape(i)) * i["groups"]
        ),
        "batch counted twice": Stead(
            OUTPUTS.format("the batch twice"), _share(lambda s: math.prod(s) * s[0])
        ),
    },
)


def _taps(i: Inputs) -> tuple[int, int, int]:
    _, channels, height, width = i["weight_shape"]
    return channels, height, width


TAPS_OF = Piece(
    lambda i: math.prod(_taps(i)),
    {
        "input channels not counted": Stead(
            PRODUCTS.format("one channel"), lambda i: math.prod(_taps(i)[1:])
        ),
        "kernel's places not counted": Stead(
            PRODUCTS.format("one place of the kernel"), lambda i: _taps(i)[0]
        ),
        "groups divided twice": Stead(
            "weight_shape[1] is C / groups already: do not divide by the groups again.",
            lambda i: math.prod(_taps(i)) / i["groups"],
        ),
        "groups ignored": Stead(
            PRODUCTS.format("all input channels"), lambda i: math.prod(_taps(i)) * i["groups"]
        ),
        "kernel taken for square": Stead(
            PRODUCTS.format("the kernel's height twice"), lambda i: _taps(i)[0] * _taps(i)[1] ** 2
        ),
        "kernel taken for square, by its width": Stead(
            PRODUCTS.format("the kernel's width twice"), lambda i: _taps(i)[0] * _taps(i)[2] ** 2
        ),
        "kernel's height and width added": Stead(
            PRODUCTS.format("their sum for height times width"), lambda i: _taps(i)[0] * sum(_taps(i)[1:])
        ),
        "dilated kernel counted whole": Stead(
            PRODUCTS.format("the gaps between dilated taps as well"),
            lambda i: (
                _taps(i)[0]
                * math.prod(d * (k - 1) + 1 for d, k in zip(pair(i["dilation"]), _taps(i)[1:], strict=True))
            ),
        ),
        "kernel's places squared": Stead(
            PRODUCTS.format("the kernel's places twice"), lambda i: _taps(i)[0] * math.prod(_taps(i)[1:]) ** 2
        ),
        "one product more for the bias": Stead(
            PRODUCTS.format("one more, for the bias"), lambda i: math.prod(_taps(i)) + int(i["bias"])
        ),
        "taps of all kernels counted": Stead(
            PRODUCTS.format("those of all kernels"), lambda i: math.prod(i["weight_shape"])
        ),
        "one product less": Stead(PRODUCTS.format("one less"), lambda i: math.prod(_taps(i)) - 1),
    },
)
TIMES = Piece(
    lambda i: 1,
    {
        "two for each product": Stead(
            "You counted a multiplication and an addition in one number; here each has its own.", lambda i: 2
        ),
        "half of it": Stead("Nothing halves the count.", lambda i: 0.5),
    },
)
LESS = Piece(
    lambda i: -1,
    {
        "first product added as well": Stead(
            "Two numbers are one addition: there is one addition fewer than products.", lambda i: 0
        ),
        "one addition less for each channel": Stead(
            "The sums of the channels are added as well: each output value is one sum over all its taps.",
            lambda i: -_taps(i)[0],
        ),
        "one addition less for each row of the kernel": Stead(
            "The sums of the kernel's rows are added as well: each output value is one sum over all its taps.",
            lambda i: -_taps(i)[0] * _taps(i)[1],
        ),
        "two additions less": Stead("There is one addition fewer than products, not two.", lambda i: -2),
        "one addition more than products": Stead(
            "Two numbers are one addition: there is one addition fewer than products.", lambda i: 1
        ),
    },
)
BIAS = Piece(
    lambda i: i["bias"] * math.prod(_shape(i)),
    {
        "bias not added": Stead("With a bias each output value has one addition more.", lambda i: 0),
        "bias added although there is none": Stead(
            "With bias=False there is no bias to add.", _share(math.prod)
        ),
        "bias added for one sample": Stead(
            "The bias is added at every output value, those of all samples included.",
            lambda i: i["bias"] * math.prod(_shape(i)[1:]),
        ),
        "bias added once for each channel": Stead(
            "The bias is added at every place of its channel, in every sample.",
            lambda i: i["bias"] * _shape(i)[1],
        ),
        "bias added once for each channel of each sample": Stead(
            "The bias is added at every place of its channel.",
            lambda i: i["bias"] * math.prod(_shape(i)[:2]),
        ),
        "bias added once for each place": Stead(
            "The bias is added in every output channel.",
            lambda i: i["bias"] * math.prod(_shape(i)) // _shape(i)[1],
        ),
        "bias added once": Stead(
            "The bias is added at every output value, not once for the layer.", lambda i: int(i["bias"])
        ),
        "bias added twice": Stead("The bias is added once.", lambda i: 2 * i["bias"] * math.prod(_shape(i))),
        "bias taken away": Stead(
            "With a bias each output value has one addition more, not less.",
            lambda i: -i["bias"] * math.prod(_shape(i)),
        ),
    },
)

OPERATIONS_MAKING = {
    "multiplications": Making(
        lambda i: i,
        {"size": SIZE, "taps": TAPS_OF, "times": TIMES},
        lambda size, taps, times: np.asarray(size * taps * times),
    ),
    "additions": Making(
        lambda i: i,
        {"size": SIZE, "taps": TAPS_OF, "less": LESS, "bias": BIAS},
        lambda size, taps, less, bias: np.asarray(size * (taps + less) + bias),
        most=2,
    ),
}
