"""Where the windows of a convolution lie, along one axis, and the many places where they lie by mistake.

A place is counted in rows of x itself, those of the padding being outside of it: tap p of window i lies on row
i * stride + p - pad.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np


class Along(NamedTuple):
    """An axis: how long x is along it, stride and padding, taps of the kernel, number of windows."""

    length: int
    stride: int
    pad: int
    taps: int
    windows: int


NOWHERE = -(10**6)  # a place outside of x
Place = Callable[[int, int, Along], int]  # (window, tap, axis) -> row of x


def right(i: int, p: int, a: Along) -> int:
    """Where tap p of window i lies."""
    return i * a.stride + p - a.pad


def _kept(window: Callable[[Along], range]) -> Place:
    """The right places of some windows, the others left out."""
    return lambda i, p, a: right(i, p, a) if i in window(a) else NOWHERE


def _taps(taps: Callable[[Along], range]) -> Place:
    """The right places of some taps, the others left out."""
    return lambda i, p, a: right(i, p, a) if p in taps(a) else NOWHERE


def _cut(i: int, p: int, a: Along) -> int:
    """A window cut off at the image's edges, and its first value laid under the kernel's first tap."""
    start = i * a.stride - a.pad
    place = max(start, 0) + p
    return place if place < start + a.taps else NOWHERE


STEP = "Window i begins at i * stride - pad of the image, along both axes: {}."
ALL = "Every window counts, and every tap of it: {}."

# By what is said of the rows (columns), which stand in its place: the advice, and the place.
PLACES: dict[str, tuple[str, Place]] = {
    "windows begin one {} too late": (STEP.format("yours begin one later"), lambda i, p, a: right(i, p, a) + 1),
    "windows begin one {} too early": (STEP.format("yours begin one earlier"), lambda i, p, a: right(i, p, a) - 1),
    "stride forgotten along the {}s": (
        STEP.format("yours is not multiplied by the stride"), lambda i, p, a: i + p - a.pad
    ),
    "the window's size for the stride along the {}s": (
        STEP.format("yours moves by the size of the kernel"), lambda i, p, a: i * a.taps + p - a.pad
    ),
    "one more than the stride along the {}s": (
        STEP.format("yours moves by one more"), lambda i, p, a: i * (a.stride + 1) + p - a.pad
    ),
    "padded at the end only along the {}s": (
        STEP.format("yours begins at i * stride"), lambda i, p, a: i * a.stride + p
    ),
    "padding subtracted twice along the {}s": (
        STEP.format("yours lies the padding once more before that"), lambda i, p, a: right(i, p, a) - a.pad
    ),
    "padding added along the {}s": (
        STEP.format("yours adds the padding"), lambda i, p, a: i * a.stride + p + a.pad
    ),
    "padding multiplied by the stride along the {}s": (
        STEP.format("yours multiplies the padding by the stride"), lambda i, p, a: (i - a.pad) * a.stride + p
    ),
    "taps a stride apart along the {}s": (
        "The stride moves the window; the taps inside it lie side by side.", lambda i, p, a: (i + p) * a.stride - a.pad
    ),
    "stride on the taps, not on the windows, along the {}s": (
        "The stride moves the window; the taps inside it lie side by side.", lambda i, p, a: i + p * a.stride - a.pad
    ),
    "windows cut off at the edges, along the {}s, meet the wrong taps": (
        "Where a window hangs over the edge, the taps that lie outside fall away, and the others stay where they are.",
        _cut,
    ),
    "windows of the image wrapped round along the {}s": (
        "What lies outside of the image is padding, and 0: yours comes from its other end.",
        lambda i, p, a: right(i, p, a) % a.length,
    ),
    "negative places read from the far end along the {}s": (
        "Python counts negative places from the end: what lies outside of the image is padding, and 0.",
        lambda i, p, a: right(i, p, a) % a.length if -a.length <= right(i, p, a) < 0 else right(i, p, a),
    ),
    "edge repeated along the {}s": (
        "What lies outside of the image is padding, and 0: yours repeats its edge.",
        lambda i, p, a: min(max(right(i, p, a), 0), a.length - 1),
    ),
    "last windows along the {}s left out": (
        ALL.format("yours leaves the last ones out"), _kept(lambda a: range(a.windows - 1))
    ),
    "first windows along the {}s left out": (
        ALL.format("yours leaves the first ones out"), _kept(lambda a: range(1, a.windows))
    ),
    "only the last windows along the {}s": (
        ALL.format("yours has the last ones alone"), _kept(lambda a: range(a.windows - 1, a.windows))
    ),
    "only the first windows along the {}s": (
        ALL.format("yours has the first ones alone"), _kept(lambda a: range(1))
    ),
    "last tap along the {}s left out": (ALL.format("yours leaves its last tap out"), _taps(lambda a: range(a.taps - 1))),
    "first tap along the {}s left out": (ALL.format("yours leaves its first tap out"), _taps(lambda a: range(1, a.taps))),
    "only the last tap along the {}s": (
        ALL.format("yours has its last tap alone"), _taps(lambda a: range(a.taps - 1, a.taps))
    ),
    "only the first tap along the {}s": (ALL.format("yours has its first tap alone"), _taps(lambda a: range(1))),
    "taps in reverse along the {}s": (
        "The kernel's first tap lies on the window's first value: yours is turned round.",
        lambda i, p, a: right(i, a.taps - 1 - p, a),
    ),
    "windows in reverse along the {}s": (
        "The first window stands first in the output: yours stand in reverse.",
        lambda i, p, a: right(a.windows - 1 - i, p, a),
    ),
    "windows counted from the far end along the {}s": (
        STEP.format("yours are counted from the other end"),
        lambda i, p, a: a.length + a.pad - a.taps - i * a.stride + p,
    ),
    "last {} of the image left out": (
        "Every row and column of the image counts, the last one too.",
        lambda i, p, a: NOWHERE if right(i, p, a) == a.length - 1 else right(i, p, a),
    ),
    "first {} of the image left out": (
        "Every row and column of the image counts, the first one too.",
        lambda i, p, a: NOWHERE if right(i, p, a) == 0 else right(i, p, a),
    ),
    "padding of 1 along the {}s": (
        STEP.format("yours is padded by 1 whatever pad says"), lambda i, p, a: i * a.stride + p - 1
    ),
    "windows moved into the image along the {}s": (
        STEP.format("yours begins at 0 where that is negative"), lambda i, p, a: max(i * a.stride - a.pad, 0) + p
    ),
    "windows that hang over the edges along the {}s left out": (
        ALL.format("yours leaves out those that lie in the padding with a part"),
        lambda i, p, a: right(i, p, a) if 0 <= right(i, 0, a) <= a.length - a.taps else NOWHERE,
    ),
    "windows laid on the image without its padding along the {}s": (
        STEP.format("yours begins at i * stride, and is left out where it does not fit"),
        lambda i, p, a: i * a.stride + p if i * a.stride <= a.length - a.taps else NOWHERE,
    ),
    "dilated by two along the {}s": (
        "The taps lie side by side: there is no dilation.", lambda i, p, a: i * a.stride + 2 * p - a.pad
    ),
}  # fmt: skip

CROPPED = "What comes back is the gradient of the padded image: cut pad off at both ends of each axis, {}."

# What some of these are called where shares come back to the image: the windows may lie where they should.
CROPS: dict[str, tuple[str, str]] = {
    "windows begin one {} too late": ("dx one {} too late", CROPPED.format("and one less is cut off in yours")),
    "windows begin one {} too early": ("dx one {} too early", CROPPED.format("and one more is cut off in yours")),
    "padded at the end only along the {}s": (
        "dx cropped at the end only along the {}s", CROPPED.format("and yours cuts at the end alone")
    ),
    "padding subtracted twice along the {}s": (
        "dx cropped at the beginning only along the {}s", CROPPED.format("and yours cuts at the beginning alone")
    ),
}  # fmt: skip


def met(place: Place, axis: Along) -> np.ndarray:
    """[windows, taps, length]: 1 where this tap of this window lies on this row of x."""
    found = np.zeros((axis.windows, axis.taps, axis.length))
    for i, p in np.ndindex(axis.windows, axis.taps):
        row = place(i, p, axis)
        if 0 <= row < axis.length:
            found[i, p, row] = 1
    return found
