"""Convolution and max pooling by Paddle: values, gradients, shapes, windows laid out as columns, receptive field.

Conventions are Paddle's: x is [N, C, H, W], a weight [O, C / groups, kh, kw], the op is a cross-correlation (the
kernel is not flipped). Shapes follow Dumoulin and Visin 2016, arXiv 1603.07285, and `paddle.nn.functional.conv2d`.

Paddle refuses no kernel that is larger than its padded input: it returns a shape with 0, and where the stride is
2 or more even a shape with 1, because C++ rounds a negative quotient towards zero. The functions here raise.
"""

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from course.reference.batch_norm import backward, tensor
from course.reference.device import Device, device, on_device
from course.reference.framework import paddle

F = paddle.nn.functional

Padding = int | str | Sequence[Any]
SIZES = 1024  # of outputs that are kept: each is two numbers


def pair(value: int | Sequence[int]) -> tuple[int, int]:
    """(height, width) from one number for both or from a pair."""
    if isinstance(value, int):
        return value, value
    height, width = value
    return int(height), int(width)


def same_padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """What 'SAME' adds before and after an axis: enough for ceil(size / stride) outputs, the odd one after."""
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


def padding_edges(
    padding: Padding, size: tuple[int, int], kernel: tuple[int, int], stride: tuple[int, int]
) -> tuple[tuple[int, int], tuple[int, int]]:
    """((top, bottom), (left, right)) for each way in which Paddle lets padding be written.

    Args:
        padding: p; [ph, pw]; [top, bottom, left, right]; [[0, 0], [0, 0], [top, bottom], [left, right]]; 'VALID';
            'SAME'.
        size, kernel, stride: (height, width), used by 'SAME' alone.

    Raises:
        ValueError: when it is none of these.
    """
    if isinstance(padding, str):
        if padding.upper() == "VALID":
            return (0, 0), (0, 0)
        if padding.upper() == "SAME":
            rows, columns = (same_padding(*axis) for axis in zip(size, kernel, stride, strict=True))
            return rows, columns
        raise ValueError(f"padding is {padding!r}; a string must be 'VALID' or 'SAME'")
    if isinstance(padding, int):
        return (padding, padding), (padding, padding)
    edges: list[Any] = list(padding)
    if len(edges) == 4 and all(isinstance(edge, Sequence) for edge in edges):
        return pair(edges[2]), pair(edges[3])
    if len(edges) == 4:
        top, bottom, left, right = edges
        return (top, bottom), (left, right)
    ph, pw = pair(edges)
    return (ph, ph), (pw, pw)


def _fits(size: tuple[int, int], extent: tuple[int, int], edges: tuple[tuple[int, int], ...]) -> None:
    for name, n, k, (before, after) in zip(("height", "width"), size, extent, edges, strict=True):
        if k > n + before + after:
            raise ValueError(f"a kernel {k} long does not fit into a padded {name} of {n + before + after}")


def conv2d_output_shape(
    input_shape: Sequence[int],
    weight_shape: Sequence[int],
    stride: int | Sequence[int] = 1,
    padding: Padding = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
) -> tuple[int, int, int, int]:
    """The shape of `paddle.nn.functional.conv2d`, asked of the op itself on one channel of zeros.

    floor((n + before + after - (dilation * (k - 1) + 1)) / stride) + 1 on each axis. 'SAME' sets dilation to 1.

    Args:
        input_shape: [N, C, H, W].
        weight_shape: [O, C / groups, kh, kw].
        stride, dilation: one number or (height, width).
        padding: see `padding_edges`.
        groups: of channels.

    Raises:
        ValueError: when the kernel does not fit, or the channels do not go with the groups.
    """
    n, c, h, w = input_shape
    o, c_group, kh, kw = weight_shape
    if c_group * groups != c:
        raise ValueError(f"the weight reads {c_group} channels in each of {groups} groups; the input has {c}")
    if o % groups:
        raise ValueError(f"{o} output channels do not divide into {groups} groups")
    spread = (1, 1) if isinstance(padding, str) and padding.upper() == "SAME" else pair(dilation)
    extent = (spread[0] * (kh - 1) + 1, spread[1] * (kw - 1) + 1)
    _fits((h, w), extent, padding_edges(padding, (h, w), (kh, kw), pair(stride)))
    return n, o, *_conv2d_size(device(), (h, w), (kh, kw), pair(stride), _fixed(padding), spread)


@functools.lru_cache(maxsize=SIZES)
def _conv2d_size(
    on: Device,
    size: tuple[int, int],
    kernel: tuple[int, int],
    stride: tuple[int, int],
    padding: Padding,
    dilation: tuple[int, int],
) -> tuple[int, int]:
    """(height, width), asked of the op once: a table's mistakes ask about the same layers again and again."""
    with on_device(on.name):
        out = F.conv2d(
            paddle.zeros([1, 1, *size]), paddle.zeros([1, 1, *kernel]),
            stride=list(stride), padding=_paddle_padding(padding), dilation=list(dilation),
        )  # fmt: skip
    return int(out.shape[2]), int(out.shape[3])


def pool2d_output_shape(
    input_shape: Sequence[int],
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    padding: int | Sequence[int] = 0,
    ceil_mode: bool = False,
) -> tuple[int, int, int, int]:
    """The shape of `paddle.nn.functional.max_pool2d`, asked of the op itself.

    floor((n + before + after - k + (stride - 1 if ceil_mode else 0)) / stride) + 1 on each axis; a stride of None is
    the kernel's own size.

    Raises:
        ValueError: when the kernel does not fit.
    """
    n, c, h, w = input_shape
    kernel = pair(kernel_size)
    steps = kernel if stride is None else pair(stride)
    _fits((h, w), kernel, padding_edges(padding, (h, w), kernel, steps))
    return n, c, *_pool2d_size(device(), (h, w), kernel, steps, _fixed(padding), ceil_mode)


@functools.lru_cache(maxsize=SIZES)
def _pool2d_size(
    on: Device,
    size: tuple[int, int],
    kernel: tuple[int, int],
    stride: tuple[int, int],
    padding: Padding,
    ceil_mode: bool,
) -> tuple[int, int]:
    """The same of the pooling."""
    with on_device(on.name):
        out = F.max_pool2d(
            paddle.zeros([1, 1, *size]), list(kernel), stride=list(stride),
            padding=_paddle_padding(padding), ceil_mode=ceil_mode,
        )  # fmt: skip
    return int(out.shape[2]), int(out.shape[3])


def _fixed(padding: Padding) -> Padding:
    """The same padding with tuples for lists, so that it can be looked up."""
    if isinstance(padding, (int, str)):
        return padding
    return tuple(tuple(edge) if isinstance(edge, Sequence) else edge for edge in padding)


def _paddle_padding(padding: Padding) -> Any:
    if isinstance(padding, (int, str)):
        return padding
    return [list(edge) if isinstance(edge, Sequence) else edge for edge in padding]


def conv2d(
    x: np.ndarray, w: np.ndarray, b: np.ndarray | None, stride: Any = 1, padding: Any = 0, **more: Any
) -> np.ndarray:
    """x [N, C, H, W] with w [O, C / groups, kh, kw] and b (O,) or None: [N, O, H', W'].

    By `paddle.nn.functional.conv2d`, which `more` goes to: `dilation`, `groups`. Where the kernel is one too long for
    its axis there is no window and the result is empty; Paddle says the same, and its matrix library prints an error.
    """
    kernel, steps, spread = w.shape[2:], pair(stride), pair(more.get("dilation", 1))
    edges = padding_edges(padding, x.shape[2:], kernel, steps)
    rows, columns = (
        (n + sum(edge) - d * (k - 1) - 1) // s + 1
        for n, edge, d, k, s in zip(x.shape[2:], edges, spread, kernel, steps, strict=True)
    )
    if min(rows, columns) == 0:
        return np.empty((len(x), len(w), rows, columns), x.dtype)
    with on_device(device().name):
        bias = None if b is None else tensor(b)
        return F.conv2d(tensor(x), tensor(w), bias, stride=stride, padding=padding, **more).numpy()


def conv2d_gradients(
    x: np.ndarray,
    w: np.ndarray,
    b: np.ndarray,
    dout: np.ndarray,
    stride: Any = 1,
    padding: Any = 0,
    **more: Any,
) -> dict[str, np.ndarray]:
    """Gradients of sum(dout * conv2d(x, w, b)), arguments as there: {'dx': as x, 'dw': as w, 'db': (O,)}."""
    with on_device(device().name):
        leaves = [tensor(v, gradient=True) for v in (x, w, b)]
        out = F.conv2d(*leaves, stride=stride, padding=padding, **more)
        found = backward(out, leaves, tensor(dout))
        return dict(zip(("dx", "dw", "db"), (g.numpy() for g in found), strict=True))


def im2col(x: np.ndarray, kernel: tuple[int, int], stride: int = 1, pad: int = 0) -> np.ndarray:
    """Every window of x [N, C, H, W] as a column, [N, C * kh * kw, H' * W'], by `paddle.nn.functional.unfold`."""
    with on_device(device().name):
        return F.unfold(tensor(x), list(kernel), strides=stride, paddings=pad).numpy()


def max_pool(x: np.ndarray, kernel: tuple[int, int], stride: int) -> np.ndarray:
    """The largest value of each window of x [N, C, H, W], by `paddle.nn.functional.max_pool2d`."""
    with on_device(device().name):
        return F.max_pool2d(tensor(x), list(kernel), stride=stride).numpy()


def max_pool_gradient(x: np.ndarray, dout: np.ndarray, kernel: tuple[int, int], stride: int) -> np.ndarray:
    """Gradient of sum(dout * max_pool(x)) with respect to x."""
    with on_device(device().name):
        leaf = tensor(x, gradient=True)
        out = F.max_pool2d(leaf, list(kernel), stride=stride)
        return backward(out, [leaf], tensor(dout))[0].numpy()


def receptive_field(layers: Sequence[dict[str, Any]]) -> tuple[int, int]:
    """How many rows and columns of the input one output value depends on: (height, width).

    Asked of autograd: the layers as convolutions with kernels of ones, the gradient of one output value, and how
    far its entries that are not 0 reach. Araujo et al. 2019, "Computing receptive fields", has the formula.

    Args:
        layers: dicts with 'kernel_size', 'stride' (1, for pooling the kernel's own size) and 'dilation' (1), each a
            number or a pair; a layer without 'kernel_size' looks at single values.
    """
    windows = [layer for layer in layers if "kernel_size" in layer]
    with on_device(device().name):
        size = 16
        while True:
            x = tensor(np.ones((1, 1, size, size)), gradient=True)
            out = _ones_network(x, windows)
            if out is not None:
                break
            size *= 2
        (reached,) = backward(out[0, 0, 0, 0], [x])
        rows, columns = np.nonzero(reached.numpy()[0, 0])
    return int(rows.max() - rows.min() + 1), int(columns.max() - columns.min() + 1)


def _ones_network(x: Any, windows: Sequence[dict[str, Any]]) -> Any:
    for layer in windows:
        kernel = pair(layer["kernel_size"])
        stride = pair(layer.get("stride", kernel if layer.get("type") == "max_pool2d" else 1))
        dilation = pair(layer.get("dilation", 1))
        extent = [d * (k - 1) + 1 for d, k in zip(dilation, kernel, strict=True)]
        if x.shape[2] < extent[0] or x.shape[3] < extent[1]:
            return None
        weight = tensor(np.full((1, 1, *kernel), 1 / np.prod(kernel)))
        x = F.conv2d(x, weight, stride=list(stride), dilation=list(dilation))
    return x
