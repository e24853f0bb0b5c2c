"""The glossary's names are Paddle's, and its lessons link to it."""

import functools
import re
from pathlib import Path

import nbformat

from course.reference.framework import paddle

ROOT = Path(__file__).parents[2]
LESSONS = ROOT / "course/lessons"


def rows(text: str, head: str) -> list[list[str]]:
    """The rows of the Markdown table whose header starts with `head`."""
    table = text.partition(head)[2].partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table]


def test_the_glossary_has_sixty_terms_in_order_and_its_names_are_paddles() -> None:
    text = (LESSONS / "glossary.md").read_text(encoding="utf-8")
    found = rows(text, "| term | meaning")
    terms = [term.casefold() for term, *_ in found]
    assert len(terms) >= 60 and terms == sorted(set(terms))
    for name in re.findall(r"`paddle\.([\w.]+)`", text):
        assert functools.reduce(getattr, name.split("."), paddle), name


def test_each_lesson_leads_to_the_glossary() -> None:
    for path in LESSONS.glob("[0-9]*.ipynb"):
        assert "(glossary.md)" in nbformat.read(path, as_version=4).cells[0].source, path.name


def test_the_graph_of_batch_norm_is_drawn_the_same_in_its_lesson_and_in_its_assignment() -> None:
    drawn = [
        re.findall(r"```\n(x ─┬.*?)```", cell.source, re.DOTALL)
        for path in (
            LESSONS / "03_batchnorm_backward.ipynb",
            ROOT / "course/assignments/ps1_batchnorm/ps1_batchnorm.ipynb",
        )
        for cell in nbformat.read(path, as_version=4).cells
    ]
    (lesson,), (assignment,) = filter(None, drawn)
    assert lesson == assignment


def test_each_section_of_an_assignment_ends_with_what_it_was_about_and_a_lesson() -> None:
    for number in range(1, 5):
        (path,) = (ROOT / "course/assignments").glob(f"ps{number}_*/ps{number}_*.ipynb")
        text = "\n".join(
            c.source for c in nbformat.read(path, as_version=4).cells if c.cell_type == "markdown"
        )
        sections = re.findall(r"(?m)^## (\d) ", text)
        told = re.findall(r"(?m)^\*\*What section (\d) was about:\*\* .*\b[Ll]esson \d", text)
        assert told == sections[:-1] and len(told) >= 5, path.name  # the last one has questions and no check
