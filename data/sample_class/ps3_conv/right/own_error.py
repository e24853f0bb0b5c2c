"""A ValueError of its own, raised from deep inside; a table as a tuple of rows; numbers as numpy integers."""

from collections import defaultdict
from functools import reduce
from operator import mul

import numpy as np


class DoesNotFit(ValueError):
    pass


def _need(condition, *what):
    if not condition:
        raise DoesNotFit(*what)


def _edges(padding):
    match padding:
        case int(p):
            return (p, p), (p, p)
        case "VALID":
            return (0, 0), (0, 0)
        case [int(h), int(w)]:
            return (h, h), (w, w)
        case [int(t), int(b), int(l), int(r)]:
            return (t, b), (l, r)
        case [_, _, rows, columns]:
            return tuple(rows), tuple(columns)


def _pair(v):
    match v:
        case int():
            return v, v
        case [h, w]:
            return h, w


def conv2d_output_shape(input_shape, weight_shape, stride=1, padding=0, dilation=1, groups=1):
    N, C, *spatial = input_shape
    O, depth, *kernel = weight_shape
    _need(divmod(C, groups) == (depth, 0), "channels")
    _need(divmod(O, groups)[1] == 0, "kernels")
    if padding == "SAME":
        return (N, O) + tuple((n + s - 1) // s for n, s in zip(spatial, _pair(stride)))
    sizes = []
    for n, k, s, d, (before, after) in zip(spatial, kernel, _pair(stride), _pair(dilation), _edges(padding)):
        free = n + before + after - d * (k - 1) - 1
        _need(free >= 0, "kernel", k, "input", n)
        sizes.append(1 + free // s)
    return (N, O, *sizes)


def pool2d_output_shape(input_shape, kernel_size, stride=None, padding=0, ceil_mode=False):
    k, p = _pair(kernel_size), _pair(padding)
    s = _pair(stride) if stride is not None else k
    sizes = [n + 2 * q - m for n, m, q in zip(input_shape[2:], k, p)]
    _need(min(sizes) >= 0, "window")
    return tuple(input_shape[:2]) + tuple((-(-v // t) if ceil_mode else v // t) + 1 for v, t in zip(sizes, s))


def _product(values):
    return reduce(mul, map(int, values), 1)


def network_table(layers, input_shape):
    rows, shape = [], tuple(input_shape)
    for layer in layers:
        row = defaultdict(lambda: 0, parameters=0, multiplications=0, additions=0, paddle_flops=0)
        weight = bias = ()
        kind = layer["type"]
        if kind == "conv2d":
            g = layer.get("groups", 1)
            weight = (layer["out_channels"], shape[1] // g, *_pair(layer["kernel_size"]))
            given = {k: layer[k] for k in ("stride", "padding", "dilation", "groups") if k in layer}
            shape, taps = conv2d_output_shape(shape, weight, **given), _product(weight[1:])
        elif kind == "linear":
            weight = (shape[1], layer["out_features"])
            shape, taps = (shape[0], weight[1]), weight[0]
        elif kind == "max_pool2d":
            given = {k: layer[k] for k in ("stride", "padding", "ceil_mode") if k in layer}
            shape = pool2d_output_shape(shape, layer["kernel_size"], **given)
        elif kind == "flatten":
            shape = (shape[0], _product(shape[1:]))
        elif kind == "batch_norm2d":
            weight = bias = (shape[1],)
            row["multiplications"] = row["additions"] = np.int64(_product(shape))
            row["paddle_flops"] = 2 * _product(shape)
        if kind in ("conv2d", "linear"):
            values = _product(shape)
            has = layer.get("bias", True)
            bias = (layer.get("out_channels") or layer.get("out_features"),) if has else ()
            row["multiplications"] = np.int64(values * taps)
            row["additions"] = values * taps - (0 if has else values)
            row["paddle_flops"] = values * taps + (values if has and kind == "conv2d" else 0)
        row["parameters"] = (_product(weight) if weight else 0) + sum(bias)
        row.update(output_shape=np.array(shape), weight_shape=weight, bias_shape=bias, type=kind)
        rows.append(row)
    return tuple(rows)
