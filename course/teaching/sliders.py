"""Figures to play with: a slider for each setting in JupyterLab, and a still figure everywhere else."""

import os
from collections.abc import Callable, Mapping
from typing import Any

import matplotlib.pyplot as plt
from IPython.display import display

from course.languages.saying import said
from course.teaching.prose import say

ASKED = "COURSE_SLIDERS"

Range = tuple[float, float, float, float]


def live(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether somebody sits before this notebook: then Jupyter's server has named its session.

    The variable COURSE_SLIDERS, set to 'yes' or 'no', has the last word, for a front end that names none.
    """
    said = environment.get(ASKED)
    return said == "yes" if said else "JPY_SESSION_NAME" in environment


def play(draw: Callable[..., object], still: Callable[[], object] | None = None, **ranges: Range) -> None:
    """Show a figure with a slider for each of its settings.

    Args:
        draw: makes the figure from settings given by name.
        still: makes the figure that pages, tests and printed notebooks show; without it, `draw` at the start.
        ranges: for each setting its start, its smallest and its largest value, and the step between two. Four whole
            numbers make a setting of whole numbers.
    """
    if live():
        display(_panel(draw, ranges))
        return
    if still is None:
        draw(**{name: start for name, (start, *_) in ranges.items()})
    else:
        still()
    plt.show()
    names = ", ".join(name.replace("_", " ") for name in ranges)
    say(said(f"*In JupyterLab this figure has {'a slider' if len(ranges) == 1 else 'sliders'} for {names}.*"))


def _panel(draw: Callable[..., object], ranges: Mapping[str, Range]) -> Any:
    import ipywidgets  # where it is used: most readers of a page, and every test, do without

    def shown(**settings: float) -> None:
        draw(**settings)
        plt.show()

    made = {}
    for name, (start, low, high, step) in ranges.items():
        whole = all(isinstance(n, int) for n in (start, low, high, step))
        kind = ipywidgets.IntSlider if whole else ipywidgets.FloatSlider
        # Drawn when the slider is let go: a figure takes longer than a movement of the hand.
        made[name] = kind(
            value=start,
            min=low,
            max=high,
            step=step,
            description=name.replace("_", " "),
            continuous_update=False,
        )
    return ipywidgets.interactive(shown, **made)
