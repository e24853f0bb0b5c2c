"""The rubrics' trial: ten answers to each written question, marked twice, and what its page says of them."""

import csv
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "data/rubrics"


def rows(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def total(row: dict[str, str], marking: str) -> float:
    points = [float(row[f"{marking}_{part}"]) for part in "abc"]
    assert all(0 <= p <= 3 for p in points) and sum(points) <= 6
    return sum(points)


def test_ten_answers_to_each_question_are_marked_twice_and_the_page_says_how_far_apart() -> None:
    named = [(row["question"], row["answer"]) for row in rows("answers.csv")]
    marked = rows("marks.csv")
    assert named == [(row["question"], row["answer"]) for row in marked]
    assert set(Counter(question for question, _ in named).values()) == {10}
    page = (FOLDER / "README.md").read_text(encoding="utf-8")
    for question in dict.fromkeys(question for question, _ in named):
        apart = [abs(total(r, "first") - total(r, "second")) for r in marked if r["question"] == question]
        counts = (
            apart.count(0), sum(0 < d < 1 for d in apart), apart.count(1), sum(d > 1 for d in apart),
        )  # fmt: skip
        assert f"{question} | {' | '.join(map(str, counts))} |" in page
