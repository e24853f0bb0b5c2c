"""Who in a class has what, and how unusual that is.

A line that half of the class has weighs nothing, and each halving of the number who have it adds 1: with N hand-ins of a function
and n of them with the line, log2(N / 2n). This is inverse document frequency (Sparck Jones, 1972, Journal of Documentation 28),
with the zero moved to where nothing is unusual any more. Pairs that share nothing rare are never looked at: what is rare leads to
those who have it, so that the cost grows with what is shared and not with the square of the class.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations

from course.autograder.insight.similarity.functions import OWN, Function, HandedIn

RARE = 0.05  # of those who wrote a function: what more have leads to no pair
FEW = 12  # so many may have it in any class
MOST_MEETINGS = 4_000_000  # of two hand-ins over one shape; past them, the less rare ones lead to no pair
MOST_COMPARED = 4_000  # pairs of functions that are compared line by line
Feature = tuple[str, object]  # the function's name, and a shape's number or a word
Candidate = tuple[int, int, str]  # two students by place, and a function's name


class Index:
    """Who in a class has what."""

    def __init__(self, class_: Sequence[HandedIn]) -> None:
        """Read off what each has."""
        self.class_ = class_
        self._own: dict[tuple[int, str], float] = {}
        self.wrote = Counter(name for one in class_ for name in one.functions)
        self.wrote[OWN] = len(class_)  # nobody is asked for helpers: whoever has none has none like these
        self.places: dict[Feature, list[int]] = defaultdict(list)
        for place, one in enumerate(class_):
            for feature in {f for function in one.functions.values() for f in features(function)}:
                self.places[feature].append(place)

    def weight(self, feature: Feature) -> float:
        """How unusual it is; of what one alone has, as if two had it."""
        having = max(2, len(self.places[feature]))
        return max(0.0, math.log2(self.wrote[feature[0]] / (2 * having)))

    def own_weight(self, place: int, name: str) -> float:
        """What all lines of one's function weigh."""
        if (place, name) not in self._own:
            counted: set[int] = set()
            total = 0.0
            for line in self.class_[place].functions[name].lines:
                new = [n for n in line.shapes if n not in counted]
                counted |= set(new)
                total += max((self.weight((name, n)) for n in new), default=0.0)
            self._own[place, name] = total
        return self._own[place, name]

    def candidates(self) -> tuple[list[Candidate], bool]:
        """Pairs that share something rare in a function, the most promising first; and whether none had to be left out."""
        met: dict[Candidate, float] = defaultdict(float)
        meetings, whole = 0, True
        rare = sorted(
            (len(places), str(feature), feature) for feature, places in self.places.items()
            if 2 <= len(places) <= max(FEW, RARE * self.wrote[feature[0]])
        )  # fmt: skip
        for having, _, feature in rare:
            meetings += having * (having - 1) // 2
            if meetings > MOST_MEETINGS:
                whole = False
                break
            weight = self.weight(feature)
            for one, other in combinations(self.places[feature], 2) if weight else ():
                met[one, other, feature[0]] += weight
        best = sorted(met, key=lambda found: (-self._promise(met[found], found), found))
        return best[:MOST_COMPARED], whole

    def _promise(self, met: float, found: Candidate) -> float:
        """About what a pair's score will be, by the rare things alone."""
        own = min(self.own_weight(place, found[2]) for place in found[:2])
        return met * min(1.0, met / own if own else 0.0) ** 2


def features(function: Function) -> Iterator[Feature]:
    """What of a function others may have."""
    for line in function.lines:
        for number in line.shapes:
            yield function.name, number
    for word in function.words:
        for key in word.keys:
            yield function.name, key
