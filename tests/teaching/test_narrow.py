"""Panels that stand side by side come one below the other in a figure's narrow form."""

from itertools import pairwise

import matplotlib.pyplot as plt
import pytest

from course.teaching import narrow, plots


@pytest.mark.parametrize(
    ("rows", "cols", "size", "expected"),
    [
        (1, 3, (3.4, 2.7), [(0, 0), (1, 0), (2, 0)]),
        (1, 4, (1.7, 2.0), [(0, 0), (0, 1), (1, 0), (1, 1)]),
        (1, 3, (1.6, 1.9), [(0, 0), (0, 1), (1, 0)]),
        (2, 3, (1.75, 2.0), [(0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (2, 1)]),
    ],
)
def test_panels_take_as_many_columns_as_a_phone_has_room_for(
    rows: int, cols: int, size: tuple[float, float], expected: list[tuple[int, int]]
) -> None:
    fig, axes = plots.panels(rows, cols, size, sharey="row")
    axes[0].set_ylabel("loss")
    axes[-1].set_xlabel("step")
    narrow.stack(fig, rows, cols, *size)
    places = [ax.get_subplotspec() for ax in axes]
    assert [(place.rowspan.start, place.colspan.start) for place in places if place] == expected
    assert fig.get_size_inches()[0] == pytest.approx(narrow.WIDTH)
    assert all(ax.get_ylabel() == "loss" for ax in axes[:cols]), "what the first panel said for its row"
    assert axes[cols - 1].get_xlabel() == "step", "what the last panel said for its column"
    plt.close(fig)


def test_a_figure_of_one_column_is_squeezed_and_nothing_of_it_is_cut_off() -> None:
    fig, (ax,) = plots.panels(1, 1, (8.4, 2.9))
    for k in range(3):
        ax.bar(range(9), 9 - k, label=f"a name in the legend that is as long as this one: {k}")
    ax.set_xticks(range(9), [f"BatchNorm2D {k}" for k in range(9)])
    ax.legend(ncol=3)
    plots.label(ax, "A title that has far too many words to stand in one line on a phone")
    narrow.squeeze(fig)
    fig.draw_without_rendering()
    edge = fig.get_window_extent()
    assert fig.get_size_inches()[0] == pytest.approx(narrow.ALONE)
    legend = ax.get_legend()
    assert legend is not None
    shown = [box.get_window_extent() for box in (ax, legend, ax._left_title)]  # type: ignore[attr-defined]
    assert all(box.x0 >= edge.x0 - 1 and box.x1 <= edge.x1 + 1 for box in shown)
    assert legend.get_window_extent().y1 < ax.get_window_extent().y0, "it hides no bar"
    names = [one.get_window_extent() for one in ax.get_xticklabels()]
    assert all(a.x1 <= b.x0 for a, b in pairwise(names))
    plt.close(fig)


def test_a_drawing_and_a_figure_that_is_narrow_already_have_no_other_form() -> None:
    fig, _ = plots.panels(2, 1)
    assert narrow.narrow_png(fig) is None
    fig, (ax,) = plots.panels(1, 1, (8.4, 2.9))
    ax.set_axis_off()
    assert narrow.narrow_png(fig) is None
    plt.close("all")


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("one two " * 8, 2),
        ("$x$ " + "one two " * 8, 1),
        ("一" * 30, 2),
        ("[N, C, H, W] = [2, 3, 3, 3] 上的批归一化", 1),
        ("a\nb", 2),
        ("", 1),
    ],
)
def test_a_title_is_broken_where_a_line_is_full_and_never_in_a_formula(text: str, lines: int) -> None:
    assert len(narrow._broken(text).split("\n")) == lines
