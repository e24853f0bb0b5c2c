"""Shapes as numpy arrays, counts as numpy integers and as floats without a fraction."""

import math

import numpy as np


def _axes(size, kernel, stride, edges, dilation):
    reach = dilation * (kernel - 1) + 1
    room = size + edges.sum(axis=1)
    if np.any(reach > room):
        raise ValueError(f"kernel of {reach} in {room}")
    return (np.floor((room - reach) / stride) + 1).astype(int)


def _two(value):
    return np.ones(2, dtype=int) * value


def conv2d_output_shape(input_shape, weight_shape, stride=1, padding=0, dilation=1, groups=1):
    size, kernel = np.array(input_shape[2:]), np.array(weight_shape[2:])
    if input_shape[1] / groups != weight_shape[1] or math.fmod(weight_shape[0], groups):
        raise ValueError
    if isinstance(padding, str):
        if padding == "SAME":
            return np.array([input_shape[0], weight_shape[0], *np.ceil(size / _two(stride))], dtype=int)
        padding = 0
    p = np.array(padding)
    edges = {(): lambda: np.full((2, 2), p), (2,): lambda: np.stack([p, p], 1), (4,): lambda: p.reshape(2, 2)}
    edges = edges.get(p.shape, lambda: p[2:])()
    out = _axes(size, kernel, _two(stride), edges, _two(dilation))
    return np.concatenate([[input_shape[0], weight_shape[0]], out])


def pool2d_output_shape(input_shape, kernel_size, stride=None, padding=0, ceil_mode=False):
    kernel = _two(kernel_size)
    step = kernel if stride is None else _two(stride)
    spare = np.array(input_shape[2:]) + 2 * _two(padding) - kernel
    if (spare < 0).any():
        raise ValueError("window larger than image")
    rounding = np.ceil if ceil_mode else np.floor
    return np.r_[input_shape[:2], rounding(spare / step) + 1].astype(np.int32)


def conv2d_parameters(in_channels, out_channels, kernel_size, groups=1, bias=True):
    return np.float64(out_channels) * (in_channels / groups * np.prod(_two(kernel_size)) + bool(bias))


def conv2d_operations(input_shape, weight_shape, stride=1, padding=0, dilation=1, groups=1, bias=True):
    out = conv2d_output_shape(input_shape, weight_shape, stride, padding, dilation, groups).astype(np.uint64)
    taps = np.prod(weight_shape[1:], dtype=np.uint64)
    values = np.prod(out)
    return values * taps, values * (taps - np.uint64(not bias))


def receptive_field(layers):
    field, jump = np.ones(2), np.ones(2)
    for layer in layers:
        if layer.get("kernel_size"):
            k = _two(layer["kernel_size"])
            s = layer.get("stride", k if "pool" in layer["type"] else 1)
            field = field + (k - 1) * _two(layer.get("dilation", 1)) * jump
            jump = jump * _two(s)
    return field
