"""What a case of dropout asks for, and the inputs that it draws."""

from typing import Any, NamedTuple

import numpy as np

from course.autograder.checks.dropout import ASSIGNMENT as ASSIGNMENT
from course.autograder.checks.dropout.chance import CALLS
from course.autograder.checks.language import Call, Inputs, Seeded, Strided, call
from course.autograder.checks.language.draws import Generator, away_from_zero, draw
from course.reference.dropout import UPSCALE

Axes = tuple[int, ...]


class Settings(NamedTuple):
    """p, mode and scaling of a case, in the order in which the reference takes them."""

    p: float
    mode: str
    scaling: str

    @property
    def tossed(self) -> bool:
        """Whether coins decide: while training, at a p that leaves a choice."""
        return self.mode == "train" and 0 < self.p < 1

    @property
    def training(self) -> float:
        """What a kept value is multiplied by while training; 0 where none is kept."""
        if self.scaling != UPSCALE:
            return 1.0
        return 1 / (1 - self.p) if self.p < 1 else 0.0

    @property
    def factor(self) -> float:
        """What a value that is there is multiplied by in this mode."""
        if self.mode == "train":
            return self.training
        return 1.0 if self.scaling == UPSCALE else 1 - self.p


def settings(i: Inputs) -> Settings:
    """The settings of a case, from dropout_param or from the workspace itself."""
    s = i.get("dropout_param", i)
    return Settings(s["p"], s.get("mode", "train"), s.get("scaling", UPSCALE))


def tossed(i: Inputs) -> bool:
    """Whether coins decide in this case."""
    return settings(i).tossed


def at_test(i: Inputs) -> bool:
    """Whether this case is in test mode."""
    return settings(i).mode == "test"


def default(i: Inputs) -> bool:
    """Whether this case leaves the scaling to Paddle's default."""
    return "scaling" not in i["dropout_param"]


def seed_of(i: Inputs) -> int:
    """The number that a case's generator starts from."""
    return (i.get("rng") or i["dropout_param"]["rng"]).seed


def values(r: Generator, shape: tuple[int, ...], dtype: str = "float64") -> np.ndarray:
    """Values of both signs, none near 0, so that a zero in an answer is a value that was dropped."""
    return away_from_zero(r, shape, 0.3, 2.0).astype(dtype)


def seeded(r: Generator) -> Seeded:
    """A generator of the student's own, as data."""
    return Seeded(int(r.integers(1, 2**31)))


def param(r: Generator, p: float, mode: str, scaling: str | None, **more: Any) -> dict[str, Any]:
    """dropout_param; without `scaling` where None is given, so that Paddle's default holds."""
    chosen = {} if scaling is None else {"scaling": scaling}
    return {"p": p, "mode": mode, **chosen, "rng": seeded(r), **more}


def numbered(name: str, count: int) -> tuple[str, ...]:
    """name, name2, name3, ..."""
    return (name, *(f"{name}{k}" for k in range(2, count + 1)))


def copies(array: Any, count: int) -> Inputs:
    """One x under the names that calls pass, one more than `repeated` does: who changes one leaves the next alone."""
    return dict.fromkeys((*numbered("x", count), "x_again"), array)


def twins(given: dict[str, Any]) -> Inputs:
    """A dict for the calls, and another for one more call, whose generator starts from the same seed."""
    return {"dropout_param": given, "twin_param": given}


def repeated(line: str, count: int) -> tuple[Call, ...]:
    """The call of a line `count` times, each with an x (its first argument) and results of its own."""
    once = call(line)
    x, *rest = once.arguments
    rows = zip(*(numbered(name, count) for name in (x, *once.results)), strict=True)
    return tuple(Call(once.function, (first, *rest), tuple(results)) for first, *results in rows)


@draw
def layer(
    r: Generator, shape: tuple[int, ...], p: float, scaling: str | None, mode: str = "train", *,
    count: int = CALLS, dtype: str = "float64", strided: bool = False, **more: Any,
) -> Inputs:  # fmt: skip
    """An x for each of some calls and one dropout_param, with more in it than usual where that is given."""
    x = values(r, shape, dtype)
    return {
        **copies(Strided(x) if strided else x, count),
        **twins(param(r, p, mode, scaling, **more)),
    }
