"""What a student has installed: the needs of a package, read without taking each requirement apart."""

from importlib import metadata

import pytest
from packaging.requirements import Requirement

from course.common.distributions import ALSO_HAS, STUDENT_NEEDS, _holds, closure, normal


def by_packaging(names: tuple[str, ...]) -> set[str]:
    """The same by the library that takes requirements apart, each as a whole."""
    seen, waiting = set(), [(normal(name), "") for name in names]
    while waiting:
        name, extra = one = waiting.pop()
        if one in seen:
            continue
        seen.add(one)
        try:
            wanted = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            continue
        for needed in map(Requirement, wanted):
            marker = needed.marker
            of_extra = marker is not None and "extra" in str(marker)
            if not of_extra or (extra and marker.evaluate({"extra": extra})):
                waiting += [(normal(needed.name), inner) for inner in ("", *needed.extras)]
    return {name for name, _ in seen}


@pytest.mark.parametrize("names", [(*STUDENT_NEEDS, *ALSO_HAS), ("nbgrader", "sphinx")])
def test_what_packages_need_is_what_packaging_says(names: tuple[str, ...]) -> None:
    assert closure(names) == by_packaging(names)


@pytest.mark.parametrize(
    ("requirement", "extra", "held"),
    [
        ("tomli>=1; python_version < '3.11'", "", True),  # on whatever platform
        ("extra-name>=2", "", True),
        ("ruff; extra == 'dev'", "", False),
        ("ruff; extra == 'dev'", "dev", True),
        ("ruff; extra == 'dev'", "test", False),
        ("pkg[a, b]>=1 ; (sys_platform != 'nowhere') and extra == 'dev'", "dev", True),
    ],
)
def test_an_extra_is_needed_by_those_alone_who_ask_for_it(requirement: str, extra: str, held: bool) -> None:
    assert _holds(requirement, extra) is held
