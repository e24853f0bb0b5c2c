"""The checks: a folder a topic, a file a question or family of questions, and what a check is in `language/`."""

import functools
import importlib
import importlib.util
import pkgutil
from dataclasses import replace
from types import ModuleType
from typing import Any

from course.autograder.checks.language.spec import Check, Corner

SHARED = ("language", "chance")  # what checks are written in


def topics() -> list[ModuleType]:
    """The folder of each topic, by name: every folder that is not shared by them."""
    found = sorted(module.name for module in pkgutil.iter_modules(__path__) if module.ispkg)
    return [importlib.import_module(f"{__name__}.{name}") for name in found if name not in SHARED]


def _tables(file: str) -> dict[str, Any]:
    """What each topic says of its checks by their names, in HIDDEN of `hidden.py` or CORNERS of `corners.py`.

    A student's release has no such file.
    """
    found: dict[str, Any] = {}
    for topic in topics():
        name = f"{topic.__name__}.{file}"
        if importlib.util.find_spec(name) is not None:
            found |= getattr(importlib.import_module(name), file.upper())
    return found


def _with_corners(check: Check, corners: tuple[Corner, ...]) -> Check:
    """The check with its corners. Raises ValueError for a case that there is not, or that lies in two of them."""
    named = [case for corner in corners for case in corner.cases]
    unknown = set(named) - {case.name for case in check.cases + check.hidden}
    if unknown or len(set(named)) < len(named):
        raise ValueError(f"the corners of '{check.name}' do not fit its cases: {sorted(unknown) or named}")
    return replace(check, corners=corners)


@functools.cache
def _registry() -> dict[str, Check]:
    checks: dict[str, Check] = {}
    hidden, corners = _tables("hidden"), _tables("corners")
    modules = (f"{topic.__name__}.{module}" for topic in topics() for module in topic.QUESTIONS)
    for module in modules:
        for check in importlib.import_module(module).CHECKS:
            if check.name in checks:
                raise ValueError(f"two checks are called '{check.name}'")
            whole = replace(check, hidden=hidden.get(check.name, ()))
            checks[check.name] = _with_corners(whole, corners.get(check.name, ()))
    unknown = {*hidden, *corners} - set(checks)
    if unknown:
        raise ValueError(f"hidden cases or corners of checks that do not exist: {sorted(unknown)}")
    return checks


def list_checks(assignment: str | None = None) -> list[str]:
    """Names of all checks, or of one assignment's, in the order of its notebook."""
    return [name for name, check in _registry().items() if assignment in (None, check.assignment)]


def find_check(name: str) -> Check:
    """The check of that name. Raises KeyError when there is none."""
    return _registry()[name]
