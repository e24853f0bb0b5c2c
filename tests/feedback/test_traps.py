"""Nothing that a student can write stops the class's pages: rendering has an end, and then text is shown as it is.

Each of these once took from seconds to for ever, in the renderer before or in this one while it was made, or is of the
same kind. Processor time is asserted generously: a page takes hundredths of a second.
"""

import json

import pytest

from course.autograder.feedback import budget, formulas
from course.autograder.feedback.budget import processor_seconds
from course.autograder.feedback.formulas import take_out
from course.autograder.feedback.highlighting import python_html
from course.autograder.feedback.notebook import Cell, read_cells
from course.autograder.feedback.pages import markdown
from course.autograder.feedback.text import html_of
from tests.feedback.shown import page_of, standing, written

PLAIN = "This is shown as plain text: "
MOST_PROCESSOR_SECONDS = 5.0


def lines(count, line):
    return "".join(line(n) for n in range(count))


def letters(n):
    return chr(97 + n % 26) + chr(97 + n // 26 % 26) + chr(97 + n // 676)


# Those that end as plain text, and why.
REFUSED = {
    "links without an end": ("[a](" * 30_000, "more than 100,000 characters"),
    "open divs": ("<div>" * 20_000, "nested more than 100 levels"),
    "definitions": ("[a]: <" * 20_000, "more than 100,000 characters"),
    "nested list": (lines(300, lambda n: "  " * n + "- a\n"), "nested more than"),
    "numbered list in a line": ("1. " * 30_000, "characters of HTML"),
    "quotes of all depths": (lines(440, lambda n: ">" * n + "\n"), "nested more than"),
    "quotes in a line": (">" * 99_000, "characters of HTML"),
    "a table of a million cells": (
        "|a" * 1000 + "|\n" + "|-" * 1000 + "|\n" + ("|b" * 1000 + "|\n") * 1000,
        "more than 100,000 characters",
    ),
    "a wide table with short rows": (
        "|" + "a|" * 2000 + "\n|" + "-|" * 2000 + "\n" + "a\n" * 40_000,
        "characters of HTML",
    ),
    "a megabyte of dollars": ("$" * 1_000_000, "more than 100,000 characters"),
    "a megabyte of lines": ("\n" * 1_000_000, "more than 100,000 characters"),
    "open bold": ("<b>" * 33_000, "nested more than"),
    "open bold in paragraphs": ("<b><p>" * 15_000, "nested more than"),
    "tables in tables": ("<table><tr><td>" * 6_000, "nested more than"),
    "a drawing without an end": ("<svg>" * 20_000, "nested more than"),
    "open templates": ("<template>" * 10_000, "nested more than"),
    "much that is nested half deep": (("<i>" * 99 + "x<br>" * 9_000), "nested too deep"),
    "pictures without an end": ("![a](data:image/png;base64," * 30_000, "more than 100,000 characters"),
}
# Those that are rendered, since nothing in them is slow any more.
RENDERED = {
    "open brackets": "[" * 50_000,
    "lists in a line": "- " * 50_000,
    "stars": "*a " * 33_000,
    "emphasis runs": "**a* _b" * 14_000,
    "a run of stars": "*" * 99_999,
    "strikes": "~~a " * 25_000,
    "dollars": "$a" * 12_000,
    "dollars and braces": "$${" * 10_000,
    "many formulas": " ".join(f"$x_{{{n}}}$" for n in range(2_500)),
    "environments without an end": lines(9_000, lambda n: f"\\begin{{{letters(n)}}}"),
    "backticks": lines(440, lambda n: "`" * n + " "),
    "fences": "```\n" * 25_000,
    "links in links": "[" * 20_000 + "](" * 20_000,
    "pictures in pictures": "![" * 50_000,
    "references": lines(4_000, lambda n: f"[a{n}]: /b\n\n") + lines(4_000, lambda n: f"[a{n}] "),
    "one long reference, often": "[a]: /" + "u" * 50_000 + "\n\n" + "[a]" * 16_000,
    "comments without an end": "<!--" * 24_000,
    "tags without an end": "<a " * 33_000,
    "a tag with 12,000 attributes": "<a " + " ".join(f"a{n}=1" for n in range(12_000)) + ">",
    "end tags": "</div>" * 16_000,
    "paragraphs": "<p>" * 33_000,
    "entities": "&#" * 49_000,
    "backslashes": "\\" * 40_000,
    "headings": "a\n" * 49_000 + "===",
    "combining letters": "a" + "\u0301" * 90_000,
}  # fmt: skip
# Of these a slow machine may show a part as it was typed.
EITHER = {
    "dollars": "$a" * 50_000,
    "dollars and braces": "$${" * 33_000,
    "many formulas": " ".join(f"$x_{{{n}}}$" for n in range(9_000)),
    "backslashes": "\\" * 99_999,
}
FORMULAS = {
    "brackets": "[" * 50,
    "parentheses": "(" * 200,
    "matrices": "\\begin{matrix}" * 300,
    "fractions": "\\frac{" * 600 + "}" * 600,
    "exponents": "x^{" * 1000 + "}" * 1000,
    "definitions": "\\def\\a{\\a\\a}\\a",
}
CODE = {
    "dots": "a." * 49_000,
    "open f-strings": "f'{" * 33_000,
    "parentheses": "(" * 99_000,
    "prompts": ">>> " * 24_000,
    "soft keywords": "match (" * 14_000,
}


def spent(work):
    begun = processor_seconds()
    made = work()
    return made, processor_seconds() - begun


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_too_much_is_shown_as_it_was_typed(name):
    source, why = REFUSED[name]
    page, processor = spent(lambda: page_of(written(source)))
    told = page.partition(PLAIN)[2].partition("</p>")[0]
    assert why in told and told.endswith(".")
    assert len(page) < 400_000 and processor < MOST_PROCESSOR_SECONDS


@pytest.mark.parametrize("name", RENDERED)
def test_what_was_slow_is_rendered(name):
    page, processor = spent(lambda: page_of(written(RENDERED[name])))
    assert '<div class="text">' in page and PLAIN not in page
    assert len(page) < 1_000_000 and processor < MOST_PROCESSOR_SECONDS


@pytest.mark.parametrize("name", EITHER)
def test_the_page_comes_out_whichever_way_it_shows_them(name):
    page, processor = spent(lambda: page_of(written(EITHER[name])))
    assert page.rstrip().endswith("</html>")
    assert len(page) < 1_000_000 and processor < MOST_PROCESSOR_SECONDS


@pytest.mark.parametrize("name", FORMULAS)
def test_a_formula_without_an_end_is_shown_as_it_was_typed_and_those_after_it_are_drawn(name):
    source = f"${FORMULAS[name]}$"
    page, processor = spent(lambda: page_of(written(source), Cell("markdown", "and $\\alpha$")))
    assert '<code class="tex">$' in page or "<math>" in page
    assert "α" in page and processor < MOST_PROCESSOR_SECONDS


@pytest.mark.parametrize("name", CODE)
def test_code_without_an_end_is_coloured_or_shown_as_it_was_typed(name):
    page, processor = spent(lambda: page_of(Cell("code", CODE[name], "code-a", solution=True)))
    assert CODE[name][:3].replace(">", "&gt;") in page.replace('<span class="s">', "").replace("</span>", "")
    assert processor < MOST_PROCESSOR_SECONDS


@pytest.mark.parametrize(
    ("kind", "source"), [("markdown", "cell *{}* with $x_{{{}}}$"), ("code", "x = {} + {}")]
)
def test_twenty_thousand_cells_of_ones_own_become_one_text(kind, source):
    cells = [Cell(kind, source.format(n, n)) for n in range(20_000)]
    page, processor = spent(lambda: page_of(*cells))
    assert "more than 1,000 cells of its own" in page and "cells of your own" in page
    assert len(page) < 400_000 and processor < MOST_PROCESSOR_SECONDS


@pytest.mark.slow
def test_twenty_thousand_cells_with_names_come_to_an_end():
    cells = [Cell("markdown", f"cell *{n}*", f"cell-{n}") for n in range(20_000)]
    page, processor = spent(lambda: page_of(*cells))
    assert PLAIN + "the page has used up the time that it may take." in page
    assert processor < MOST_PROCESSOR_SECONDS


def test_many_slow_cells_share_the_time_of_one_page():
    cells = [Cell("code", "a." * (40_000 + n), f"code-{n}", solution=True) for n in range(50)]
    page, processor = spent(lambda: page_of(*cells))
    assert PLAIN + "it takes too long to colour." in page
    assert (
        PLAIN + "the page has used up the time that it may take." in page
        and processor < MOST_PROCESSOR_SECONDS
    )


def test_many_formulas_without_an_end_share_the_time_of_one_page():
    cells = [Cell("markdown", f"${'[' * (50 + n)}$ words", f"own-{n}") for n in range(40)]
    page, processor = spent(lambda: page_of(*cells))
    assert page.count("words") == 40 and processor < MOST_PROCESSOR_SECONDS


def test_a_page_without_time_left_shows_all_text_and_code_as_it_is():
    page = page_of(written("*so*"), Cell("code", "x = 1", "code-a", solution=True), plain=True)
    assert page.count(PLAIN) == 2 and "*so*" in page and "x = 1" in page


def test_an_honest_page_has_time_to_spare():
    page, processor = spent(lambda: page_of(*[written(f"**{n}** is $x_{{{n}}}^2$") for n in range(30)]))
    assert PLAIN not in page and page.count("<msubsup>") == 30 and processor < 1.0


def test_the_formgrader_has_the_same_limits():
    told, processor = spent(lambda: [markdown(source) for source, _ in REFUSED.values()])
    assert all(PLAIN in one for one in told) and processor < MOST_PROCESSOR_SECONDS


def test_a_budget_counts_its_children_and_its_room(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(budget, "processor_seconds", lambda: now[0])
    whole = budget.Budget(seconds=1.0, characters=10, pictures=5)
    share = whole.cell()
    now[0] = 0.2
    assert share.used_up and not whole.used_up
    share.charge("x" * 10)
    assert whole.used_up
    assert whole.take_picture("12345") and not share.take_picture("1")


def test_formulas_of_a_students_are_drawn_in_a_process_that_the_kernel_ends(monkeypatch):
    def never(tex, display):
        while True:
            pass

    monkeypatch.setattr(formulas, "SECONDS", 0.05)
    monkeypatch.setattr(formulas, "_one", never)
    drawn, processor = spent(lambda: html_of("$y_{never}$", budget=budget.Budget()))
    assert '<code class="tex">$y_{never}$</code>' in drawn
    assert 0.04 < processor < MOST_PROCESSOR_SECONDS, "a page pays for its processes, too"


def test_the_formulas_of_an_honest_page_are_drawn_in_one_process(monkeypatch):
    started = []
    fork = formulas._in_a_fork
    monkeypatch.setattr(formulas, "_in_a_fork", lambda *given: started.append(1) or fork(*given))
    # Not what is asked here: on a slow machine the forks alone can use a page's time up.
    monkeypatch.setattr(
        budget.Budget.__init__, "__defaults__", (30.0, *budget.Budget.__init__.__defaults__[1:])
    )
    answers = [written(f"once $a_{{{n}}}$ and ${'[' * (60 if n == 7 else 0)}$") for n in range(10)]
    page_of(*answers[:7], of=standing(comments={"why": "see $c_{comment}$"}))
    assert len(started) == 1
    assert page_of(*answers).count("<msub>") == 10 and len(started) < 7


def test_half_a_character_in_a_notebook_costs_no_page(tmp_path):
    notebook = {"cells": [{"cell_type": "markdown", "source": "a \ud83d b", "metadata": {}}], "metadata": {}}
    path = tmp_path / "n.ipynb"
    path.write_text(json.dumps(notebook))
    page_of(*read_cells(path).cells).encode()
    assert [cell.source for cell in read_cells(path).cells] == ["a ? b"]
    path.write_text(json.dumps(notebook).replace("\\ud83d", "\\ud83d\\ude00"))
    assert read_cells(path).cells[0].source == "a \U0001f600 b"
    assert take_out("\ue0000\ue001 $x$")[0] == "\ufffd0\ufffd \ue0000\ue001"
    assert python_html("x") == "x"
