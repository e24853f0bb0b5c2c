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
_read: dict[str, Check] = {}  # of the topics that were asked for


def topics() -> list[ModuleType]:
    """The folder of each topic, by name: every folder that is not shared by them."""
    found = sorted(module.name for module in pkgutil.iter_modules(__path__) if module.ispkg)
    return [importlib.import_module(f"{__name__}.{name}") for name in found if name not in SHARED]


def _table(topic: ModuleType, file: str) -> dict[str, Any]:
    """What a topic says of its checks by their names, in HIDDEN of `hidden.py` or CORNERS of `corners.py`.

    A student's release has no such file.
    """
    name = f"{topic.__name__}.{file}"
    if importlib.util.find_spec(name) is None:
        return {}
    found: dict[str, Any] = getattr(importlib.import_module(name), file.upper())
    return found


def _with_corners(check: Check, corners: tuple[Corner, ...]) -> Check:
    """The check with its corners. Raises ValueError for a case that there is not, or that lies in two of them."""
    named = [case for corner in corners for case in corner.cases]
    unknown = set(named) - {case.name for case in check.cases + check.hidden}
    if unknown or len(set(named)) < len(named):
        raise ValueError(f"the corners of '{check.name}' do not fit its cases: {sorted(unknown) or named}")
    return replace(check, corners=corners)


@functools.cache
def _checks_of(topic: ModuleType) -> dict[str, Check]:
    """One topic's checks. Raises ValueError where what its files say does not fit together."""
    checks: dict[str, Check] = {}
    hidden, corners = _table(topic, "hidden"), _table(topic, "corners")
    for module in topic.QUESTIONS:
        for check in importlib.import_module(f"{topic.__name__}.{module}").CHECKS:
            if check.name in checks:
                raise ValueError(f"two checks are called '{check.name}'")
            if check.assignment != topic.ASSIGNMENT:
                raise ValueError(
                    f"'{check.name}' belongs to {check.assignment}, its folder to {topic.ASSIGNMENT}"
                )
            whole = replace(check, hidden=hidden.get(check.name, ()))
            checks[check.name] = _with_corners(whole, corners.get(check.name, ()))
    unknown = {*hidden, *corners} - set(checks)
    if unknown:
        raise ValueError(f"hidden cases or corners of checks that do not exist: {sorted(unknown)}")
    _read.update(checks)
    return checks


@functools.cache
def _registry() -> dict[str, Check]:
    checks: dict[str, Check] = {}
    for topic in topics():
        of_topic = _checks_of(topic)
        if both := sorted(checks.keys() & of_topic.keys()):
            raise ValueError(f"two checks are called '{both[0]}'")
        checks |= of_topic
    return checks


def list_checks(assignment: str | None = None) -> list[str]:
    """Names of all checks, or of one assignment's, in the order of its notebook.

    Only the topics that are asked for are imported: a worker that grades one assignment starts sooner.
    """
    if assignment is None:
        return list(_registry())
    return [name for topic in topics() if assignment == topic.ASSIGNMENT for name in _checks_of(topic)]


def find_check(name: str) -> Check:
    """The check of that name. Raises KeyError when there is none."""
    return _read[name] if name in _read else _registry()[name]
