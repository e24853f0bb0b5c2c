"""Nets as plain data, for ps3 to count."""

from typing import Any

from course.autograder.checks.language import Case, Inputs
from course.autograder.checks.language.draws import Generator
from course.reference.layer_plan import SIMPLENET

Layer = dict[str, Any]
RELU, SIGMOID, FLATTEN, NORM = ({"type": kind} for kind in ("relu", "sigmoid", "flatten", "batch_norm2d"))


def conv(**options: Any) -> Layer:
    """A convolution as data."""
    return {"type": "conv2d", **options}


def pool(**options: Any) -> Layer:
    """A max pooling layer as data."""
    return {"type": "max_pool2d", **options}


def linear(out_features: int, **options: Any) -> Layer:
    """A linear layer as data."""
    return {"type": "linear", "out_features": out_features, **options}


def net(input_shape: Any, *layers: Layer) -> Inputs:
    """Inputs of `network_table`, each layer a dict of its own."""
    return {"layers": [dict(layer) for layer in layers], "input_shape": input_shape}


def simplenet(r: Generator) -> Inputs:
    """The net of the homework, on ten images of 224 by 224."""
    return net((10, 3, 224, 224), *SIMPLENET)


def drawn(r: Generator) -> Inputs:
    """A net with groups, batch norm, windows that are not square, and a pooling layer without a stride."""
    a, b, c = 2 * int(r.integers(3, 6)), 2 * int(r.integers(7, 10)), int(r.integers(21, 40))
    return net(
        (int(r.integers(3, 9)), 2, 33 + 6 * int(r.integers(0, 3)), 46),
        conv(out_channels=a, kernel_size=(3, 5), padding=(1, 2), bias=False), NORM, RELU, pool(kernel_size=(3, 2)),
        conv(out_channels=b, kernel_size=3, stride=2, padding="SAME", groups=2), RELU, pool(kernel_size=3, stride=2, padding=1),
        FLATTEN, linear(c, bias=False), SIGMOID, linear(10),
    )  # fmt: skip


def dilated(r: Generator) -> Inputs:
    """A net whose windows overlap and are spread out, without a linear layer."""
    a, b = int(r.integers(4, 7)), int(r.integers(8, 12))
    return net(
        (int(r.integers(2, 6)), 3, 20, 27),
        conv(out_channels=a, kernel_size=(4, 3), dilation=2, padding=[1, 2, 3, 1]), NORM,
        pool(kernel_size=(2, 3), stride=2, ceil_mode=True),
        conv(out_channels=b, kernel_size=1, bias=False), NORM, SIGMOID,
    )  # fmt: skip


def alike(r: Generator) -> Inputs:
    """A net whose sizes are all one number until it is flattened, and as many outputs as inputs behind that."""
    a = int(r.integers(3, 6))
    return net(
        (a, a, a, a),
        conv(out_channels=a, kernel_size=3, padding=1), NORM, conv(out_channels=a, kernel_size=1, groups=a), RELU,
        pool(kernel_size=a, stride=a), FLATTEN, linear(a), SIGMOID, linear(a, bias=False),
    )  # fmt: skip


NETS = (
    Case("SimpleNet on 10 images of 224 by 224", simplenet),
    Case("a net with groups, batch norm and layers without bias", drawn),
    Case("a net with dilation and ceil_mode", dilated),
    Case("a net with as many samples as channels, rows and columns", alike),
)
