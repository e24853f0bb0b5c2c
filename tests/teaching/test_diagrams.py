"""The drawings show what they say: as many units dropped as the mask drops, every sample once an epoch."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

mpl.use("Agg")

from course.teaching import diagrams
from course.teaching.kernel_plots import slide


def texts(fig: plt.Figure) -> list[str]:
    return [text.get_text() for ax in fig.axes for text in ax.texts]


@pytest.mark.parametrize(("p", "crosses"), [(0.0, 0), (1.0, 2 * (6 + 6))])
def test_only_hidden_units_of_passes_in_training_are_dropped(p: float, crosses: int) -> None:
    fig = diagrams.thinned_nets(p)
    assert texts(fig).count("×") == crosses and len(fig.axes) == 3
    plt.close(fig)


def test_an_epoch_has_every_sample_once_and_steps_are_numbered_on() -> None:
    fig = diagrams.epochs(10, 4)
    found = texts(fig)
    assert all(found.count(name) == 2 for name in "ABCDEFGHIJ")
    assert [text for text in found if text.startswith("step")] == [f"step {k}" for k in range(1, 7)]
    plt.close(fig)


@pytest.mark.parametrize("draw", [diagrams.train_and_predict, diagrams.cnn_block])
def test_boxes_do_not_run_out_of_the_drawing(draw) -> None:  # type: ignore[no-untyped-def]
    fig = draw()
    (ax,) = fig.axes
    for box in ax.patches:
        corners = box.get_path().vertices if not hasattr(box, "get_x") else [(box.get_x(), box.get_y())]
        across = [corner[0] for corner in corners]
        assert ax.get_xlim()[0] < min(across) and max(across) < ax.get_xlim()[1]
        assert not hasattr(box, "get_width") or box.get_x() + box.get_width() < ax.get_xlim()[1]
    plt.close(fig)


def test_a_kernel_slides_over_every_place_and_says_the_sum_there() -> None:
    image, kernel = np.arange(12.0).reshape(3, 4), np.array([[1.0, 2.0]])
    fig = slide(image, kernel)
    titles = [ax.get_title(loc="left") or ax.get_title() for ax in fig.axes]
    assert titles[0] == "the kernel" and len(titles) == 1 + 3 * 3
    assert titles[1] == "out[0, 0] = 2" and titles[-1] == "out[2, 2] = 32"
    plt.close(fig)
