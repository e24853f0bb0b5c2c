"""A class graded in parts, on machines that need not reach each other: each part's marks as a file, entered at home.

A file is JSON, a line each: what it is of, one submission's marks with their checksum, and at the end how many there are.
It is read as what another machine wrote: checked line by line, and nothing in it is run.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from course.autograder.gradebook.errors import GradingError
from course.autograder.gradebook.marks import Marked
from course.autograder.intake.timestamp import HandedInAt
from course.common.text import printable

FOLDER = "shards"
ENDING = ".shard.jsonl"
FORMAT = 1
MOST_SHARDS = 100_000
MOST_LINE = 64 * 2**20  # bytes: a notebook with all it may put out is far below
KINDS: Mapping[str, type | tuple[type, ...]] = {
    "student": str, "assignment": str, "digest": str, "notebook": str, "points": dict, "verdicts": dict, "notes": list,
    "needs_person": list, "handed_in_at": dict, "failure": str, "seconds": dict, "device": str, "restarts": int,
}  # fmt: skip


class ShardError(ValueError):
    """What is wrong with the name of a part, or with a file of results, in a clause."""


@dataclass(frozen=True)
class Shard:
    """One of several parts of a class. A student's part depends on the name alone, whoever else has handed in."""

    number: int
    of: int

    def __contains__(self, student: str) -> bool:
        """Whether a student's submission is in this part."""
        digest = hashlib.blake2b(student.encode("utf-8", "surrogateescape"), digest_size=8).digest()
        return int.from_bytes(digest, "big") % self.of == self.number - 1

    def __str__(self) -> str:
        """As it is written on the command line."""
        return f"{self.number}/{self.of}"


def shard_of(text: str) -> Shard:
    """Read '3/40'. Raises ValueError, in one sentence, for anything else."""
    found = re.fullmatch(r"(\d{1,6})/(\d{1,6})", text.strip())
    number, of = (int(found[1]), int(found[2])) if found else (0, 0)
    if not 1 <= number <= of <= MOST_SHARDS:
        raise ShardError(
            f"'{printable(text)}' is no part of a class; the third of forty parts is 3/40, at most {MOST_SHARDS}"
        )
    return Shard(number, of)


@dataclass(frozen=True)
class About:
    """What a file of results is of: what must be the same where its marks are entered."""

    assignment: str
    version: str
    shard: Shard


def path_of(folder: Path, about: About) -> Path:
    """Where a part's results lie."""
    return folder / f"{about.assignment}-{about.shard.number}-of-{about.shard.of}{ENDING}"


class ResultsFile:
    """A part's results as they come. What a run that was killed has written is taken up again."""

    def __init__(self, folder: Path, about: About) -> None:
        """Look what an earlier run has left. Raises OSError where nothing can be read there."""
        self.path = path_of(folder, about)
        self._partial = self.path.with_name(f"{self.path.name}.partial")
        self.about = about
        self.kept: dict[str, Marked] = {}
        for place in (self.path, self._partial):
            if place.is_file():
                self.kept |= _left_by(place, about)

    def write(self, marks: Iterable[Marked], wanted: Mapping[str, str]) -> Iterator[Marked]:
        """Write what was kept and each of `marks` as it comes, and give it on; the file is whole afterwards.

        Args:
            marks: of those who are not kept.
            wanted: the digest that each student's marks must have to be kept, by student.
        """
        kept = [one for one in self.kept.values() if one.digest and wanted.get(one.student) == one.digest]
        fresh = self._partial.with_name(f"{self._partial.name}.new")
        with fresh.open("w", encoding="utf-8") as file:
            file.write(_line({"format": FORMAT, **_about(self.about)}))
            for one in kept:
                file.write(_line(as_data(one)))
            file.flush()
            fresh.replace(self._partial)
            count = len(kept)
            for one in marks:
                file.write(_line(as_data(one)))
                file.flush()
                count += 1
                yield one
            file.write(_line({"end": count}))
        self._partial.replace(self.path)


def read_results(path: Path) -> tuple[About, list[Marked]]:
    """A part's results.

    Raises:
        GradingError: in one sentence, when the file is not whole or not what this course writes.
    """
    try:
        lines = list(_lines(path))
        about = _read_about(lines[0])
        if lines[-1] != {"end": len(lines) - 2}:
            raise ShardError("its end is missing")
        marks = [marks_from(one) for one in lines[1:-1]]
        if any(one.assignment != about.assignment for one in marks):
            raise ShardError("it has marks of another assignment")
        return about, marks
    except (OSError, ValueError, KeyError, TypeError, IndexError, RecursionError) as error:
        told = error.strerror if isinstance(error, OSError) else str(error)
        why = told or type(error).__name__
        raise GradingError(
            f"{printable(str(path))} holds no whole results ({printable(why)[:200]}); let that part be graded again: "
            "what it has is kept"
        ) from None


def _left_by(path: Path, about: About) -> dict[str, Marked]:
    """Marks that can be read of a file that may have been cut off; none where it is of something else."""
    found: dict[str, Marked] = {}
    try:
        for number, line in enumerate(_lines(path)):
            if number == 0:
                if _read_about(line) != about:
                    return {}
            elif "end" not in line:
                one = marks_from(line)
                found[one.student] = one
    except (ValueError, KeyError, TypeError, RecursionError):
        pass  # cut off: what stands before is whole
    return {student: one for student, one in found.items() if not one.failure}


def _about(about: About) -> dict[str, Any]:
    return {
        "assignment": about.assignment,
        "version": about.version,
        "shard": [about.shard.number, about.shard.of],
    }


def _read_about(line: dict[str, Any]) -> About:
    if line.get("format") != FORMAT:
        raise ShardError("it is written in another form than this course's")
    number, of = line["shard"]
    shard = shard_of(f"{number}/{of}")
    return About(_of(str, line["assignment"]), _of(str, line["version"]), shard)


def _line(content: Mapping[str, Any]) -> str:
    text = json.dumps(content, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    return f"{_sum(text)} {text}\n"


def _sum(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open("rb") as file:
        number = 0
        while line := file.readline(MOST_LINE):
            number += 1
            checksum, _, text = line.decode("ascii").rstrip("\n").partition(" ")
            if not line.endswith(b"\n") or checksum != _sum(text):
                raise ShardError(f"line {number} is damaged or cut off")
            content = json.loads(text, parse_constant=_no_number)
            if not isinstance(content, dict):
                raise ShardError(f"line {number} is no record")
            yield content


def _no_number(text: str) -> float:
    raise ShardError(f"{text} is no number of points or seconds")


def as_data(marked: Marked) -> dict[str, Any]:
    """Marks for JSON."""
    return asdict(marked)


def marks_from(content: dict[str, Any]) -> Marked:
    """Marks as plain data, each field of its kind. Raises ValueError, KeyError or TypeError."""
    if set(content) != {one.name for one in fields(Marked)}:
        raise ShardError("it has other fields than marks have")
    checked = {name: _of(kind, content[name]) for name, kind in KINDS.items()}
    at = checked["handed_in_at"]
    return Marked(
        **{
            **checked,
            "points": {
                _of(str, key): float(_of((int, float), value)) for key, value in checked["points"].items()
            },
            "verdicts": {_of(str, key): _of(dict, value) for key, value in checked["verdicts"].items()},
            "seconds": {
                _of(str, key): float(_of((int, float), value)) for key, value in checked["seconds"].items()
            },
            "notes": tuple(_of(str, one) for one in checked["notes"]),
            "needs_person": tuple(_of(str, one) for one in checked["needs_person"]),
            "handed_in_at": HandedInAt(_of((str, type(None)), at["utc"]), _of(str, at["problem"])),
        }
    )


def _of(kind: Any, value: Any) -> Any:
    if not isinstance(value, kind) or isinstance(value, bool):
        raise TypeError(f"{str(value)[:40]!r} is not what stands there")
    return value
