"""Convolution and pooling done wrong, in Paddle: other arguments, flipped kernels, windows in the wrong place."""

from typing import Any

import numpy as np

from course.autograder.checks.language import Arrays, Inputs
from course.reference import convolution
from course.reference.batch_norm import backward, tensor
from course.reference.device import device, on_device
from course.reference.framework import paddle

F = paddle.nn.functional


def options(i: Inputs) -> tuple[int, int]:
    """(stride, pad) of a case."""
    return i["conv_param"]["stride"], i["conv_param"]["pad"]


def _read(i: Inputs, names: tuple[str, ...], changes: dict[str, Any]) -> dict[str, Any]:
    """Some of a case's arrays with its stride and padding, as they are read by one who changes some of them."""
    stride, pad = options(i)
    return {**{name: i[name] for name in names}, "stride": stride, "padding": pad, **changes}


def forward(i: Inputs, **changes: Any) -> np.ndarray:
    """The convolution of a case, with x, w, b, stride or padding read differently."""
    return convolution.conv2d(**_read(i, ("x", "w", "b"), changes))


def gradients(i: Inputs, **changes: Any) -> Arrays:
    """The gradients of a case, with some of what goes into them read differently."""
    return convolution.conv2d_gradients(**_read(i, ("x", "w", "b", "dout"), changes))


def padded(x: np.ndarray, pad: int, mode: str = "constant", value: float = 0.0) -> np.ndarray:
    """x with `pad` rows and columns more on each edge, by `paddle.nn.functional.pad`."""
    with on_device(device().name):
        return F.pad(tensor(x), [pad, pad, pad, pad], mode=mode, value=value).numpy()


def padded_gradient(i: Inputs) -> np.ndarray:
    """The gradient of the padded x: dx before its edges are cropped."""
    _, pad = options(i)
    return gradients(i, x=padded(i["x"], pad), padding=0)["dx"]


def crop(dx: np.ndarray, top: int, left: int, like: np.ndarray) -> np.ndarray:
    """The part of dx with the height and width of `like` that begins there."""
    return dx[:, :, top : top + like.shape[2], left : left + like.shape[3]]


def _last_window(
    size: int, kernel: int, stride: int, windows: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each place of an axis the last window over it, the tap that meets it, and whether there is one."""
    window = np.minimum(np.arange(size) // stride, windows - 1)
    tap = np.arange(size) - window * stride
    return window, np.minimum(tap, kernel - 1), tap < kernel


def overwritten(i: Inputs, *, last_kernel: bool = False) -> np.ndarray:
    """dx of a student who writes each window's share over the earlier ones.

    With `last_kernel` the windows of each kernel are written over those of the kernel before, too.
    """
    stride, pad = options(i)
    shape = padded(i["x"], pad).shape
    rows = _last_window(shape[2], i["w"].shape[2], stride, i["dout"].shape[2])
    columns = _last_window(shape[3], i["w"].shape[3], stride, i["dout"].shape[3])
    first = i["w"].shape[0] - 1 if last_kernel else 0
    with on_device(device().name):
        dout, w = tensor(i["dout"][:, first:]), tensor(i["w"][first:])
        for axis, (window, tap, _) in ((2, rows), (3, columns)):
            dout = paddle.index_select(dout, paddle.to_tensor(window), axis=axis)
            w = paddle.index_select(w, paddle.to_tensor(tap), axis=axis)
        met = tensor(rows[2][:, None] & columns[2][None, :])
        dx = (paddle.einsum("nohw,ochw->nchw", dout, w) * met).numpy()
    return crop(dx, pad, pad, i["x"])


def overwritten_by_taps(i: Inputs) -> np.ndarray:
    """dx of a student who goes through the taps, and writes each one's share over the earlier ones."""
    stride, pad = options(i)
    dx = np.zeros(padded(i["x"], pad).shape)
    rows, columns = i["dout"].shape[2:]
    for r, c in np.ndindex(*i["w"].shape[2:]):
        here = np.s_[:, :, r : r + stride * rows : stride, c : c + stride * columns : stride]
        share = np.einsum("nohw,oc->nchw", i["dout"], i["w"][:, :, r, c])
        dx[here] = share[:, :, : dx[here].shape[2], : dx[here].shape[3]]
    return crop(dx, pad, pad, i["x"])


def only_last_window(i: Inputs) -> np.ndarray:
    """dout with every entry 0 but those of the last window of the last sample: what is left where dw is overwritten."""
    kept = np.zeros_like(i["dout"])
    kept[-1, :, -1, -1] = i["dout"][-1, :, -1, -1]
    return kept


def pool_options(i: Inputs) -> tuple[tuple[int, int], int]:
    """((pool_height, pool_width), stride) of a case."""
    p = i["pool_param"]
    return (p["pool_height"], p["pool_width"]), p["stride"]


def pool(i: Inputs, op: str = "max", **changes: Any) -> np.ndarray:
    """The pooling of a case by `paddle.nn.functional.{op}_pool2d`, with x, kernel or stride read differently."""
    kernel, stride = pool_options(i)
    given = {"x": i["x"], "kernel_size": list(kernel), "stride": stride, **changes}
    with on_device(device().name):
        given["x"] = tensor(given["x"])
        return getattr(F, f"{op}_pool2d")(**given).numpy()


def pool_gradient(i: Inputs, op: str = "max", **changes: Any) -> np.ndarray:
    """Gradient of sum(dout * pool(x)) by Paddle, with something read differently."""
    kernel, stride = pool_options(i)
    given = {"kernel_size": list(kernel), "stride": stride, **changes}
    with on_device(device().name):
        leaf = tensor(i["x"], gradient=True)
        out = getattr(F, f"{op}_pool2d")(leaf, **given)
        return backward(out, [leaf], tensor(i["dout"]))[0].numpy()


def windows_one_by_one(i: Inputs, whole_window: bool) -> np.ndarray:
    """dx of a student who writes each window's gradient over the earlier ones.

    Args:
        i: the case.
        whole_window: write the window with its zeros; otherwise only the place of the maximum.
    """
    (ph, pw), stride = pool_options(i)
    with on_device(device().name):
        dx = paddle.zeros(list(i["x"].shape), dtype=device().dtype)
        for row, column in np.ndindex(*i["dout"].shape[2:]):
            alone = np.zeros_like(i["dout"])
            alone[:, :, row, column] = i["dout"][:, :, row, column]
            share = tensor(pool_gradient({**i, "dout": alone}))
            here = np.zeros(i["x"].shape[2:], dtype=bool)
            here[row * stride : row * stride + ph, column * stride : column * stride + pw] = True
            write = paddle.to_tensor(here) if whole_window else share != 0
            dx = paddle.where(write.expand_as(dx), share, dx)
        return dx.numpy()
