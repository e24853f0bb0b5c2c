"""The drawing of windows shows the windows that Paddle computes."""

import itertools

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

mpl.use("Agg")

from course.reference.convolution import conv2d_output_shape
from course.teaching import plots
from course.teaching.kernel_plots import window_grid, window_starts

SETTINGS = [
    s for s in itertools.product((5, 6, 7), (2, 3), (1, 2, 3), (0, 1, 2), (1, 2)) if s[4] * (s[1] - 1) < s[0]
]


@pytest.mark.parametrize(("size", "kernel", "stride", "padding", "dilation"), SETTINGS)
def test_as_many_windows_as_paddle(size: int, kernel: int, stride: int, padding: int, dilation: int) -> None:
    shape = conv2d_output_shape((1, 1, size, size), (1, 1, kernel, kernel), stride, padding, dilation)
    starts = window_starts(size, kernel, stride, padding, dilation)
    assert len(starts) == shape[2]
    assert starts[-1] + dilation * (kernel - 1) < size + 2 * padding


def test_the_drawing_marks_what_no_window_reads_and_writes_the_output() -> None:
    _, (ax,) = plots.panels(1, 1)
    window_grid(ax, 6, 3, stride=2, title="stride 2")
    texts = [t.get_text() for t in ax.texts]
    assert texts.count("×") == 6 * 6 - 5 * 5
    assert ax.get_xlabel() == "output 2 × 2"


def test_padding_is_drawn_as_zeros() -> None:
    _, (ax,) = plots.panels(1, 1)
    window_grid(ax, 4, 3, padding=1)
    assert [t.get_text() for t in ax.texts].count("0") == 6 * 6 - 4 * 4


def test_bars_of_seeds_that_agree_have_whiskers_of_no_length() -> None:
    runs = np.full((3, 2), 0.1) * [1, 3]  # the mean of three equal numbers is rounded
    assert (runs.mean(axis=0) != runs[0]).any()
    assert (plots.whiskers(runs) >= 0).all() and plots.whiskers(runs).max() < 1e-12
    _, (ax,) = plots.panels(1, 1)
    plots.bars(ax, np.arange(2), runs, "three seeds")
    plt.close(ax.figure)
