"""Answers that are random: what is read of a student's own draw, and how everything else follows from it.

No reference can say what a student's coins should have shown. So a check says, from the inputs of a case and as plain
data, how the draw is read out of an answer (a `Reader`), what must be true of it (`Property`), and what the right
outputs and the well-known wrong ones are for whatever was drawn (`Form`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

SEEN = "(seen)"  # among a case's inputs where answers to a draw are asked for, as forms; no argument has this name


@dataclass(frozen=True)
class Flaw:
    """What a property found wrong in an output that no reference can be compared with.

    Attributes:
        output: whose flaw it is.
        advice: one sentence.
        misconception: the mistake that it shows, where that is known.
        plain: what is said where no one mistake fits all cases that show this flaw; '' where the name stands anyhow.
        fits: where there is a plain sentence, the advice of each mistake that fits this case, by its name.
        mostly: whether a mistake need fit most of these cases only, and is then named on those that it fits.
        always: whether the mistake would show wherever coins decide; where some such case does not show it, it is chance.
        all_there_is: whether nothing else needs to be said of this output on this case.
        taints: outputs that follow from the same draw, and are not called right although they fit it.
    """

    output: str
    advice: str
    misconception: str = ""
    plain: str = ""
    fits: Mapping[str, str] = field(default_factory=dict)
    all_there_is: bool = False
    mostly: bool = False
    taints: tuple[str, ...] = ()
    always: bool = False


@dataclass(frozen=True)
class Seen:
    """What was read of a draw.

    Attributes:
        draws: arrays by name: True where a value was kept, say.
        facts: what is true of them; a form may hold only where some are.
        unread: whether no draw could be told after all, so that answers stay those of before, and a property says so.
    """

    draws: dict[str, np.ndarray] = field(default_factory=dict)
    facts: frozenset[str] = frozenset()
    unread: bool = False


class Reader(Protocol):
    """Reads a student's draw out of what came."""

    def read(self, got: dict[str, np.ndarray]) -> Seen | None:
        """What was drawn; None where that cannot be told (an output has another shape, say)."""


class Property(Protocol):
    """Something that must be true of what was drawn."""

    def flaws(self, seen: Seen, got: dict[str, np.ndarray]) -> list[Flaw]:
        """What is not as it should be."""


class Form(Protocol):
    """An output as it follows from the draw."""

    def of(self, seen: Seen) -> np.ndarray | None:
        """The output for this draw; None where it has no answer."""


def unseen(inputs: dict[str, Any]) -> bool:
    """Whether no answer of a student's has been read yet."""
    return SEEN not in inputs


def seen(inputs: dict[str, Any]) -> dict[str, Any]:
    """The inputs, asking for forms."""
    return {**inputs, SEEN: True}
