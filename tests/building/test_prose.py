"""The English that people read has none of the phrases that proselint knows, and none of the list of our own."""

import re
import tomllib

import pytest

from course.building.prose import MEANT, PHRASES, TOGETHER, Text, finds, texts
from course.building.running import PROJECT

OWN = tomllib.loads(PHRASES.read_text(encoding="utf-8"))["phrases"]


def advice(*words: str) -> list[tuple[str, str]]:
    return [(one.place, one.advice) for one in finds(Text(str(n), text) for n, text in enumerate(words))]


@pytest.mark.slow
def test_nothing_that_people_read_is_better_said_otherwise() -> None:
    read = list(texts(PROJECT))
    kinds = {re.split(r"[/:,]", text.place)[0] for text in read}
    assert {"lessons", "assignments", "mistakes", "program", "docs", "README.md", "course"} <= kinds
    assert [f"{one.place}: {one.advice}" for one in finds(read)] == []


def test_each_text_is_named_by_its_place_however_many_are_read() -> None:
    many = ["nothing is amiss here"] * (2 * TOGETHER + 1)
    many[0] = many[TOGETHER] = many[-1] = "the mean of the the batch"
    told = "There's a lexical illusion in 'the the' - a phrase is repeated"
    assert advice(*many) == [(str(n), told) for n in (0, TOGETHER, 2 * TOGETHER)]
    assert advice("whilom it was", "it is so methinks") == [
        ("0", "'whilom' is archaic"),
        ("1", "'methinks' is archaic"),
    ]


@pytest.mark.parametrize("phrase", OWN)
def test_a_phrase_of_our_own_list_is_found_with_what_to_do(phrase: str) -> None:
    said = re.sub(r"\((?:the )?(\w+)\)\?", r"\1", phrase)
    said = re.sub(r"\[(\w)\w*\]", r"\1", said).replace("?", "").replace("\\", "")
    ((_, told),) = advice(f"Here {said.capitalize()} stands")
    assert told == f"'{said.capitalize()}': {OWN[phrase]}"
    assert advice(f"x{said}y `{said}`") == []  # parts of words, and code


@pytest.mark.parametrize(
    "words",
    [
        "The code `the` `the` twice, $x$ $x$ and {value} {value}",
        "for every seed",
        "a multiply-add and a [page](in-order-to.html)",
        f"When is {MEANT[0]}? It runs for ever.",
        "| mean | mean | 2 | 2 |",
        "costs 65 65 seconds",
    ],
)
def test_code_formulas_values_and_tables_are_no_prose(words: str) -> None:
    assert advice(words) == []
