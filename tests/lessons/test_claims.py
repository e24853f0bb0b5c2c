"""What lessons 4 and 5 say of the kept studies hangs on the studies' numbers, and what a rubric says in fixed words is so.

The lessons' cells are run twice: on the studies as they are, and on the same with two nets changed over. A sentence of
the first run that is wrong of the second must not be said in it.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import matplotlib
import nbformat
import pytest

from course.reference.framework import paddle
from course.studies.record import Result, load

ROOT = Path(__file__).parents[2]
SPOKEN = {
    "04_does_it_help_and_why": ("claims", "load", "eight-count", "eight-verdicts", "eight-doubts", "scales-figure",
                                "flows-figure", "flows-words", "shift-figure", "shift-say", "shift-equal",
                                "landscape-figure", "landscape-say", "explains-table"),
    "05_small_batches": ("two-by-hand", "noise", "apart-figure", "apart-table", "apart-say", "whose-table", "maps-figure",
                         "claims-data", "claims-table", "predictions-answers"),
}  # fmt: skip


class Nothing:
    """Stands for what draws: a lesson's figures are looked at elsewhere."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *_, **__: None


def told(lesson: str, kept: Callable[[str], Result]) -> str:
    """All that the lesson's cells say, and their tables, where `load` gives these results."""
    notebook = nbformat.read(ROOT / "course/lessons" / f"{lesson}.ipynb", as_version=4)
    cells, lines, names = {cell.id: cell.source for cell in notebook.cells}, list[str](), dict[str, Any]()
    with matplotlib.rc_context():
        exec(cells["setup"], names)
    for function in ("say", "table", "fold"):
        names[function] = lambda *words: lines.append(" ".join(map(flat, words)))
    names |= {"load": kept, "figures": Nothing(), "plots": Nothing()}
    for cell in SPOKEN[lesson]:
        exec(cells[cell], names)
    return "\n".join(lines)


def flat(words: Any) -> str:
    """A table's rows as lines of cells."""
    if isinstance(words, str):
        return words
    return "\n".join(row if isinstance(row, str) else " | ".join(map(str, row)) for row in words)


def changed_over(column: str, one: str, other: str) -> Callable[[str], Result]:
    """`load`, with the results of two nets exchanged."""
    names = {one: other, other: one}

    def changed(name: str) -> Result:
        result = load(name)
        rows = [{**row, column: names.get(row.get(column), row.get(column))} for row in result.rows]
        for row in rows:  # nothing was calibrated where a net keeps no statistics
            row["calibrated"] = row.get("calibrated") or row.get("accuracy")
        return replace(result, rows=tuple(rows))

    return changed


@pytest.mark.parametrize(
    ("lesson", "change", "as_it_is", "changed"),
    [
        (
            "04_does_it_help_and_why",
            ("net", "plain", "batch norm"),
            [
                "In **7** of 8 settings, every seed with batch norm ends above every seed without it.",
                "are right is wider with batch norm than without it.",
                "times as large, so it has nearly vanished. With",
                "With batch norm, the inputs drift less far than in the plain net.",
                "With noisy batch norm, nine images in ten are right sooner than in the plain net.",
                "At an accuracy of 80% – 85%, 85% – 90%, the gradients turn less with batch norm",
                "the loss without batch norm rises in every row",
                "ReLU, rate 2: only batch norm learns | yes",
            ],
            [
                "In **0** of 8 settings, every seed with batch norm ends above every seed without it.",
                "are right is no wider with batch norm than without it.",
                "times as large, so it has not vanished. With",
                "With batch norm, the inputs drift further than in the plain net.",
                "With noisy batch norm, nine images in ten are right about as soon as in the plain net.",
                "At an accuracy of 80% – 85%, 85% – 90%, the gradients turn more with batch norm",
                "the loss without batch norm falls in every row",
                "ReLU, rate 2: only batch norm learns | no",
            ],
        ),
        (
            "05_small_batches",
            ("norm", "BN", "LN"),
            [
                "At batch size 2, every seed of batch norm lies below every seed of the others.",
                "Layer norm: the seeds at batch 2 overlap with those at batch 4; those",
                "layer norm at these batch sizes: 2, 4.",
            ],
            [
                "At batch size 2, every seed of batch norm does not lie below all others.",
                "Layer norm: the seeds at batch 2 lie below those at batch 4; those",
                "layer norm at these batch sizes: 32, 128.",
            ],
        ),
    ],
)
def test_what_is_said_of_a_study_is_otherwise_where_the_study_came_out_otherwise(
    lesson: str, change: tuple[str, str, str], as_it_is: list[str], changed: list[str]
) -> None:
    for kept, said, unsaid in ((load, as_it_is, changed), (changed_over(*change), changed, as_it_is)):
        text = told(lesson, kept)
        assert [words for words in said if words not in text] == []
        assert [words for words in unsaid if words in text] == []


def test_the_rubric_of_ps1_says_what_running_statistics_hold_after_ten_batches_and_what_a_lone_value_becomes() -> (
    None
):
    norm = paddle.nn.BatchNorm1D(1)
    for _ in range(10):
        norm(paddle.to_tensor([[1.0], [5.0]]))  # mean 3, variance 4
    mean, var, left = float(norm._mean), float(norm._variance), 0.9**10
    assert mean / (1 - left) == pytest.approx(3, rel=1e-5)
    assert (var - left) / (1 - left) == pytest.approx(4, rel=1e-5)
    lone = paddle.nn.BatchNorm1D(1, weight_attr=paddle.nn.initializer.Constant(2.0))
    assert float(lone(paddle.to_tensor([[5.0]]))) == 5.0, "Paddle leaves a lone value as it is"
    text = (ROOT / "course/assignments/ps1_batchnorm/ps1_batchnorm.ipynb").read_text(encoding="utf-8")
    assert "it is (r − 0.9^10) / (1 − 0.9^10)" in text and "returns that value unchanged" in text
