"""Sliders where somebody can move them, and a still figure where nobody can."""

import pytest

from course.teaching import sliders


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, False),
        ({"JPY_SESSION_NAME": "lesson.ipynb"}, True),
        ({"JPY_SESSION_NAME": "lesson.ipynb", "COURSE_SLIDERS": "no"}, False),
        ({"COURSE_SLIDERS": "yes"}, True),
    ],
)
def test_sliders_are_for_a_notebook_that_somebody_has_open(
    environment: dict[str, str], expected: bool
) -> None:
    assert sliders.live(environment) == expected


def test_without_anybody_the_figure_is_drawn_once_at_its_start(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn, told = [], []
    monkeypatch.setenv("COURSE_SLIDERS", "no")
    monkeypatch.setattr(sliders, "say", told.append)
    sliders.play(lambda **settings: drawn.append(settings), batch_size=(8, 2, 64, 2), p=(0.5, 0.0, 0.9, 0.1))
    assert drawn == [{"batch_size": 8, "p": 0.5}]
    assert told == ["*In JupyterLab this figure has sliders for batch size, p.*"]
    sliders.play(lambda p: drawn.append(p), still=lambda: drawn.append("still"), p=(0.5, 0.0, 0.9, 0.1))
    assert drawn[1:] == ["still"]


def test_a_slider_has_its_range_and_moving_it_draws_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn, shown = [], []
    monkeypatch.setenv("COURSE_SLIDERS", "yes")
    monkeypatch.setattr(sliders, "display", shown.append)
    sliders.play(lambda **settings: drawn.append(settings), stride=(1, 1, 3, 1), p=(0.5, 0.0, 0.9, 0.1))
    (panel,) = shown
    stride, p = panel.children[:2]
    assert [(s.min, s.max, s.step, s.value) for s in (stride, p)] == [(1, 3, 1, 1), (0.0, 0.9, 0.1, 0.5)]
    stride.value = 2
    assert drawn[-1] == {"stride": 2, "p": 0.5}
