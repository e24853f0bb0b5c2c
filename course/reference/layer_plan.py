"""A net as plain data: a list of dicts, one for each layer, counted without running it, or built in Paddle.

{"type": "conv2d", "out_channels": 6, "kernel_size": 5, "padding": 2}     stride 1, padding 0, dilation 1,
                                                                         groups 1, bias True unless given
{"type": "max_pool2d", "kernel_size": 2}                                  stride: the kernel's own size
{"type": "batch_norm2d"}, {"type": "relu"}, {"type": "sigmoid"}, {"type": "flatten"}
{"type": "linear", "out_features": 64}                                    bias True unless given
"""

from collections.abc import Sequence
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


def _convolution(layer: dict[str, Any], shape: Shape) -> Layer:
    groups = layer.get("groups", 1)
    weight = (layer["out_channels"], shape[1] // groups, *pair(layer["kernel_size"]))
    options = (layer.get("stride", 1), layer.get("padding", 0), layer.get("dilation", 1))
    out = conv2d_output_shape(shape, weight, *options, groups)
    return Layer("Conv2D", shape, out, weight, weight[:1] if layer.get("bias", True) else ())


def _pool(layer: dict[str, Any], shape: Shape) -> Layer:
    options = (layer.get("stride"), layer.get("padding", 0), layer.get("ceil_mode", False))
    return Layer("MaxPool2D", shape, pool2d_output_shape(shape, layer["kernel_size"], *options))


def _linear(layer: dict[str, Any], shape: Shape) -> Layer:
    out = layer["out_features"]
    bias = (out,) if layer.get("bias", True) else ()
    return Layer("Linear", shape, (*shape[:-1], out), (shape[-1], out), bias)


def resolve(layer: dict[str, Any], shape: Shape) -> Layer:
    """A layer that has met an input of this shape. Raises ValueError for a type that is not listed above."""
    kind = layer["type"]
    if kind == "conv2d":
        return _convolution(layer, shape)
    if kind == "max_pool2d":
        return _pool(layer, shape)
    if kind == "linear":
        return _linear(layer, shape)
    if kind == "batch_norm2d":
        return Layer("BatchNorm2D", shape, shape, shape[1:2], shape[1:2])
    if kind == "flatten":
        return Layer("Flatten", shape, (shape[0], prod(shape[1:])))
    if kind in ELEMENTWISE:
        return Layer(ELEMENTWISE[kind], shape, shape)
    raise ValueError(f"a layer of type {kind!r} is not one of those that a plan may have")


def count_plan(layers: Plan, input_shape: Sequence[int]) -> list[LayerCount]:
    """The ledger of a plan: one row for each layer, without running it."""
    counts: list[LayerCount] = []
    shape = tuple(input_shape)
    for index, layer in enumerate(layers):
        counts.append(count_layer(resolve(layer, shape), str(index)))
        shape = counts[-1].output_shape
    return counts


def build_network(layers: Plan, input_shape: Sequence[int]) -> Any:
    """The same plan as a `paddle.nn.Sequential`."""
    nn = paddle.nn
    made = []
    for layer, count in zip(layers, count_plan(layers, input_shape), strict=True):
        options = {key: layer[key] for key in WINDOW if key in layer}
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
