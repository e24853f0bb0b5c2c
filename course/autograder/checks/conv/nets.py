"""Nets as plain data, for ps3 to count."""

from course.autograder.checks.language.draws import Generator
from course.autograder.checks.language.spec import Case, Inputs
from course.reference.layer_plan import SIMPLENET


def simplenet(r: Generator) -> Inputs:
    """The net of the homework, on ten images of 224 by 224."""
    return {"layers": [dict(layer) for layer in SIMPLENET], "input_shape": (10, 3, 224, 224)}


def drawn(r: Generator) -> Inputs:
    """A net with groups, batch norm, windows that are not square, and a pooling layer without a stride."""
    a, b, c = 2 * int(r.integers(3, 6)), 2 * int(r.integers(7, 10)), int(r.integers(21, 40))
    layers = [
        {"type": "conv2d", "out_channels": a, "kernel_size": (3, 5), "padding": (1, 2), "bias": False},
        {"type": "batch_norm2d"},
        {"type": "relu"},
        {"type": "max_pool2d", "kernel_size": (3, 2)},
        {"type": "conv2d", "out_channels": b, "kernel_size": 3, "stride": 2, "padding": "SAME", "groups": 2},
        {"type": "relu"},
        {"type": "max_pool2d", "kernel_size": 3, "stride": 2},
        {"type": "flatten"},
        {"type": "linear", "out_features": c, "bias": False},
        {"type": "sigmoid"},
        {"type": "linear", "out_features": 10},
    ]
    return {"layers": layers, "input_shape": (int(r.integers(3, 9)), 2, 33 + 6 * int(r.integers(0, 3)), 46)}


def dilated(r: Generator) -> Inputs:
    """A net whose windows overlap and are spread out, without a linear layer."""
    a, b = int(r.integers(4, 7)), int(r.integers(8, 12))
    layers = [
        {"type": "conv2d", "out_channels": a, "kernel_size": (4, 3), "dilation": 2, "padding": [1, 2, 3, 1]},
        {"type": "batch_norm2d"},
        {"type": "max_pool2d", "kernel_size": (3, 2), "stride": 2, "ceil_mode": True},
        {"type": "conv2d", "out_channels": b, "kernel_size": 1, "bias": False},
        {"type": "batch_norm2d"},
        {"type": "sigmoid"},
    ]
    return {"layers": layers, "input_shape": (int(r.integers(2, 6)), 3, 20, 27)}


NETS = (
    Case("SimpleNet on 10 images of 224 by 224", simplenet),
    Case("a net with groups, batch norm and layers without bias", drawn),
    Case("a net with dilation and ceil_mode", dilated),
)
