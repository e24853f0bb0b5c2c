"""What is called with what, written as a student would write it."""

import re

from course.autograder.checks.language.protocol import Call

CALL = re.compile(r"(?P<results>[\w., ]+?) = (?P<function>\w+)\((?P<arguments>[\w., ]*)\)")


def call(line: str) -> Call:
    """The `Call` behind 'out, cache = batchnorm_forward(x, gamma, beta, bn_param)'.

    Raises:
        ValueError: for a line that is no such assignment.
    """
    found = CALL.fullmatch(line)
    if found is None:
        raise ValueError(f"a call reads 'result, ... = function(argument, ...)'; this one reads '{line}'")
    return Call(found["function"], _names(found["arguments"]), _names(found["results"]))


def _names(listed: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in listed.split(",") if name.strip())
