"""Convolution, pooling, and the numbers of their shapes."""

import functools
import itertools
import math
from collections import namedtuple

import numpy as np
from numpy.lib.stride_tricks import as_strided, sliding_window_view

from tests.judging.odd import OddOnes

ODD = OddOnes()
FORWARD = ("conv_forward_naive", "conv_forward_im2col")
Kept = namedtuple("Kept", "x w b stride pad")


def sizes(x, w, q):
    s, p = q["stride"], q["pad"]
    return s, p, *((n + 2 * p - k) // s + 1 for n, k in zip(x.shape[2:], w.shape[2:], strict=True))


def padded(x, p):
    return np.pad(x, [(0, 0)] * 2 + [(p, p)] * 2)


@ODD.each(*FORWARD)
def einsum_over_sliding_windows(x, w, b, conv_param):
    s, p, *_ = sizes(x, w, conv_param)
    windows = sliding_window_view(padded(x, p), w.shape[2:], (2, 3))[:, :, ::s, ::s]
    return np.einsum("ncijab,ocab->noij", windows, w, optimize=True) + b[:, None, None], None


@ODD.each(*FORWARD)
def strides_set_by_hand(x, w, b, conv_param):
    s, p, rows, columns = sizes(x, w, conv_param)
    xp = np.ascontiguousarray(padded(x, p))
    n, c, h, v = xp.strides
    windows = as_strided(xp, (*x.shape[:2], rows, columns, *w.shape[2:]), (n, c, h * s, v * s, h, v))
    return np.moveaxis(np.tensordot(windows, w, ((1, 4, 5), (1, 2, 3))), -1, 1) + b.reshape(-1, 1, 1), ()


@ODD.each(*FORWARD)
def padding_by_concatenation(x, w, b, conv_param):
    s, p, rows, columns = sizes(x, w, conv_param)
    above = np.zeros((*x.shape[:2], p, x.shape[3]), x.dtype)
    x = np.concatenate([above, x, above], axis=2)
    side = np.zeros((*x.shape[:3], p), x.dtype)
    x = np.concatenate([side, x, side], axis=3)
    out = np.zeros((len(x), len(w), rows, columns))
    for a, c in np.ndindex(w.shape[2:]):
        view = x[:, :, a : a + s * rows : s, c : c + s * columns : s][:, :, :rows, :columns]
        out += np.einsum("nchw,oc->nohw", view, w[:, :, a, c])
    return out + b[None, :, None, None], (x, w)


@ODD.each(*FORWARD)
def seven_loops_of_python(x, w, b, conv_param):
    s, p, rows, columns = sizes(x, w, conv_param)
    out = np.empty((len(x), len(w), rows, columns))
    image, kernel = x.tolist(), w.tolist()
    inside = [range(n) for n in x.shape[2:]]
    for n, o, i, j in np.ndindex(out.shape):
        out[n, o, i, j] = b[o] + sum(
            kernel[o][c][u][v] * image[n][c][i * s + u - p][j * s + v - p]
            for c, u, v in itertools.product(*map(range, w.shape[1:]))
            if i * s + u - p in inside[0] and j * s + v - p in inside[1]
        )
    return out, None


@ODD.each(*FORWARD)
def fourier_transforms(x, w, b, conv_param):
    s, p, rows, columns = sizes(x, w, conv_param)
    xp = padded(x, p).astype(float)
    f = np.fft.rfft2(xp)[:, None] * np.conj(np.fft.rfft2(w.astype(float), xp.shape[2:]))[None]
    full = np.fft.irfft2(f.sum(2), xp.shape[2:])
    return full[:, :, : s * rows : s, : s * columns : s][:, :, :rows, :columns] + b[:, None, None], None


@ODD.each(*FORWARD)
def one_large_matrix(x, w, b, conv_param):
    s, p, rows, columns = sizes(x, w, conv_param)
    shape = padded(x[:1], p)[0].shape
    matrix = np.zeros((len(w), rows, columns, *shape))
    for i, j in np.ndindex(rows, columns):
        matrix[:, i, j, :, i * s : i * s + w.shape[2], j * s : j * s + w.shape[3]] = w
    flat = padded(x, p).reshape(len(x), -1) @ matrix.reshape(len(w) * rows * columns, -1).T
    return flat.reshape(len(x), len(w), rows, columns) + b[:, None, None], matrix


@ODD.each(*FORWARD)
def extended_precision_in_fortran_order(x, w, b, conv_param):
    out, cache = einsum_over_sliding_windows(*(a.astype(np.longdouble) for a in (x, w, b)), conv_param)
    return np.asfortranarray(out), cache


@ODD.each(*FORWARD)
def sample_by_sample_with_a_partial(x, w, b, conv_param):
    one = functools.partial(einsum_over_sliding_windows, w=w, b=b, conv_param=conv_param)
    return np.concatenate([one(n[None])[0] for n in x]), None


@ODD.each(*FORWARD)
def bias_as_one_more_tap(x, w, b, conv_param):
    s, p, rows, columns = sizes(x, w, conv_param)
    windows = sliding_window_view(padded(x, p), w.shape[2:], (2, 3))[:, :, ::s, ::s]
    flat = windows.transpose(0, 2, 3, 1, 4, 5).reshape(len(x), rows, columns, -1)
    flat = np.concatenate([flat, np.ones_like(flat[..., :1])], axis=-1)
    return (flat @ np.hstack([w.reshape(len(w), -1), b[:, None]]).T).transpose(0, 3, 1, 2), None


# --- gradients ---


def remember(x, w, b, conv_param):
    return einsum_over_sliding_windows(x, w, b, conv_param)[0], Kept(x, w, b, **conv_param)


def scattered(dout, kept):
    xp = padded(kept.x, kept.pad)
    dxp, dw = np.zeros_like(xp), np.zeros_like(kept.w)
    for a, c in np.ndindex(kept.w.shape[2:]):
        at = np.s_[
            :,
            :,
            a : a + kept.stride * dout.shape[2] : kept.stride,
            c : c + kept.stride * dout.shape[3] : kept.stride,
        ]
        dw[:, :, a, c] = np.tensordot(
            dout, xp[at][:, :, : dout.shape[2], : dout.shape[3]], ((0, 2, 3), (0, 2, 3))
        )
        dxp[at] += np.einsum("nohw,oc->nchw", dout, kept.w[:, :, a, c])
    h, v = kept.x.shape[2:]
    return dxp[:, :, kept.pad : kept.pad + h, kept.pad : kept.pad + v], dw, np.einsum("nohw->o", dout)


def by_linearity(dout, kept):
    """The convolution is linear: its gradient's entries are its answers to unit inputs."""
    none = np.zeros(len(kept.w))
    how = {"stride": kept.stride, "pad": kept.pad}
    dx = np.zeros(kept.x.shape)
    for index in np.ndindex(kept.x.shape[1:]):
        unit = np.zeros((1, *kept.x.shape[1:]))
        unit[(0, *index)] = 1
        dx[(slice(None), *index)] = (einsum_over_sliding_windows(unit, kept.w, none, how)[0] * dout).sum(
            (1, 2, 3)
        )
    return dx, scattered(dout, kept)[1], dout.sum(axis=(0, 2, 3))


def with_indices(dout, kept):
    """add.at on the flat padded image."""
    xp = padded(kept.x, kept.pad)
    number = np.arange(xp[0].size).reshape(1, *xp.shape[1:])
    windows = sliding_window_view(number, kept.w.shape[2:], (2, 3))[0, :, :: kept.stride, :: kept.stride]
    shares = np.einsum("noij,ocab->ncijab", dout, kept.w)
    flat = np.zeros((len(xp), xp[0].size))
    for n in range(len(xp)):
        np.add.at(flat[n], windows.ravel(), shares[n].ravel())
    h, v = kept.x.shape[2:]
    dx = flat.reshape(xp.shape)[:, :, kept.pad :, kept.pad :][:, :, :h, :v]
    return [dx, scattered(dout, kept)[1], dout.sum((3, 2)).sum(0)]


def mirrored(dout, kept):
    """A full convolution of the spread dout with the mirrored kernel."""
    s, (kh, kw), (h, v) = kept.stride, kept.w.shape[2:], padded(kept.x, kept.pad).shape[2:]
    spread = np.zeros((*dout.shape[:2], h + kh - 1, v + kw - 1))
    spread[:, :, kh - 1 : kh - 1 + s * dout.shape[2] : s, kw - 1 : kw - 1 + s * dout.shape[3] : s] = dout
    windows = sliding_window_view(spread, (kh, kw), (2, 3))
    dx = np.einsum("noijab,ocab->ncij", windows, kept.w[:, :, ::-1, ::-1])
    p = kept.pad
    return dx[:, :, p : h - p or None, p : v - p or None], *scattered(dout, kept)[1:]


for about, backward in {
    "taps as strided slices": scattered,
    "unit images": by_linearity,
    "indices and add.at": with_indices,
    "a mirrored kernel": mirrored,
    "a lambda of another": lambda dout, cache: scattered(dout, cache),
}.items():
    ODD.add("conv_backward_naive", about, remember, backward)


# --- columns and pooling ---


@ODD.each("im2col")
def indices_by_broadcasting(x, kernel_height, kernel_width, stride, pad):
    xp = padded(x, pad)
    rows, columns = (
        (n - k) // stride + 1 for n, k in zip(xp.shape[2:], (kernel_height, kernel_width), strict=True)
    )
    c, a, b = (i.ravel()[:, None] for i in np.indices((x.shape[1], kernel_height, kernel_width)))
    i, j = (k.ravel()[None] * stride for k in np.indices((rows, columns)))
    return xp[:, c, a + i, b + j]


@ODD.each("im2col")
def one_list_of_windows(x, kernel_height, kernel_width, stride, pad):
    xp = padded(x, pad)
    tops = range(0, xp.shape[2] - kernel_height + 1, stride)
    lefts = range(0, xp.shape[3] - kernel_width + 1, stride)
    windows = [
        xp[:, :, i : i + kernel_height, j : j + kernel_width].reshape(len(x), -1) for i in tops for j in lefts
    ]
    return np.stack(windows, axis=-1)


@ODD.each("im2col")
def generator_of_rows(x, kernel_height, kernel_width, stride, pad):
    v = sliding_window_view(padded(x, pad), (kernel_height, kernel_width), (2, 3))[:, :, ::stride, ::stride]
    taps = (
        v[:, c, :, :, a, b].reshape(len(x), -1)
        for c, a, b in np.ndindex(x.shape[1], kernel_height, kernel_width)
    )
    return np.asfortranarray(np.array(list(taps)).swapaxes(0, 1))


def windows_of(x, q):
    return sliding_window_view(x, (q["pool_height"], q["pool_width"]), (2, 3))[
        :, :, :: q["stride"], :: q["stride"]
    ]


@ODD.each("max_pool_forward")
def sorted_windows(x, pool_param):
    v = windows_of(x, pool_param)
    return np.sort(v.reshape(*v.shape[:4], -1))[..., -1], None


@ODD.each("max_pool_forward")
def maximum_accumulated(x, pool_param):
    v = windows_of(x, pool_param)
    return functools.reduce(np.maximum, [v[..., a, b] for a, b in np.ndindex(v.shape[4:])]), [x]


@ODD.each("max_pool_forward")
def negated_minimum(x, pool_param):
    return -np.min(-windows_of(x, pool_param), axis=(-1, -2)), {}


@ODD.each("max_pool_forward")
def rows_first_and_then_columns(x, pool_param):
    v = windows_of(x, pool_param)
    return v.max(-1).max(-1), "no cache"


@ODD.each("max_pool_forward")
def max_of_python(x, pool_param):
    v = windows_of(x, pool_param)
    return [[[[max(w.ravel().tolist()) for w in r] for r in c] for c in n] for n in v], None


def pool(x, pool_param):
    return windows_of(x, pool_param).max((4, 5)), (x, dict(pool_param))


def masks(dout, cache):
    x, q = cache
    dx = np.zeros_like(x)
    for i, j in np.ndindex(dout.shape[2:]):
        at = np.s_[
            :,
            :,
            i * q["stride"] : i * q["stride"] + q["pool_height"],
            j * q["stride"] : j * q["stride"] + q["pool_width"],
        ]
        dx[at] += (x[at] == x[at].max((2, 3), keepdims=True)) * dout[:, :, i : i + 1, j : j + 1]
    return dx


def first_of_each(dout, cache):
    x, q = cache
    number = windows_of(np.arange(x.size).reshape(x.shape), q)
    v = windows_of(x, q)
    best = v.reshape(*v.shape[:4], -1).argmax(-1)[..., None]
    chosen = np.take_along_axis(number.reshape(*v.shape[:4], -1), best, -1)
    return np.bincount(chosen.ravel(), dout.ravel(), x.size).reshape(x.shape)


ODD.add("max_pool_backward", "masks of the maximum", pool, masks)
ODD.add("max_pool_backward", "bincount of flat indices", pool, first_of_each)


# --- numbers ---


@ODD.each("conv2d_parameters")
def product_of_a_list(in_channels, out_channels, kernel_size, groups=1, bias=True):
    h, w = np.broadcast_to(kernel_size, 2).tolist()
    return math.prod([out_channels, in_channels // groups, h, w]) + out_channels * bool(bias)


@ODD.each("conv2d_parameters")
def size_of_the_arrays(in_channels, out_channels, kernel_size, groups=1, bias=True):
    h, w = (kernel_size, kernel_size) if isinstance(kernel_size, int) else kernel_size
    one = np.int64(0) + np.broadcast_to(0.0, (out_channels, in_channels // groups, h, w)).size
    return np.add(one, out_channels) if bias else one


@ODD.each("conv2d_parameters")
def group_by_group(in_channels, out_channels, kernel_size, groups=1, bias=True):
    h, w = [*(kernel_size if hasattr(kernel_size, "__len__") else (kernel_size,) * 2)]
    each = (in_channels // groups) * (out_channels // groups) * h * w
    return float(sum([each] * groups) + (out_channels if bias else 0))


def _pair(v):
    return (v, v) if isinstance(v, int) else tuple(v)


@ODD.each("receptive_field")
def from_the_end_by_recursion(layers):
    def grown(axis, rest):
        if not rest:
            return 1
        first, *others = rest
        if "kernel_size" not in first:
            return grown(axis, others)
        k = _pair(first["kernel_size"])
        s = _pair(first.get("stride", k if first["type"] == "max_pool2d" else 1))
        d = _pair(first.get("dilation", 1))
        return (grown(axis, others) - 1) * s[axis] + d[axis] * (k[axis] - 1) + 1

    return [grown(axis, layers) for axis in (0, 1)]


@ODD.each("pool2d_output_shape")
def counted_in_a_range(input_shape, kernel_size, stride=None, padding=0, ceil_mode=False):
    k, p = _pair(kernel_size), _pair(padding)
    s = k if stride is None else _pair(stride)
    out = []
    for axis in (0, 1):
        room = input_shape[2 + axis] + 2 * p[axis] - k[axis]
        if room < 0:
            raise ValueError("the window does not fit")
        out.append(len(range(0, room + (s[axis] if ceil_mode else 1), s[axis])))
    return np.array([*input_shape[:2], *out])


@ODD.each("max_pool_forward")
def a_set_of_shifted_images(x, pool_param):
    h, w, s = (pool_param[key] for key in ("pool_height", "pool_width", "stride"))
    rows, columns = (x.shape[2] - h) // s + 1, (x.shape[3] - w) // s + 1
    shifted = [x[:, :, a:, b:][:, :, ::s, ::s][:, :, :rows, :columns] for a, b in np.ndindex(h, w)]
    return np.array(shifted).max(0), len(shifted)


@ODD.each("receptive_field")
def set_of_places(layers):
    spans = []
    for axis in (0, 1):
        low, high = 0, 0
        for layer in reversed([each for each in layers if "kernel_size" in each]):
            k = _pair(layer["kernel_size"])
            s = _pair(layer.get("stride", k if layer["type"] == "max_pool2d" else 1))[axis]
            low, high = low * s, high * s + _pair(layer.get("dilation", 1))[axis] * (k[axis] - 1)
        spans.append(high - low + 1)
    return np.array(spans)


@ODD.each("conv2d_output_shape")
def padding_divided_apart_with_its_rest(input_shape, weight_shape, stride=1, padding=0, dilation=1, groups=1):
    s, p, d = _pair(stride), _pair(padding), _pair(dilation)
    out = []
    for axis in (0, 1):
        covered = d[axis] * (weight_shape[2 + axis] - 1) + 1
        steps, rest = divmod(input_shape[2 + axis] - covered, s[axis])
        more, left = divmod(2 * p[axis], s[axis])
        out.append(steps + more + (rest + left) // s[axis] + 1)
    return (input_shape[0], weight_shape[0], *out)


class DoesNotFit(ValueError):
    """An error of one's own."""


def edges_of(padding):
    """[top, bottom, left, right] of any spelling but the words, through numpy."""
    flat = np.ravel(padding)
    if flat.size < 3:
        return np.repeat(np.broadcast_to(flat, 2), 2)
    return flat[-4:]


def windows_counted(room, extent, stride):
    """Windows laid one after the other for as long as they fit."""
    count, start = 0, 0
    while start + extent <= room:
        count, start = count + 1, start + stride
    return count


@ODD.each("conv2d_output_shape", "conv2d_output_shape.padding", "conv2d_output_shape.errors")
def windows_laid_one_by_one(input_shape, weight_shape, stride=1, padding=0, dilation=1, groups=1):
    (n, c, *size), (o, of_group, *kernel) = input_shape, weight_shape
    if c - of_group * groups or o % groups:
        raise DoesNotFit(groups)
    strides, spread = np.broadcast_to(stride, 2), np.broadcast_to(dilation, 2)
    if padding == "SAME":
        return np.array([n, o, *(len(range(0, m, s)) for m, s in zip(size, strides, strict=True))])
    edges = edges_of(0 if padding == "VALID" else padding)
    rooms = [size[0] + edges[:2].sum(), size[1] + edges[2:].sum()]
    reach = [len(range(0, d * (k - 1) + 1)) for d, k in zip(spread, kernel, strict=True)]
    found = [windows_counted(*axis) for axis in zip(rooms, reach, strides, strict=True)]
    if 0 in found:
        raise UnicodeError("a subclass of ValueError that comes with Python")
    return [n, o, *map(float, found)]


@ODD.each("conv2d_output_shape", "conv2d_output_shape.padding", "conv2d_output_shape.errors")
def same_by_its_padding(input_shape, weight_shape, *more, **options):
    names = ("stride", "padding", "dilation", "groups")
    given = {
        "stride": 1,
        "padding": 0,
        "dilation": 1,
        "groups": 1,
        **dict(zip(names, more, strict=False)),
        **options,
    }
    padding, s, d = given["padding"], *(np.broadcast_to(given[name], 2) for name in ("stride", "dilation"))
    if input_shape[1] / given["groups"] != weight_shape[1] or weight_shape[0] % given["groups"] != 0:
        raise ValueError
    kernel = np.array(weight_shape[2:])
    room = np.array(input_shape[2:])
    if isinstance(padding, str):
        d = np.ones(2, dtype=int) if padding == "SAME" else d
        room = room + (kernel - 1) * (padding == "SAME")
    else:
        room = room + edges_of(padding).reshape(2, 2).sum(axis=1)
    free = room - d * (kernel - 1) - 1
    if (free < 0).any():
        raise ValueError
    return (*input_shape[:1], *weight_shape[:1], *(np.floor(free / s) + 1))


@ODD.each("pool2d_output_shape")
def pooling_windows_laid_one_by_one(input_shape, kernel_size, stride=None, padding=0, ceil_mode=False):
    k, p = np.broadcast_to(kernel_size, 2), np.broadcast_to(padding, 2)
    s = k if stride is None else np.broadcast_to(stride, 2)
    sizes = np.add(input_shape[2:], 2 * p)
    if (k > sizes).any():
        raise DoesNotFit(kernel_size)
    whole = [windows_counted(*axis) for axis in zip(sizes, k, s, strict=True)]
    hangs = [(m - one) % step > 0 for m, one, step in zip(sizes, k, s, strict=True)]
    return [*input_shape[:2], *(np.add(whole, hangs) if ceil_mode else whole)]


@ODD.each("conv2d_parameters")
def options_by_name_alone(in_channels, out_channels, kernel_size, groups=1, bias=1):
    taps = np.prod(np.broadcast_to(kernel_size, 2)) * in_channels // groups
    return out_channels * (taps + (1 if bias else 0))


def table_of_copies(layers, input_shape):
    """One dict that is filled anew for each layer, and a copy of it in the table; None where there is no shape."""
    row, rows, shape = {}, [], list(input_shape)
    for layer in layers:
        kind, bias = layer["type"], layer.get("bias", True)
        row.update(
            weight_shape=None, bias_shape=None, multiplications=0, additions=0, paddle_flops=0, parameters=0
        )
        if kind == "conv2d":
            k, groups = np.broadcast_to(layer["kernel_size"], 2).tolist(), layer.get("groups", 1)
            weight = [layer["out_channels"], shape[1] // groups, *k]
            asked = {name: layer[name] for name in ("stride", "padding", "dilation") if name in layer}
            shape = [int(m) for m in same_by_its_padding(shape, weight, groups=groups, **asked)]
        elif kind == "max_pool2d":
            asked = {name: layer[name] for name in ("stride", "padding", "ceil_mode") if name in layer}
            shape = [int(m) for m in pooling_windows_laid_one_by_one(shape, layer["kernel_size"], **asked)]
        elif kind == "flatten":
            shape = [shape[0], math.prod(shape[1:])]
        elif kind == "linear":
            weight = [shape[1], layer["out_features"]]
            shape = [shape[0], weight[1]]
        size = math.prod(shape)
        if kind in ("conv2d", "linear"):
            outputs = weight[0] if kind == "conv2d" else weight[1]
            taps = math.prod(weight) // outputs
            row.update(weight_shape=weight, bias_shape=[outputs] if bias else None)
            row.update(
                parameters=outputs * (taps + bias),
                multiplications=size * taps,
                additions=size * (taps - 1 + bias),
            )
            row.update(paddle_flops=size * (taps + (bias and kind == "conv2d")))
        elif kind == "batch_norm2d":
            row.update(weight_shape=shape[1:2], bias_shape=shape[1:2], parameters=2 * shape[1])
            row.update(multiplications=size, additions=size, paddle_flops=2 * size)
        rows.append({**row, "output_shape": tuple(shape)})
    return rows


for _half in ("shapes", "operations"):
    ODD.add(f"network_table.{_half}", "copies of one dict", table_of_copies)


def kept_read_only(x, w, b, conv_param):
    """Everything that the backward pass needs, in arrays that cannot be written to."""
    s, p, rows, columns = sizes(x, w, conv_param)
    windows = sliding_window_view(padded(x, p), w.shape[2:], (2, 3))[:, :, ::s, ::s][
        :, :, :rows, :columns
    ].copy()
    windows.flags.writeable = False
    kept = {"windows": windows, "w": w.copy(), "stride": s, "pad": p, "shape": x.shape}
    return np.einsum("ncijab,ocab->noij", windows, w) + b[:, None, None], kept


def from_read_only(dout, kept):
    s, p, w = kept["stride"], kept["pad"], kept["w"]
    n, c, height, width = kept["shape"]
    dx = np.zeros((n, c, height + 2 * p, width + 2 * p))
    for i, j in np.ndindex(dout.shape[2:]):
        here = np.s_[:, :, i * s : i * s + w.shape[2], j * s : j * s + w.shape[3]]
        dx[here] += np.tensordot(dout[:, :, i, j], w, (1, 0))
    dw = np.einsum("noij,ncijab->ocab", dout, kept["windows"])
    return dx[:, :, p : p + height, p : p + width], dw, dout.sum((0, 2, 3))


ODD.add("conv_backward_naive", "windows kept read-only", kept_read_only, from_read_only)
