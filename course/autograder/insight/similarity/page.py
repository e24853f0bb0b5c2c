"""The page on a class's pairs, for its instructor alone, and the same as CSV."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from markupsafe import Markup, escape

from course.autograder.insight.similarity.functions import Function
from course.autograder.insight.similarity.ranking import SMALL, Alike, Index, Pair, Ranking, Shared, ranked
from course.autograder.insight.similarity.reading import ReadClass
from course.autograder.insight.writing import FOLDER, as_csv, environment, short, style, written
from course.common.text import printable
from course.languages.saying import filled, listed, said

LISTED = 50  # pairs in the table
SHOWN = 30  # of those that stand out side by side
ANYWAY = 5  # side by side whether they stand out or not
MOST_LINES = 120  # of a function; of a longer one, what is near a marked line
MOST_LETTERS = 200  # of a line
NEAR = 3
MOST_WORDS = 12  # names, comments and texts that are listed for one function
STRONG = 3.0  # a line as rare as that is marked in full


@dataclass(frozen=True)
class Side:
    """A function as one of two students wrote it: HTML, its rare lines marked."""

    whose: str
    code: Markup


@dataclass(frozen=True)
class Shown:
    """One function of a pair, side by side."""

    alike: Alike
    sides: tuple[Side, Side]
    lines: int
    words: tuple[Shared, ...]

    @property
    def rarest(self) -> Shared:
        """What fewest have."""
        return self.alike.shared[0]


@dataclass(frozen=True)
class Row:
    """A pair in the table."""

    number: int
    one: str
    other: str
    pair: Pair
    stands_out: bool
    shown: tuple[Shown, ...] = ()

    @property
    def telling(self) -> Alike:
        """The function that tells most."""
        return self.pair.functions[0]


@dataclass(frozen=True)
class Similar:
    """What was written, and what it says."""

    files: tuple[Path, ...]
    rows: tuple[Row, ...]
    ranking: Ranking


def write_similar(root: Path, class_: ReadClass, names: Mapping[str, str] | None = None) -> Similar:
    """Write `reports/ASSIGNMENT-similar.html` and `.csv`.

    Args:
        root: the course folder.
        class_: whose.
        names: by id, to stand beside the ids; only where they were asked for.
    """
    ranking = ranked(Index(class_.handed_in), LISTED)
    rows = rows_of(class_, ranking, names or {})
    files = {
        f"{class_.assignment}-similar.html": page(class_, ranking, rows),
        f"{class_.assignment}-similar.csv": as_csv(_table(rows)),
    }
    return Similar(written(root / FOLDER, files), rows, ranking)


def rows_of(class_: ReadClass, ranking: Ranking, names: Mapping[str, str]) -> tuple[Row, ...]:
    """The pairs as they are shown, the first few with their code."""

    def called(place: int) -> str:
        student = class_.handed_in[place].student
        return f"{student} ({names[student]})" if names.get(student) else student

    least = ranking.stands_out
    rows = []
    for number, pair in enumerate(ranking.pairs, 1):
        one, other = printable(called(pair.one)), printable(called(pair.other))
        apart = least is not None and pair.score > least
        side_by_side = number <= (SHOWN if apart else ANYWAY)
        shown = _side_by_side(class_, pair, one, other) if side_by_side else ()
        rows.append(Row(number, one, other, pair, apart, shown))
    return tuple(rows)


def page(class_: ReadClass, ranking: Ranking, rows: Sequence[Row]) -> str:
    """The page as HTML."""
    size = len(class_.handed_in)
    template = environment().get_template("similar.html.jinja")
    return template.render(
        assignment=class_.assignment, size=size, pairs=size * (size - 1) // 2, rows=rows, style=style(),
        shown=[row for row in rows if row.shown], out=[row for row in rows if row.stands_out],
        stands_out=ranking.stands_out, whole=ranking.whole, small=size < SMALL, few=SMALL,
        empty=[printable(one) for one in class_.empty],
        unread=[(printable(student), _in_words(told)) for student, told in class_.unread],
    )  # fmt: skip


def _in_words(told: str) -> str:
    """What was left out, thing by thing."""
    return listed((printable(said(one)) for one in told.split("; ")), "; ")


def _side_by_side(class_: ReadClass, pair: Pair, one: str, other: str) -> tuple[Shown, ...]:
    """The functions that tell most: the first, and those that tell at least a quarter as much."""
    made = []
    for alike in pair.functions:
        if alike.score < pair.functions[0].score / 4 or not alike.shared:
            continue
        mine, theirs = (class_.handed_in[place].functions[alike.name] for place in (pair.one, pair.other))
        sides = (Side(one, marked(mine, alike, 0)), Side(other, marked(theirs, alike, 1)))
        lines = sum(s.of_code for s in alike.shared)
        words = tuple(replace(s, shown=printable(s.shown)) for s in alike.shared if not s.of_code)
        made.append(Shown(alike, sides, lines, words[:MOST_WORDS]))
    return tuple(made)


def marked(function: Function, alike: Alike, side: int) -> Markup:
    """A function's lines as HTML; those that both have and few others are marked, with how many have them."""
    marks: dict[int, Shared] = {}
    for shared in alike.shared:
        if shared.what == "name":
            continue
        first, last = (shared.one, shared.other)[side]
        for number in range(first, last + 1):
            kept = marks.get(number)
            if kept is None or kept.weight < shared.weight:
                marks[number] = shared
    lines = function.text.split("\n")
    far = len(lines) > MOST_LINES
    shown: list[Markup] = []
    gap = False
    for number, text in enumerate(lines, 1):
        if far and not any(near in marks for near in range(number - NEAR, number + NEAR + 1)):
            gap = True
            continue
        if len(shown) >= MOST_LINES:
            shown.append(escape(said("… more lines are in the hand-in")))
            break
        if gap:
            shown.append(Markup("…"))
            gap = False
        shown.append(
            _line(
                text,
                marks.get(number),
                alike.of,
                begun=number - 1 in marks and marks.get(number) is marks.get(number - 1),
            )
        )
    return Markup("\n").join(shown)


def _line(text: str, shared: Shared | None, of: int, begun: bool) -> Markup:
    cut = text if len(text) <= MOST_LETTERS else f"{text[:MOST_LETTERS]} …"
    code = escape(printable(cut, keep="\t"))
    if shared is None:
        return code
    told = (
        Markup()
        if begun
        else Markup(' <span class="having">{}</span>').format(
            filled(
                "{n} of {all}, in part" if shared.what == "part of a line" else "{n} of {all}",
                n=shared.having,
                all=of,
            )
        )
    )
    kind = "strong" if shared.weight >= STRONG else "weak"
    return Markup('<mark class="{}">{}</mark>{}').format(kind, code, told)


def _table(rows: Sequence[Row]) -> list[list[str | int]]:
    head = [
        "pair",
        "one",
        "other",
        "score",
        "stands_out",
        "function",
        "function_score",
        "share",
        "rarest_had_by",
        "of",
    ]
    table: list[list[str | int]] = [list(head)]
    for row in rows:
        for alike in row.pair.functions:
            if alike.score > 0:
                table.append(
                    [row.number, row.one, row.other, short(row.pair.score), "yes" if row.stands_out else "", alike.name,
                     short(alike.score), short(alike.share), alike.shared[0].having, alike.of]
                )  # fmt: skip
    return table
