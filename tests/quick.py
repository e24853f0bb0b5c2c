"""`--quick`: of every test something, in a minute, for whoever is changing something.

Left out is what is marked `slow`, and what needs a release of all assignments, which takes long to seal. Of a test with many
parameters a few are run, spread evenly over all of them. What lands is tried by the whole suite.
"""

from collections import defaultdict
from typing import Any

import pytest

EACH = 3
LONG_TO_MAKE = "released"


def choose(items: list[pytest.Item]) -> list[pytest.Item]:
    """The tests to run, in their order: none that takes long, and at most `EACH` of those that one function makes."""
    made_by: dict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        if item.get_closest_marker("slow") is None and LONG_TO_MAKE not in getattr(item, "fixturenames", ()):
            made_by[item.nodeid.partition("[")[0]].append(item)
    chosen = {item for same in made_by.values() for item in spread(same, EACH)}
    return [item for item in items if item in chosen]


def spread(values: list[Any], most: int) -> list[Any]:
    """At most so many of them, the first and the last among them, evenly spaced."""
    if len(values) <= most:
        return values
    return [values[round(k * (len(values) - 1) / (most - 1))] for k in range(most)]


class Quick:
    """Leaves out, after everything has been collected, what a quick run does without."""

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Keep what was chosen, and say how many were not."""
        chosen = choose(items)
        kept = set(chosen)
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = chosen
