"""Makes the sealed answers of an assignment: asks Paddle and every mistake about the visible cases, once."""

import functools
import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

import numpy as np

from course.autograder.checks import find_check, list_checks
from course.autograder.checks.language.spec import Answers, Arrays, Check, Corner, Output
from course.autograder.checks.language.stand_ins import Seeded
from course.autograder.judging.asking import EXCEPTION
from course.autograder.judging.comparing import near
from course.autograder.judging.computing import Computed, question
from course.autograder.judging.excerpts import Excerpts, Sketched
from course.autograder.judging.seal import rounded, written
from course.autograder.judging.sealed import KnownCase, KnownCheck, packed
from course.autograder.judging.shortening import COARSE, arrays_in, excerpted, in_terms_of
from course.autograder.judging.sketch import Sketch
from course.languages.catalogue import LOCALES
from course.languages.saying import Words
from course.languages.words import words_of

SEED = 0  # of the cases that a release shows
FINE = 1e-7  # relative tolerances below this leave no room for rounding


def _bits(output: Output) -> int:
    return COARSE if output.tolerances.float64.rtol >= FINE else 52


def _rounded(value: Any, bits: int) -> Any:
    """The same with all its arrays rounded; a sketch stands for what is refused, as no such array travels."""
    if value is EXCEPTION:
        return Sketch.of(value)
    if isinstance(value, np.ndarray):
        return rounded(value, bits)
    if isinstance(value, tuple):
        return tuple(_rounded(item, bits) for item in value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{f.name: _rounded(getattr(value, f.name), bits) for f in fields(value)})
    return value


def _tossed_again(value: Any) -> Any:
    """The same inputs with generators of other seeds."""
    if isinstance(value, Seeded):
        return Seeded(value.seed + 1)
    if isinstance(value, Mapping):
        return {key: _tossed_again(item) for key, item in value.items()}
    return value


def _settled(asked: Computed) -> dict[str, Arrays]:
    """What mistakes give, but for what hangs on a draw: no student draws the same, so that nobody's answer is that."""
    if asked.reader is None or asked.case.raises:
        return asked.wrong
    again = replace(asked, inputs=_tossed_again(asked.inputs)).wrong
    return {
        name: {path: array for path, array in wrong.items() if _same(array, again[name].get(path))}
        for name, wrong in asked.wrong.items()
    }


def _wrong(check: Check, right: Mapping[str, Any], wrong: Mapping[str, Answers]) -> dict[int, Answers]:
    """What each mistake gives in the outputs that are compared, where it differs from what is right."""
    found: dict[int, Answers] = {}
    for k, mistake in enumerate(check.misconceptions):
        answers = wrong[mistake.name]
        for output in check.outputs:
            if output.path in answers and not _same(answers[output.path], right.get(output.path)):
                found.setdefault(k, {})[output.path] = _rounded(answers[output.path], _bits(output))
    return found


def _same(one: Any, other: Any) -> bool:
    return (
        isinstance(one, np.ndarray)
        and isinstance(other, np.ndarray)
        and one.shape == other.shape
        and np.array_equal(one, other, equal_nan=one.dtype.kind == other.dtype.kind == "f")
    )


Key = tuple[int, int, str]  # the places of two mistakes, and an output


@dataclass(frozen=True)
class _Pair:
    """What two mistakes give in one output on one case: their places, the output, and the array."""

    first: int
    second: int
    path: str
    array: np.ndarray

    @property
    def key(self) -> Key:
        """The same on all cases."""
        return self.first, self.second, self.path


def _pairs(asked: Computed, news: set[Key]) -> Iterator[_Pair]:
    """Every pair on one case.

    Args:
        asked: the case.
        news: pairs that are news to the judge on some case; those of this one are added, and nothing more is asked of the
            others. A pair is no news where effects that add up or multiply, or that of one of the two alone, give the same.
    """
    place = {m.name: k for k, m in enumerate(asked.check.misconceptions)}
    together = asked.together(asked.pairs())
    outputs = [output for output in asked.check.outputs if output.path in asked.right] if together else []
    shown = {o.path: asked.lineup(o.path, o.tolerances.float64).showing for o in outputs}
    finite: dict[int, bool] = {}  # what is one array for several pairs is asked once
    for (first, second), made in together.items():
        for output in outputs:
            array, right = made.get(output.path), asked.right[output.path]
            if not isinstance(array, np.ndarray) or array.dtype.kind not in "fiub":
                continue
            if id(array) not in finite:
                finite[id(array)] = bool(np.isfinite(array).all())
            if not finite[id(array)]:
                continue
            pair = _Pair(place[first], place[second], output.path, array)
            if pair.key not in news:
                alone = [asked.wrong[name].get(output.path, right) for name in (first, second)]
                which = [name in shown[output.path] for name in (first, second)]
                made_up = (
                    _composed(alone[0], alone[1], right) if all(which) else itertools.compress(alone, which)
                )
                if not any(near(array, one, output.tolerances.float64) for one in made_up):
                    news.add(pair.key)
            yield pair


def _sketched(pairs: list[list[_Pair]], news: set[Key]) -> list[tuple[tuple[int, int, str, Sketch], ...]]:
    """By case, the sketches of all pairs that are news on some case: a pair must fit all cases to be named."""
    made: dict[int, Sketch] = {}  # what is one array for several pairs is sketched once

    def sketch(array: np.ndarray) -> Sketch:
        if id(array) not in made:
            made[id(array)] = _coarse(Sketch.of(array))
        return made[id(array)]

    return [tuple((*p.key, sketch(p.array)) for p in case if p.key in news) for case in pairs]


def _composed(one: np.ndarray, other: np.ndarray, right: np.ndarray) -> list[np.ndarray]:
    if not one.shape == other.shape == right.shape or right.dtype.kind not in "fiu":
        return []
    one, other, right = (array.astype(np.float64) for array in (one, other, right))
    with np.errstate(all="ignore"):
        return [one + other - right, *([one / right * other] if right.all() else [])]


def _coarse(sketch: Sketch) -> Sketch:
    return replace(sketch, sums=rounded(sketch.sums, 36))


def _only(check: Check, answers: Mapping[str, Any]) -> dict[str, Any]:
    paths = [output.path for output in check.outputs]
    return {path: answers[path] for path in paths if path in answers}


def _case(check: Check, asked: Computed, pairs: tuple[tuple[int, int, str, Sketch], ...]) -> KnownCase:
    case, drawn = asked.case, asked.reader is not None and not asked.case.raises
    right: Arrays = {} if case.raises else _only(check, asked.right)
    wrong: dict[int, Sketched] = _wrong(check, right, _settled(asked))
    excerpts: dict[str, Excerpts] = {}
    for output in check.outputs if asked.reader is None else ():
        taken, wrong = excerpted(output, right.get(output.path), wrong, _bits(output))
        excerpts |= {output.path: taken} if taken is not None else {}
    right_forms = _only(check, asked.right_forms) if drawn else {}
    wrong_forms = _wrong(check, {}, asked.wrong_forms) if drawn else {}
    known = [*arrays_in(right_forms), *arrays_in(dict(asked.inputs))]
    return KnownCase(
        name=case.name,
        steps=case.steps,
        raises=case.raises,
        tells=case.tells,
        inputs=asked.inputs,
        right=right,
        wrong=wrong,
        excerpts=excerpts,
        pairs=pairs,
        ground=None if case.raises else asked.ground,
        reader=asked.reader if drawn else None,
        properties=_rounded(tuple(asked.properties), COARSE) if drawn else (),
        right_forms=right_forms,
        wrong_forms=in_terms_of(known, wrong_forms),
        ground_form=asked.ground_form if drawn else None,
    )


def _corners(check: Check) -> tuple[Corner, ...]:
    """The corners that lie among the visible cases; no release has the name of a hidden one."""
    visible = {case.name for case in check.cases}
    inside = [
        replace(one, cases=tuple(case for case in one.cases if case in visible)) for one in check.corners
    ]
    return tuple(one for one in inside if one.cases)


def known_check(check: Check, *, cases: bool = True) -> KnownCheck:
    """Everything that a release knows of a check."""
    asked = [question(check.name, index, SEED) for index in range(len(check.cases))] if cases else []
    news: set[Key] = set()
    pairs = _sketched([list(_pairs(one, news)) for one in asked], news)
    return KnownCheck(
        name=check.name,
        assignment=check.assignment,
        points=check.points,
        functions=check.functions,
        steps=check.steps,
        outputs=check.outputs,
        may_change=check.may_change,
        also=check.also,
        mistakes=tuple((m.name, m.advice) for m in check.misconceptions) if cases else (),
        random=(check.observe is not None, check.properties is not None),
        rests_on=known_check(check.rests_on, cases=False) if check.rests_on else None,
        cases=tuple(_case(check, one, some) for one, some in zip(asked, pairs, strict=True)),
        corners=_corners(check),
        extra=check.extra,
        called=tuple(check.called.items()),
    )


def _texts(check: Check) -> Iterator[str]:
    """What a release says of a check by name: its visible cases, its corners, its mistakes and their advice."""
    yield from (case.name for case in check.cases)
    yield from (corner.name for corner in _corners(check))
    yield from check.called.values()
    for mistake in check.misconceptions:
        yield from (mistake.name, mistake.advice)


@functools.cache
def sealed_words(assignment: str) -> bytes:
    """The sealed file with an assignment's words in other languages: a block for each language, of those there are."""
    texts = [text for name in list_checks(assignment) for text in _texts(find_check(name))]
    blocks = {}
    for language in LOCALES:
        words = Words.of_pairs(words_of(language))
        pairs = {text: other for text in texts if (other := words.of(text)) != text}
        blocks[language] = json.dumps(pairs, ensure_ascii=False).encode()
    return written(assignment, blocks, dict.fromkeys(blocks, 0.0))


@functools.cache
def sealed_answers(assignment: str) -> bytes:
    """The sealed file of an assignment: a block for each of its checks."""
    checks = [find_check(name) for name in list_checks(assignment)]
    blocks = {check.name: packed(known_check(check)) for check in checks}
    extra = [check.name for check in checks if check.extra]
    return written(assignment, blocks, {check.name: check.points for check in checks}, extra)
