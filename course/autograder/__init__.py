"""Checks answers against Paddle's own ops and says what is wrong and why.

`check` and `check_notebook` are what a notebook calls; `judge` and `list_checks` are for programs. All are loaded on
first use, so that importing this package imports no framework.
"""

from typing import Any

__all__ = ["check", "check_notebook", "judge", "list_checks"]


def __getattr__(name: str) -> Any:
    # No submodule may be called check, judge or list_checks: it would win over the function of that name.
    if name == "check":
        from course.autograder.student import at_home, check

        at_home()
        return check
    if name == "check_notebook":
        from course.autograder.student import check_notebook

        return check_notebook
    if name == "judge":
        from course.autograder.judging import judge

        return judge
    if name == "list_checks":
        from course.autograder.checks import list_checks

        return list_checks
    raise AttributeError(f"module 'course.autograder' has no attribute '{name}'")
