"""Formulas are found where Jupyter finds them, and drawn ahead, so that a page needs no script and no network."""

import pytest

from course.autograder.feedback.formulas import MAX_TEX, take_out
from course.autograder.feedback.text import html_of


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("$a$ and $$b$$", ["$a$", "$$b$$"]),
        ("\\begin{align}a&=b\\\\c&=d\\end{align}", ["\\begin{align}a&=b\\\\c&=d\\end{align}"]),
        ("\\\\(a\\\\) and \\\\[b\\\\]", ["\\\\(a\\\\)", "\\\\[b\\\\]"]),
        ("$a\nb$", ["$a\nb$"]),
        ("$a\n\nb$", []),
        ("costs \\$5 and \\$6", []),
        ("costs $5", []),
        ("$\\text{for $x$}$", ["$\\text{for $x$}$"]),
        ("`$a$` and ``$b` $`` and $c$", ["$c$"]),
        ("```\n$a$\n```\n$b$", ["$b$"]),
        ("~~~\n$a$\n~~~\n$b$", ["$b$"]),
        ("a ` b $c$", ["$c$"]),
        ("`a\n\nb` $c$", ["$c$"]),
        ("$$", []),
        ("$a{$ and $b$", ["$a{$ and $b$"]),
        ("\\begin{never} and $y$", ["$y$"]),
        ("\\end{a} \\begin{a} and $y$", ["$y$"]),
        ("> $a$\n> - $b$", ["$a$", "$b$"]),
        ("$a$\n\n$ b\n\n$c$", ["$a$", "$c$"]),
    ],
)
def test_formulas_are_found_as_jupyter_finds_them(source, found):
    assert [formula.typed for formula in take_out(source)[1]] == found


@pytest.mark.parametrize(
    ("source", "drawn"),
    [
        ("$x_1 * x_2 * x_3$", "<msub><mi>x</mi><mn>1</mn></msub>"),
        ("$a<b$", "&lt;"),
        ("$$\\frac{1}{N}\\sum_i x_i$$", '<math display="block"'),
        ("$\\sqrt{\\sigma^2+\\epsilon}$", "<msqrt>"),
        ("$$\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}$$", "<mtable"),
        ("\\begin{align}a&=b\\\\c&=d\\end{align}", "<mtr>"),
        ("\\\\[x^2\\\\]", '<math display="block"'),
        ("$\\hat{x}\\in\\mathbb{R}^{N\\times D}$", "ℝ"),
    ],
)
def test_formulas_are_drawn(source, drawn):
    made = html_of(source)
    assert drawn in made and "$" not in made and "<em>" not in made


@pytest.mark.parametrize(
    "source",
    [
        "$\\nosuchcommand$",
        "$\\frac{1$",
        "$}{$",
        f"${'x' * (MAX_TEX + 1)}$",
        "$\\href{javascript:alert(1)}{x}$",
    ],
)
def test_what_cannot_be_drawn_is_shown_as_it_was_typed(source):
    made = html_of(f"before {source} after")
    assert f'<code class="tex">{source}</code>' in made and "before" in made and "after" in made


def test_a_wide_formula_scrolls_by_itself_and_can_be_reached_by_the_keyboard():
    assert html_of("$$x$$").count('<span class="formula" tabindex="0"><math') == 1


def test_a_formula_in_the_name_of_a_picture_is_words():
    assert 'title="$x_1$"' in html_of('<span title="$x_1$">a</span>')
