"""The shapes of mistakes: most wrong answers are the right one with another argument, factor, order or place.

Each constructor makes what a `Mistake` computes: a function from a case's inputs to the outputs that go wrong. A
`reference` is any such function, the right one as a rule, so that shapes can be put into each other.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from course.autograder.checks.language.spec import Answers, Inputs, Mistake, Mistakes

Wrong = Callable[[Inputs], Answers]


def of(output: str, change: Callable[[Inputs], Any]) -> Wrong:
    """One output alone, computed from the inputs."""
    return lambda i: {output: change(i)}


def mistakes_in(output: str) -> Callable[[str, Callable[[Inputs], Any]], Mistake]:
    """A `Mistake` of one output: mistakes_in("out")("There is no ReLU here.", lambda i: np.maximum(right(i), 0))."""
    return lambda advice, change: Mistake(advice, of(output, change))


def read(i: Inputs, changes: dict[str, Any]) -> Inputs:
    """The inputs as they are read by someone who takes some of them for others: values, or functions of the inputs."""
    return {**i, **{name: change(i) if callable(change) else change for name, change in changes.items()}}


def instead(reference: Wrong, *only: str, **changes: Any) -> Wrong:
    """What the reference gives for other inputs: an argument ignored, hard-coded, negated, or taken for another.

    Args:
        reference: what is asked.
        only: the outputs that this changes, where it does not change all.
        changes: by input, its value or a function of the inputs.
    """

    def wrong(i: Inputs) -> Answers:
        found = reference(read(i, changes))
        return {path: found[path] for path in only} if only else found

    return wrong


def only(reference: Wrong, *paths: str) -> Wrong:
    """These outputs, as far as the reference gives them; the others stay right."""
    return lambda i: {path: value for path, value in reference(i).items() if path in paths}


def without(reference: Wrong, *paths: str) -> Wrong:
    """All outputs but these."""
    return lambda i: {path: value for path, value in reference(i).items() if path not in paths}


def where(condition: Callable[[Inputs], Any], reference: Wrong) -> Wrong:
    """A mistake that shows only on cases of which the condition is true."""
    return lambda i: reference(i) if condition(i) else {}


def after(reference: Wrong, *paths: str, change: Callable[[Any], Any]) -> Wrong:
    """Outputs with something done to them at the end: a root taken, an axis kept, a transpose. All without paths."""

    def wrong(i: Inputs) -> Answers:
        found = reference(i)
        return {path: change(found[path]) for path in paths or found}

    return wrong


def scaled(reference: Wrong, *paths: str, by: float | Callable[[Inputs], float]) -> Wrong:
    """Outputs off by a factor: a 2 forgotten, a sum for a mean. All of them without paths."""

    def wrong(i: Inputs) -> Answers:
        factor = by(i) if callable(by) else by
        return after(reference, *paths, change=lambda value: value * factor)(i)

    return wrong


def returned_as(reference: Wrong, places: Mapping[str, str]) -> Wrong:
    """Outputs returned in the places of others: by the place, whose it is that stands there."""

    def wrong(i: Inputs) -> Answers:
        found = reference(i)
        return {place: found[output] for place, output in places.items()}

    return wrong


def swapped(reference: Wrong, first: str, second: str) -> Wrong:
    """Two outputs returned in each other's place."""
    return returned_as(reference, {first: second, second: first})


def exchanged(reference: Wrong, first: str, second: str) -> Wrong:
    """Two inputs taken for each other."""
    return instead(reference, **{first: lambda i: i[second], second: lambda i: i[first]})


def other_defaults(reference: Wrong, parameters: str, **values: tuple[float, ...]) -> dict[str, Mistake]:
    """Mistakes in what stands for an entry that a dict of settings lacks.

    Args:
        reference: what is asked.
        parameters: the input that is such a dict.
        values: by entry, what students take in place of the default.
    """

    def wrong(entry: str, value: float) -> Wrong:
        filled = instead(reference, **{parameters: lambda i: {**i[parameters], entry: value}})
        return where(lambda i: entry not in i[parameters], filled)

    told = "Where {} has no {}, it is not {:g}: the text says which value stands for it."
    return {
        f"{entry} is {value:g} when absent": Mistake(
            told.format(parameters, entry, value), wrong(entry, value)
        )
        for entry, listed in values.items()
        for value in listed
    }


def of_shape(shape: tuple[int, ...]) -> np.ndarray:
    """An array of the wrong shape, whatever is in it: NaN everywhere stands for any values."""
    return np.full(shape, np.nan)


def zeros(name: str) -> Callable[[Inputs], np.ndarray]:
    """An input as one who forgets to add it reads it."""
    return lambda i: np.zeros_like(i[name])


def ones(name: str) -> Callable[[Inputs], np.ndarray]:
    """An input as one who forgets to multiply by it reads it."""
    return lambda i: np.ones_like(i[name])


def negated(name: str) -> Callable[[Inputs], Any]:
    """An input with the opposite sign: subtracted for added."""
    return lambda i: -i[name]


def picked(table: Mistakes, *names: str) -> dict[str, Mistake]:
    """Some of a table's mistakes, in the order of the table. Raises KeyError for a name that it lacks."""
    missing = set(names) - set(table)
    if missing:
        raise KeyError(f"no mistakes are called {sorted(missing)}")
    return {name: mistake for name, mistake in table.items() if name in names}


def but(table: Mistakes, *names: str) -> dict[str, Mistake]:
    """A table's mistakes without some. Raises KeyError for a name that it lacks."""
    dropped = picked(table, *names)
    return {name: mistake for name, mistake in table.items() if name not in dropped}


def inside(
    table: Mistakes, given: Callable[[Inputs], Inputs], onward: Callable[[Inputs, Answers], Answers]
) -> dict[str, Mistake]:
    """A piece's mistakes as they show in a function that is built of it, by the same names.

    Args:
        table: the piece's mistakes.
        given: the inputs that the piece gets there, from the function's.
        onward: what the function makes of the piece's outputs, from its own inputs and those.
    """

    def through(wrong: Wrong) -> Wrong:
        return lambda i: onward(i, wrong(given(i)))

    return {name: Mistake(m.advice, through(m.wrong)) for name, m in table.items()}


def limited(table: Mistakes, condition: Callable[[Inputs], Any]) -> dict[str, Mistake]:
    """A table's mistakes, each shown only `where` the condition is true."""
    return {name: Mistake(m.advice, where(condition, m.wrong)) for name, m in table.items()}
