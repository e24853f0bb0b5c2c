"""Pairs of hand-ins, ranked by how unlikely it is in this class that both have what they share."""

import statistics
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from course.autograder.insight.similarity.functions import Function
from course.autograder.insight.similarity.index import Index

OTHERS = 0.25  # of the scores of all functions but the first
SMALL = 15  # hand-ins: in a smaller class a line that two have may be what all would write
LEAST = 20.0  # a score below it never stands out


@dataclass(frozen=True)
class Shared:
    """One thing that two functions share.

    Attributes:
        weight: log2(N / 2n).
        having: n, how many in the class have it.
        what: 'line', 'part of a line', 'name', 'text', 'comment', or 'comment there' for one before the same line.
        one, other: first and last line in either function's text.
        shown: the first one's words, for a name, a comment or a text.
    """

    weight: float
    having: int
    what: str
    one: tuple[int, int]
    other: tuple[int, int]
    shown: str = ""

    @property
    def of_code(self) -> bool:
        """Whether the machine reads it."""
        return "line" in self.what


@dataclass(frozen=True)
class Alike:
    """What two hand-ins share in one function.

    Attributes:
        name: of the function.
        of: N, how many in the class wrote it.
        shared: the rarest first; what weighs nothing is not there.
        share: of the weight of the shorter function's own lines, how much is shared, 0 to 1.
    """

    name: str
    of: int
    shared: tuple[Shared, ...]
    share: float

    @property
    def weight(self) -> float:
        """The sum."""
        return sum(one.weight for one in self.shared)

    @property
    def score(self) -> float:
        """The weight, less where the rest of both functions is unlike: who thinks alike shares some lines, who copies most."""
        return self.weight * self.share**2


@dataclass(frozen=True)
class Pair:
    """Two students, by place in the class, with the functions in which they share something, the most unlikely first."""

    one: int
    other: int
    functions: tuple[Alike, ...]

    @property
    def score(self) -> float:
        """What pairs are ranked by: one function that was copied is enough; the others add less, for habits show in all."""
        first, *rest = (one.score for one in self.functions)
        return first + OTHERS * sum(rest)


def compared(index: Index, one: int, other: int, name: str) -> Alike | None:
    """What two students share in a function that is not common; None where it is nothing."""
    mine, theirs = (index.class_[place].functions[name] for place in (one, other))
    sides = [_lines_shared(index, mine, theirs), [_turned(s) for s in _lines_shared(index, theirs, mine)]]
    lines = min(sides, key=lambda side: sum(s.weight for s in side))
    words = list(_words_shared(index, mine, theirs))
    if not lines and not words:
        return None
    own = min(index.own_weight(one, name), index.own_weight(other, name))
    share = min(1.0, sum(s.weight for s in lines) / own) if own else 0.0
    shared = sorted((*lines, *words), key=lambda s: (-s.weight, s.one))
    return Alike(name, index.wrote[name], tuple(shared), share)


def _lines_shared(index: Index, one: Function, other: Function) -> list[Shared]:
    """For each line of the first, the most telling thing in it that the second has as well; nothing counts twice."""
    there: dict[int, tuple[int, int]] = {}
    for line in other.lines:
        for number in line.shapes:
            there.setdefault(number, (line.first, line.last))
    counted: set[int] = set()
    found = []
    for line in one.lines:
        both = [n for n in line.shapes if n in there and n not in counted]
        if not both:
            continue
        best = max(both, key=lambda n: index.weight((one.name, n)))
        weight = index.weight((one.name, best))
        if weight > 0:
            counted |= set(both)
            what = "line" if best in line.whole else "part of a line"
            having = len(index.places[one.name, best])
            found.append(Shared(weight, having, what, (line.first, line.last), there[best]))
    return found


def _turned(shared: Shared) -> Shared:
    return Shared(shared.weight, shared.having, shared.what, shared.other, shared.one, shared.shown)


def _words_shared(index: Index, one: Function, other: Function) -> Iterator[Shared]:
    there = {key: word.line for word in reversed(other.words) for key in word.keys}
    for word in one.words:
        both = [key for key in word.keys if key in there]
        if not both:
            continue
        best = max(both, key=lambda key: index.weight((one.name, key)))
        weight = index.weight((one.name, best))
        if weight > 0:
            line, its, having = word.line, there[best], len(index.places[one.name, best])
            what = f"{word.kind} there" if best != word.key else word.kind
            yield Shared(weight, having, what, (line, line), (its, its), word.shown)


@dataclass(frozen=True)
class Ranking:
    """A class's pairs.

    Attributes:
        pairs: the most unlikely first; no more than were asked for.
        stands_out: the score above which a pair lies apart from the rest of this class; None for a class too small to say.
        whole: False where so much is shared by so many that the least rare of it led to no pair.
    """

    pairs: tuple[Pair, ...]
    stands_out: float | None
    whole: bool = True


def ranked(index: Index, most: int) -> Ranking:
    """The pairs that share most of what is rare."""
    found, whole = index.candidates()
    best: dict[tuple[int, int], float] = defaultdict(float)
    for one, other, name in found:
        alike = compared(index, one, other, name)
        if alike is not None:
            best[one, other] = max(best[one, other], alike.score)
    first = sorted((pair for pair in best if best[pair] > 0), key=lambda pair: (-best[pair], pair))
    pairs = sorted(
        (_pair(index, *pair) for pair in first[: 2 * most]), key=lambda pair: (-pair.score, pair.one, pair.other)
    )  # fmt: skip
    return Ranking(tuple(pairs[:most]), _stands_out(best, len(index.class_)), whole)


def _stands_out(best: Mapping[tuple[int, int], float], size: int) -> float | None:
    """Far above what the nearest other hand-in is for most: the median, and six times the median deviation from it."""
    if size < SMALL:
        return None
    nearest = [0.0] * size
    for pair, score in best.items():
        for place in pair:
            nearest[place] = max(nearest[place], score)
    middle = statistics.median(nearest)
    return max(LEAST, middle + 6 * statistics.median(abs(score - middle) for score in nearest))


def _pair(index: Index, one: int, other: int) -> Pair:
    both = [name for name in index.class_[one].functions if name in index.class_[other].functions]
    alike = [found for name in both if (found := compared(index, one, other, name)) is not None]
    return Pair(one, other, tuple(sorted(alike, key=lambda a: (-a.score, a.name))))
