"""The checks: one file per topic, and hidden cases, where this copy of the course has them, in `hidden/`."""

import functools
import importlib
import importlib.util
from dataclasses import replace

from course.autograder.spec import Check

TOPICS = (
    "batch_norm_pieces",
    "batch_norm_forward",
    "normalizers_layer",
    "normalizers_group",
)


def _hidden_cases(topic: str) -> dict[str, tuple]:
    """Hidden cases by check name. A student's release has none: the folder is not part of it."""
    name = f"{__name__}.hidden.{topic}"
    if importlib.util.find_spec(f"{__name__}.hidden") is None or importlib.util.find_spec(name) is None:
        return {}
    return importlib.import_module(name).HIDDEN


@functools.cache
def _registry() -> dict[str, Check]:
    checks: dict[str, Check] = {}
    for topic in TOPICS:
        hidden = _hidden_cases(topic)
        for check in importlib.import_module(f"{__name__}.{topic}").CHECKS:
            if check.name in checks:
                raise ValueError(f"two checks are called '{check.name}'")
            checks[check.name] = replace(check, hidden=hidden.get(check.name, ()))
        unknown = set(hidden) - set(checks)
        if unknown:
            raise ValueError(f"hidden cases for checks that do not exist: {sorted(unknown)}")
    return checks


def list_checks(assignment: str | None = None) -> list[str]:
    """Names of all checks, or of one assignment's, in the order of its notebook."""
    return [name for name, check in _registry().items() if assignment in (None, check.assignment)]


def find_check(name: str) -> Check:
    """The check of that name. Raises KeyError when there is none."""
    return _registry()[name]
