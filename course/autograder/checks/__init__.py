"""The checks: a folder a topic, a file a question or family of questions, and what a check is in `language/`."""

import functools
import importlib
import importlib.util
import pkgutil
from dataclasses import replace
from types import ModuleType

from course.autograder.checks.language.spec import Case, Check

SHARED = ("language", "chance")  # what checks are written in


def topics() -> list[ModuleType]:
    """The folder of each topic, by name: every folder that is not shared by them."""
    found = sorted(module.name for module in pkgutil.iter_modules(__path__) if module.ispkg)
    return [importlib.import_module(f"{__name__}.{name}") for name in found if name not in SHARED]


def _hidden_cases() -> dict[str, tuple[Case, ...]]:
    """Hidden cases by check name, from each topic's `hidden.py`. A student's release has no such file."""
    found: dict[str, tuple[Case, ...]] = {}
    for topic in topics():
        name = f"{topic.__name__}.hidden"
        if importlib.util.find_spec(name) is not None:
            found |= importlib.import_module(name).HIDDEN
    return found


@functools.cache
def _registry() -> dict[str, Check]:
    checks: dict[str, Check] = {}
    hidden = _hidden_cases()
    modules = (f"{topic.__name__}.{module}" for topic in topics() for module in topic.QUESTIONS)
    for module in modules:
        for check in importlib.import_module(module).CHECKS:
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
