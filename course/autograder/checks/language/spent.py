"""A gradient that is asked for twice with one cache: what a function has changed in there shows in the second one."""

from typing import Any

from course.autograder.checks.language.calls import call
from course.autograder.checks.language.draws import Draw, altered
from course.autograder.checks.language.protocol import Call, Step
from course.autograder.checks.language.spec import Case, Corner, Inputs, Mistake
from course.autograder.checks.language.wrong import Wrong, after, where

SPENT = (
    "the cache is used up",
    "The second call with one cache gives another gradient: never change what comes in, the cache included.",
)


def asked_twice(name: str, draw: Draw, steps: tuple[Step | str, ...], gradient: int = -1) -> Case:
    """A case in which the gradient is taken once more with the same cache and another copy of dout.

    What is compared is the second call's. A wrong output is the used cache's alone where it is right on all other
    cases, so the case should have nothing about it that no other has.

    Args:
        name: of the case.
        draw: as in `Case`; with a `dout` in it.
        steps: the check's.
        gradient: the place among them of the call that asks for the gradient.
    """
    done = [call(step) if isinstance(step, str) else step for step in steps]
    first = done[gradient]
    if not isinstance(first, Call):
        raise TypeError("the gradient is asked for by a call")
    again = Call(first.function, ("dout_again", *first.arguments[1:]), first.results)
    done.insert(done.index(first) + 1, again)
    copied = altered(draw, lambda i: {"dout_again": i["dout"]})
    return Case(name, copied, tuple(done), tells=SPENT[0])


def spent(right: Wrong) -> dict[str, Mistake]:
    """The mistake that such a case tells: as it is listed, sums that go on from those of the call before."""
    return {SPENT[0]: Mistake(SPENT[1], where(_twice, after(right, change=_doubled)))}


def _twice(i: Inputs) -> bool:
    return "dout_again" in i


def _doubled(value: Any) -> Any:
    """Twice an array, or a form."""
    return value.times(2.0) if hasattr(value, "times") else 2.0 * value


def spent_corner(case: str) -> Corner:
    """That case as a corner: the gradient itself is right, and asked for once it is worth most of its points."""
    return Corner("a second gradient from one cache", 0.15, (case,))
