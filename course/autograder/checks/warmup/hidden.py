"""Cases of ps0 that no release has: other sizes, and the edges that its text states."""

from course.autograder.checks.language.draws import Generator
from course.autograder.checks.language.spec import Case, Inputs
from course.autograder.checks.warmup.functions import values


def _with_zeros(r: Generator) -> Inputs:
    x = values(r, (4, 3))["x"]
    x[1] = 0
    return {"x": x}


HIDDEN = {
    "relu": (
        Case("one row", lambda r: values(r, (1, 7))),
        Case("zeros among the values", _with_zeros),
    ),
    "l1_norm": (
        Case("one row", lambda r: values(r, (1, 6))),
        Case("one column", lambda r: values(r, (6, 1))),
        Case("a row of zeros", _with_zeros),
    ),
}
