"""What the windows of a convolution meet, and with which taps: the products, the gradients and the columns, got wrong."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from course.autograder.checks.conv.places import PLACES, Along, met, right
from course.autograder.checks.language import Inputs


def nothing() -> np.ndarray:
    """In place of an array that a case does not have."""
    return np.empty((0, 0, 0, 0))


@dataclass(frozen=True)
class Windows:
    """What the windows of a case meet, in float64, each thing computed once.

    Attributes:
        x: [N, C, H, W].
        rows, columns: the axes.
        w: [O, C, kh, kw], b: (O,); `nothing` where only columns are wanted.
        dout: [N, O, H_out, W_out]; `nothing` where there is none.
    """

    x: np.ndarray
    rows: Along
    columns: Along
    w: np.ndarray = field(default_factory=nothing)
    b: np.ndarray = field(default_factory=nothing)
    dout: np.ndarray = field(default_factory=nothing)
    known: dict[Any, np.ndarray] = field(default_factory=dict)

    def met(self, axis: Along, name: str) -> np.ndarray:
        """[windows, taps, length] of an axis, by the mistake's name."""
        key = ("met", axis is self.rows, name)
        if key not in self.known:
            self.known[key] = met(PLACES[name][1] if name else right, axis)
        return self.known[key]

    def down(self, rows: str) -> np.ndarray:
        """[N, C, W, H_out, kh]: x met along its rows."""
        key = ("down", rows)
        if key not in self.known:
            self.known[key] = np.tensordot(self.x, self.met(self.rows, rows), axes=(2, 2))
        return self.known[key]

    def windows(self, rows: str, columns: str) -> np.ndarray:
        """[N, H_out, W_out, C, kh, kw]: every window."""
        key = ("windows", rows, columns)
        if key not in self.known:
            found = np.tensordot(self.down(rows), self.met(self.columns, columns), axes=(2, 2))
            self.known[key] = np.ascontiguousarray(found.transpose(0, 2, 4, 1, 3, 5))
        return self.known[key]

    def products(self, rows: str, columns: str, kernel: str) -> np.ndarray:
        """[N, O, H_out, W_out]: the convolution without its bias."""
        w = KERNELS[kernel][1](self.w) if kernel else self.w
        found = self.windows(rows, columns)
        flat = found.reshape(-1, found[0, 0, 0].size) @ w.reshape(len(w), -1).T
        return np.asarray(flat.reshape(*found.shape[:3], len(w)).transpose(0, 3, 1, 2))

    def dw(self, rows: str, columns: str) -> np.ndarray:
        """[O, C, kh, kw]: the gradient of the kernels."""
        found = self.windows(rows, columns)
        flat = self.dout.transpose(1, 0, 2, 3).reshape(self.dout.shape[1], -1) @ found.reshape(
            -1, found[0, 0, 0].size
        )
        return np.asarray(flat.reshape(-1, *found.shape[3:]))

    def dx(self, rows: str, columns: str, kernel: str) -> np.ndarray:
        """[N, C, H, W]: the gradient of the image."""
        key = ("shares", kernel)
        if key not in self.known:
            w = KERNELS[kernel][1](self.w) if kernel else self.w
            self.known[key] = np.einsum("noij,ocpq->ncipjq", self.dout, w, optimize=True)
        one = (key, rows)
        if one not in self.known:  # [N, C, W_out, kw, H]
            self.known[one] = np.tensordot(self.known[key], self.met(self.rows, rows), axes=((2, 3), (0, 1)))
        found = np.tensordot(self.known[one], self.met(self.columns, columns), axes=((2, 3), (0, 1)))
        return np.asarray(found)

    def unfolded(self, rows: str, columns: str) -> np.ndarray:
        """[N, C * kh * kw, windows]."""
        found = self.windows(rows, columns).transpose(0, 3, 4, 5, 1, 2)
        return np.asarray(found.reshape(len(found), -1, found.shape[4] * found.shape[5]))


def _sums(w: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    return np.broadcast_to(w.sum(axis=axes, keepdims=True), w.shape)


def _square(w: np.ndarray) -> np.ndarray:
    return w.swapaxes(2, 3) if w.shape[2] == w.shape[3] else np.full_like(w, np.nan)


TURNED = "The kernel is laid on as it is: {}."
OWN_TAPS = "Multiply each value of the window by its own tap, then sum: {}."

# By name: the advice, and the kernels that are laid on in place of the right ones.
KERNELS: dict[str, tuple[str, Callable[[Any], np.ndarray]]] = {
    "kernel transposed": (TURNED.format("yours is transposed"), _square),
    "kernel's channels in reverse": (TURNED.format("the channels of yours stand in reverse"), lambda w: w[:, ::-1]),
    "output channels in reverse": (
        "Kernel o makes output channel o: yours are made in reverse.", lambda w: w[::-1]
    ),
    "one kernel for all output channels": (
        "Output channel o is made with kernel o: yours are all made with the first.", lambda w: np.repeat(w[:1], len(w), 0)
    ),
    "the window's sum times the kernel's, channel by channel": (
        OWN_TAPS.format("yours sums the window and the kernel of a channel first"), lambda w: _sums(w, (2, 3))
    ),
    "the kernel summed over its rows": (OWN_TAPS.format("yours sums the kernel's rows first"), lambda w: _sums(w, (2,))),
    "the kernel summed over its columns": (
        OWN_TAPS.format("yours sums the kernel's columns first"), lambda w: _sums(w, (3,))
    ),
    "the kernel summed over its channels": (
        OWN_TAPS.format("yours sums the kernel's channels first"), lambda w: _sums(w, (1,))
    ),
    "the kernels summed": ("Kernel o makes output channel o: yours adds all kernels first.", lambda w: _sums(w, (0,))),
    "only the first input channel": (
        "Each output value sums over all input channels: yours has the first alone.",
        lambda w: w * (np.arange(w.shape[1]) == 0)[:, None, None],
    ),
    "only the last input channel": (
        "Each output value sums over all input channels: add each channel's share, do not assign it.",
        lambda w: w * (np.arange(w.shape[1]) == w.shape[1] - 1)[:, None, None],
    ),
    "last input channel left out": (
        "A range leaves its end out already: your sum leaves the last input channel out.",
        lambda w: w * (np.arange(w.shape[1]) < w.shape[1] - 1)[:, None, None],
    ),
    "first input channel left out": (
        "Counting begins at 0: your sum leaves the first input channel out.",
        lambda w: w * (np.arange(w.shape[1]) > 0)[:, None, None],
    ),
    "averaged over the input channels": (
        "An output value sums over the input channels; it does not average.", lambda w: w / w.shape[1]
    ),
    "averaged over the places of the kernel": (
        "An output value sums over the kernel's places; it does not average.", lambda w: w / w[0, 0].size
    ),
    "averaged, not summed": ("An output value is a sum of products; it does not average.", lambda w: w / w[0].size),
    "absolute taps": ("A tap has its sign: yours are all taken as positive.", np.abs),
    "taps squared": ("Each value is multiplied by its tap, not by the square of it.", np.square),
    "sign of the kernel": ("The products are added: yours are taken away.", np.negative),
    "kernel twice as large": ("Each product is counted once.", lambda w: 2 * w),
}  # fmt: skip


def of_case(i: Inputs) -> Windows:
    """A convolution's windows, by its inputs."""
    x, w, b = (i[name].astype(np.float64) for name in ("x", "w", "b"))
    stride, pad = i["conv_param"]["stride"], i["conv_param"]["pad"]
    dout = i["dout"].astype(np.float64) if "dout" in i else nothing()
    rows, columns = _axes(x.shape, w.shape[2:], stride, pad)
    return Windows(x, rows, columns, w, b, dout)


def of_columns(i: Inputs) -> Windows:
    """The windows of im2col's arguments."""
    x = i["x"].astype(np.float64)
    kernel = (i["kernel_height"], i["kernel_width"])
    rows, columns = _axes(x.shape, kernel, i["stride"], i["pad"])
    return Windows(x, rows, columns)


def _axes(shape: tuple[int, ...], kernel: tuple[int, ...], stride: int, pad: int) -> tuple[Along, Along]:
    rows, columns = (
        Along(n, stride, pad, k, (n + 2 * pad - k) // stride + 1)
        for n, k in zip(shape[2:], kernel, strict=True)
    )
    return rows, columns
