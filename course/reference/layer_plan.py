"""A net as plain data: a list of dicts, one for each layer, counted without running it, or built in Paddle.

{"type": "conv2d", "out_channels": 6, "kernel_size": 5, "padding": 2}     stride 1, padding 0, dilation 1,
                                                                         groups 1, bias True unless given
{"type": "max_pool2d", "kernel_size": 2}                                  stride: the kernel's own size
{"type": "batch_norm2d"}, {"type": "relu"}, {"type": "sigmoid"}, {"type": "flatten"}
{"type": "linear", "out_features": 64}                                    bias True unless given
"""

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

from course.reference.convolution import conv2d_output_shape, pair, pool2d_output_shape
from course.reference.counting import Layer, LayerCount, Shape, count_layer
from course.reference.framework import paddle

Plan = Sequence[dict[str, Any]]

SIMPLENET: Plan = (
    {"type": "conv2d", "out_channels": 6, "kernel_size": 5, "stride": 1, "padding": 2},
    {"type": "relu"},
    {"type": "max_pool2d", "kernel_size": 2, "stride": 2},
    {"type": "conv2d", "out_channels": 16, "kernel_size": 5, "stride": 1, "padding": 2},
    {"type": "relu"},
    {"type": "max_pool2d", "kernel_size": 2, "stride": 2},
    {"type": "flatten"},
    {"type": "linear", "out_features": 64},
    {"type": "sigmoid"},
    {"type": "linear", "out_features": 1},
)
ELEMENTWISE = {"relu": "ReLU", "sigmoid": "Sigmoid"}
WINDOW = ("kernel_size", "stride", "padding", "dilation", "groups", "bias", "ceil_mode")


def _options(layer: dict[str, Any], *names: str) -> dict[str, Any]:
    """Those of the named options that the layer has; what it does not name stays at its default."""
    return {name: layer[name] for name in names if name in layer}


def _convolution(layer: dict[str, Any], shape: Shape) -> Layer:
    kh, kw = pair(layer["kernel_size"])
    weight = (layer["out_channels"], shape[1] // layer.get("groups", 1), kh, kw)
    out = conv2d_output_shape(shape, weight, **_options(layer, "stride", "padding", "dilation", "groups"))
    return Layer("Conv2D", shape, out, weight, weight[:1] if layer.get("bias", True) else ())


def _pool(layer: dict[str, Any], shape: Shape) -> Layer:
    given = _options(layer, "kernel_size", "stride", "padding", "ceil_mode")
    return Layer("MaxPool2D", shape, pool2d_output_shape(shape, **given))


def _linear(layer: dict[str, Any], shape: Shape) -> Layer:
    out = layer["out_features"]
    bias = (out,) if layer.get("bias", True) else ()
    return Layer("Linear", shape, (*shape[:-1], out), (shape[-1], out), bias)


def _batch_norm(layer: dict[str, Any], shape: Shape) -> Layer:
    return Layer("BatchNorm2D", shape, shape, shape[1:2], shape[1:2])


def _flatten(layer: dict[str, Any], shape: Shape) -> Layer:
    return Layer("Flatten", shape, (shape[0], prod(shape[1:])))


def _elementwise(layer: dict[str, Any], shape: Shape) -> Layer:
    return Layer(ELEMENTWISE[layer["type"]], shape, shape)


TYPES: dict[str, Callable[[dict[str, Any], Shape], Layer]] = {
    "conv2d": _convolution,
    "max_pool2d": _pool,
    "linear": _linear,
    "batch_norm2d": _batch_norm,
    "flatten": _flatten,
    **dict.fromkeys(ELEMENTWISE, _elementwise),
}


def resolve(layer: dict[str, Any], shape: Shape) -> Layer:
    """A layer that has met an input of this shape. Raises ValueError for a type that is not listed above."""
    if layer["type"] not in TYPES:
        raise ValueError(f"a layer of type {layer['type']!r} is not one of those that a plan may have")
    return TYPES[layer["type"]](layer, shape)


def count_plan(layers: Plan, input_shape: Sequence[int]) -> list[LayerCount]:
    """The ledger of a plan: one row for each layer, without running it."""
    counts: list[LayerCount] = []
    shape: Shape = (*input_shape,)
    for index, layer in enumerate(layers):
        counts.append(count_layer(resolve(layer, shape), str(index)))
        shape = counts[-1].output_shape
    return counts


def build_network(layers: Plan, input_shape: Sequence[int]) -> Any:
    """The same plan as a `paddle.nn.Sequential`."""
    nn = paddle.nn
    made = []
    for layer, count in zip(layers, count_plan(layers, input_shape), strict=True):
        options = _options(layer, *WINDOW)
        bias = None if options.pop("bias", True) else False
        if count.kind == "Conv2D":
            made.append(nn.Conv2D(count.input_shape[1], layer["out_channels"], bias_attr=bias, **options))
        elif count.kind == "MaxPool2D":
            made.append(nn.MaxPool2D(**options))
        elif count.kind == "Linear":
            made.append(nn.Linear(count.input_shape[-1], layer["out_features"], bias_attr=bias))
        elif count.kind == "BatchNorm2D":
            made.append(nn.BatchNorm2D(count.input_shape[1]))
        else:
            made.append(getattr(nn, count.kind)())
    return nn.Sequential(*made)
