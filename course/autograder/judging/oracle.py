"""Right answers for a function that was judged wrong, while another is judged a second time with a stand-in for it.

The questions come from the student's process, which may be hostile: only what looks like the check's own inputs is
answered, so many times, and only for the functions that were named at the start.
"""

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from course.autograder.checks import find_check, list_checks
from course.autograder.checks.language.protocol import Call
from course.autograder.checks.language.spec import Arrays, Check, Inputs
from course.autograder.judging.computing import arrays, question
from course.common.quiet import quiet_stderr

MOST = 500  # answers in one second judgement
DIMENSIONS = 6  # of an array that is asked about
LARGE = 50_000  # values that an array may have
ROOM = 4  # times as many as in the check's own cases, where a size is asked about too: the answer grows with both
TWICE = 2  # the largest whole number in the check's own cases: it may be a size
LARGEST, ENTRIES = 10_000, 20  # of a shape


class Refused(Exception):
    """What is asked is nothing that the check could have asked."""


@dataclass
class Kind:
    """What an argument of a function may be, from what it is in the check's own cases.

    Attributes:
        size: how many values an array may have; 0 where it is none.
        number: the largest that it is; negative where it is none.
        tuples, nothing: whether it is a tuple, or None.
        texts: that it is.
        entries: of the dict that it is.
        always: those of them that are never missing.
    """

    size: int = 0
    number: float = -1
    tuples: bool = False
    nothing: bool = False
    texts: set[str] = field(default_factory=set)
    entries: dict[str, "Kind"] = field(default_factory=dict)
    always: frozenset[str] | None = None

    def learn(self, value: Any) -> None:
        """Take in one more value that it may have."""
        if isinstance(value, np.ndarray):
            self.size = max(self.size, value.size)
        elif isinstance(value, str):
            self.texts.add(value)
        elif isinstance(value, Mapping):
            self.always = frozenset(value) if self.always is None else self.always & frozenset(value)
            for name, entry in value.items():
                self.entries.setdefault(name, Kind()).learn(entry)
        elif isinstance(value, (tuple, list)):
            self.tuples = True
        elif value is None:
            self.nothing = True
        else:
            self.number = max(self.number, abs(value))

    def widen(self, *, sized: bool) -> None:
        """Take larger arrays than the check's own, too.

        Args:
            sized: whether a size is asked about beside them.
        """
        if self.size:
            self.size = ROOM * self.size if sized else LARGE
        for entry in self.entries.values():
            entry.widen(sized=sized)

    def taken(self, value: Any) -> Any:
        """The value, if it may be one. Raises Refused."""
        if isinstance(value, np.ndarray):
            return self._array(value)
        if isinstance(value, Mapping) and self.always is not None and self._needed <= set(value):
            # What a student keeps there beside the settings is none of the question.
            return {name: kind.taken(value[name]) for name, kind in self.entries.items() if name in value}
        if isinstance(value, (tuple, list)) and self.tuples and len(value) <= ENTRIES:
            return tuple(_size(one) for one in value)
        if (isinstance(value, str) and value in self.texts) or (
            value is None and (self.nothing or self.size)
        ):
            return value  # None for an array: a mask that plays no part
        if isinstance(value, (bool, int, float)) and self.number >= 0:
            return _number(value, TWICE * max(1, self.number))
        raise Refused

    @property
    def _needed(self) -> set[str]:
        """Settings that are never missing: without a mode there is no answer. Arrays and numbers have defaults."""
        return {name for name in self.always or () if self.entries[name].texts}

    def _array(self, value: np.ndarray) -> np.ndarray:
        fits = value.ndim <= DIMENSIONS and 0 < value.size <= self.size
        if not fits or value.dtype.kind not in "fiub":
            raise Refused
        single = value.dtype.kind == "f" and value.dtype.itemsize <= 4
        return np.ascontiguousarray(value, np.float32 if single else np.float64)


def _size(value: Any) -> Any:
    """An entry of a shape, or of padding in pairs."""
    if isinstance(value, (tuple, list)) and len(value) <= ENTRIES:
        return tuple(_number(one, LARGEST) for one in value)
    return _number(value, LARGEST)


def _number(value: Any, largest: float) -> Any:
    whole = isinstance(value, (bool, int)) and abs(value) <= largest
    if not whole and not (isinstance(value, float) and np.isfinite(value)):
        raise Refused
    return value


@dataclass(frozen=True)
class Helper:
    """A function that a right one can stand in for.

    Attributes:
        name: of the function.
        check: one that asks about it.
    """

    name: str
    check: Check

    @property
    def call(self) -> Call:
        """How it is called."""
        return next(s for s in self.check.steps if isinstance(s, Call) and s.function == self.name)

    @property
    def first(self) -> Call | None:
        """The call that makes the cache which it is called with; None where it is called with none."""
        step = self.check.steps[0]
        return step if isinstance(step, Call) and step.function != self.name else None

    @property
    def asked(self) -> tuple[str, ...]:
        """Names of the values that its answer follows from."""
        if self.first is None:
            return self.call.arguments
        made = self.first.results
        return (*self.first.arguments, *(name for name in self.call.arguments if name not in made))

    @functools.cached_property
    def kinds(self) -> dict[str, Kind]:
        """What each of them may be, in the cases of all checks of the function that have the same right answers."""
        found = {name: Kind() for name in self.asked}
        checks = [helper.check for helper in helpers(self.check.assignment, self.name)]
        for check in (one for one in checks if one.reference is self.check.reference):
            for index in range(len(check.cases)):
                values = question(check.name, index, 0).values
                for name, kind in found.items():
                    if name in values:
                        kind.learn(values[name])
        sized = any(type(values.get(name)) is int for name in found)
        for kind in found.values():
            kind.widen(sized=sized)
        return found

    def inputs(self, given: Mapping[str, Any]) -> Inputs:
        """What came, as inputs of the check. Raises Refused."""
        if set(given) != set(self.asked):
            raise Refused
        return {name: self.kinds[name].taken(value) for name, value in given.items()}


def _answerable(check: Check) -> bool:
    calls = [step for step in check.steps if isinstance(step, Call)]
    once = [step.function for step in calls].count(check.functions[-1]) == 1 and len(calls) == len(
        check.steps
    )
    plain = check.observe is None and check.properties is None and not all(c.raises for c in check.cases)
    return once and plain and (len(calls) == 1 or check.rests_on is not None)


@functools.cache
def helpers(assignment: str, function: str) -> tuple[Helper, ...]:
    """By which checks a function can be answered for; none where its answers are random, say."""
    checks = map(find_check, list_checks(assignment))
    return tuple(Helper(function, c) for c in checks if c.functions[-1] == function and _answerable(c))


class Oracle:
    """Answers for some functions, so many times."""

    def __init__(self, assignment: str, functions: Iterable[str]) -> None:
        """Nothing was asked yet.

        Args:
            assignment: whose checks know the answers.
            functions: those that were judged wrong.
        """
        self._helpers = {name: helpers(assignment, name) for name in functions}
        self.used: dict[str, None] = {}
        self.asked = 0

    def __call__(self, function: Any, given: Any) -> Arrays | None:
        """The right outputs by path; None where there is no answer to what is asked."""
        self.asked += 1
        known = self._helpers.get(function, ()) if isinstance(function, str) else ()
        if self.asked > MOST or not isinstance(given, dict):
            return None
        for helper in known:
            try:
                inputs = helper.inputs(given)
                with np.errstate(all="ignore"), quiet_stderr():
                    found = arrays(helper.check.reference(inputs))
            except Exception:  # of these values Paddle makes nothing, or they are none of this check's
                continue
            self.used[function] = None
            return {o.path: found[o.path] for o in helper.check.outputs if o.path in found}
        return None
