"""What a study is, how it is run, and the file that keeps what came out."""

import importlib.metadata
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course.languages.saying import said
from course.teaching.data import Images

Row = dict[str, Any]
Settings = dict[str, Any]
KEPT = Path(__file__).parents[2] / "data" / "studies"
PACKAGES = ("numpy", "paddlepaddle")
DIGITS_KEPT = 5  # significant digits: what a figure can show, and little enough to read in a diff


@dataclass(frozen=True)
class Study:
    """An experiment as data.

    Attributes:
        name: of the study, of its module and of its file.
        question: what it asks, in one sentence.
        settings: every number that decides the outcome, but for the seeds.
        cases: from settings, the things compared, each a dict of plain values.
        measure: (settings, case, seed, images) -> rows, each row beginning with the case and the seed.
        columns: the keys of every row, in order.
        seeds: one run of every case for each.
        timed: columns that hold times, and so differ from run to run.
    """

    name: str
    question: str
    settings: Settings
    cases: Callable[[Settings], list[dict[str, Any]]]
    measure: Callable[[Settings, dict[str, Any], int, Images], list[Row]]
    columns: tuple[str, ...]
    seeds: tuple[int, ...] = (0, 1, 2)
    timed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Result:
    """What a study found: enough to draw its figures and to run it again."""

    study: str
    question: str
    data: str
    settings: Settings
    seeds: tuple[int, ...]
    versions: dict[str, str]
    rows: tuple[Row, ...]

    def where(self, **wanted: Any) -> list[Row]:
        """The rows that have these values, in order."""
        return [r for r in self.rows if all(r[k] == v for k, v in wanted.items())]


def rounded(value: Any) -> Any:
    """Floats to five significant digits, in lists too; None for what is not finite, as JSON has no NaN."""
    if isinstance(value, list):
        return [rounded(v) for v in value]
    if isinstance(value, float):
        return float(f"{value:.{DIGITS_KEPT}g}") if abs(value) < float("inf") else None
    return value


def versions() -> dict[str, str]:
    """The versions of what computed the numbers."""
    return {name: importlib.metadata.version(name) for name in PACKAGES}


def runs(study: Study, settings: Settings, seeds: tuple[int, ...], images: Images) -> Iterator[list[Row]]:
    """Yield the rows of one case and one seed at a time, so that the caller can show progress.

    Raises:
        ValueError: when a row does not have exactly the study's columns.
    """
    for case in study.cases(settings):
        for seed in seeds:
            rows = study.measure(settings, case, seed, images)
            for row in rows:
                if set(row) != set(study.columns):
                    raise ValueError(
                        f"study {study.name}: a row has {sorted(row)}, wanted {sorted(study.columns)}"
                    )
            yield [{c: rounded(row[c]) for c in study.columns} for row in rows]


def run(
    study: Study, images: Images, settings: Settings | None = None, seeds: tuple[int, ...] | None = None
) -> Result:
    """Run a study from beginning to end.

    Args:
        study: which.
        images: what the nets learn from.
        settings: values that replace the study's own, say fewer steps.
        seeds: other seeds than the study's.
    """
    chosen, which = {**study.settings, **(settings or {})}, study.seeds if seeds is None else seeds
    rows = tuple(row for part in runs(study, chosen, which, images) for row in part)
    return Result(study.name, study.question, images.name, chosen, which, versions(), rows)


def to_text(result: Result) -> str:
    """The file's text: sorted keys, one row a line, nothing in it of when or where it was run."""
    head = {
        "data": result.data,
        "question": result.question,
        "seeds": list(result.seeds),
        "settings": result.settings,
        "study": result.study,
        "versions": result.versions,
    }
    opening = json.dumps(head, indent=1, sort_keys=True).removesuffix("\n}")
    rows = ",\n".join("  " + json.dumps(row, allow_nan=False, separators=(",", ":")) for row in result.rows)
    return f'{opening},\n "rows": [\n{rows}\n ]\n}}\n'


def save(result: Result, folder: Path = KEPT) -> Path:
    """Write `NAME.json` and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{result.study}.json"
    path.write_text(to_text(result), encoding="utf-8")
    return path


def load(name: str, folder: Path = KEPT) -> Result:
    """The kept result of a study.

    Raises:
        FileNotFoundError: with the command that makes it.
    """
    path = folder / f"{name}.json"
    if not path.is_file():
        raise FileNotFoundError(f"{path} is not there; make it with: python -m course.studies {name}")
    kept = json.loads(path.read_text(encoding="utf-8"))
    named = said(kept["data"])  # the file is in English, and a lesson shows its reader's language
    return Result(**{**kept, "data": named, "seeds": tuple(kept["seeds"]), "rows": tuple(kept["rows"])})
