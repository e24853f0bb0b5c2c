"""Many answers tried in one test: all of them, whatever fails among them, and each that fails is told by its name.

A test of its own costs more than judging most answers does; so answers to one check are tried in one.
"""

import traceback
from collections.abc import Callable, Iterable
from typing import Any

LINES = 3  # of the way to an error that is no failed assertion


def try_each(hold: Callable[..., None], tried: Iterable[tuple[str, tuple[Any, ...]]]) -> int:
    """Try all, and fail once at the end.

    Args:
        hold: asserts something of one of them.
        tried: the name of each, and the arguments for `hold`.

    Returns:
        How many were tried.

    Raises:
        AssertionError: where some failed, or none was tried; it names each that failed, with its own words.
    """
    count, failed = 0, []
    for name, arguments in tried:
        count += 1
        try:
            hold(*arguments)
        except AssertionError as error:
            failed.append(f"[{name}] {error}")
        except Exception:
            failed.append(f"[{name}] {traceback.format_exc(limit=-LINES)}")
    if failed:
        raise AssertionError(f"{len(failed)} of {count} failed:\n\n" + "\n\n".join(failed))
    assert count, "nothing was tried"
    return count
