"""Panels that stand side by side come one below the other in a figure's narrow form."""

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


def test_a_figure_of_one_column_has_no_narrow_form() -> None:
    fig, _ = plots.panels(2, 1)
    assert narrow.narrow_png(fig) is None
    plt.close(fig)
