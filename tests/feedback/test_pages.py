"""What students write in text cells reaches the formgrader's pages as text, never as a script, a form or a style."""

import re
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest
from nbconvert.exporters import HTMLExporter
from nbgrader.server_extensions.formgrader import handlers

from course.autograder.feedback import formulas
from course.autograder.feedback.pages import markdown
from course.autograder.feedback.text import PLAIN, TAGS

HOSTILE = (
    "<script>alert(1)</script>",
    "text <script\n>alert(1)</script\n> text",
    "<img src=x onerror=alert(1)>",
    "![x](x){onerror=alert(1)}",
    "![pixel](https://example.org/pixel.png)",
    "<svg onload=alert(1)><circle/></svg>",
    "<iframe src='https://example.org'></iframe>",
    "<style>* {display: none}</style>",
    "<form action='/formgrader/api/grade'><input name='score'></form>",
    "<div class='modal in panel-primary' style='position:fixed;top:0' onclick='alert(1)'>ten points</div>",
    "[click](javascript:alert(1))",
    "[click](JaVaScRiPt&#58;alert(1))",
    "<a href='java&#115;cript:alert(1)'>click</a>",
    "<a href=' javascript:alert(1)'>click</a>",
    "[click](data:text/html,<script>alert(1)</script>)",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<!-- --><script>alert(1)</script><!-- -->",
    "<object data='x'></object><embed src='x'><link rel=stylesheet href='x'><meta http-equiv=refresh content='0;x'>",
    "<base href='https://example.org/'>",
    "$<script>alert(1)</script>$",
    "$$x\n</div><script>alert(1)</script>$$",
    "```html\n<script>alert(1)</script>\n```\n<script>alert(1)</script>",
    "# title <script>alert(1)</script>",
    "| a | <script>alert(1)</script> |\n|---|---|\n| <img src=x onerror=alert(1)> | b |",
)


# What we add ourselves: a word on what was left out, what a link may not know, a table that scrolls.
OURS = {
    ("span", "class", "aside"),
    ("a", "rel", "noopener noreferrer"),
    ("div", "class", "scroll"),
    ("div", "tabindex", "0"),
    ("pre", "tabindex", "0"),
    ("span", "class", "formula"),
    ("span", "tabindex", "0"),
    ("code", "class", "tex"),
}


class Tags(HTMLParser):
    """Every start tag with its attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def wrong_in(page: str) -> list[str]:
    """What in a piece of a page could act, or look like the page's own."""
    wrong = []
    for tag, attributes in Tags(page).found:
        wrong += [tag] if tag not in TAGS | formulas._MATHML else []
        for name, value in attributes.items():
            sound = (
                name in PLAIN
                or (tag in formulas._MATHML and name in formulas._ATTRIBUTES)
                or (name == "class" and re.fullmatch(r"highlight( hl-\w+)?|\w{1,3}", value))
                or (tag, name, value) in OURS
                or (name == "href" and value.startswith(("https://", "http://", "mailto:", "#")))
                or (name == "src" and value.startswith("data:image/"))
            )
            wrong += [] if sound else [f"{tag} {name}={value}"]
    return wrong


def test_a_student_cannot_speak_in_our_voice():
    said = markdown('<span class="aside">10 of 10</span> <div class="scroll" tabindex="0">10 of 10</div>')
    assert "aside" not in said and "scroll" not in said and "tabindex" not in said


@pytest.mark.parametrize("source", HOSTILE)
def test_nothing_in_a_text_can_act(source):
    assert wrong_in(markdown(source)) == []


def test_the_check_above_can_fail():
    assert wrong_in("<p onclick='x()' class='modal in'><script>1</script><a href='javascript:1'>") == [
        "p onclick=x()",
        "p class=modal in",
        "script",
        "a href=javascript:1",
    ]


@pytest.mark.parametrize(
    ("source", "kept"),
    [
        ("$a<b$ and $x_1 * x_2$", "<mo>&lt;</mo>"),
        ("$$\\frac{1}{N}\\sum_i x_i$$", "<mfrac>"),
        ("```python\nreturn x < 3\n```", '<span class="k">return</span>'),
        ("- *a*\n- **b**", "<em>a</em>"),
        ("| a | b |\n|---|---|\n| 1 | 2 |", "<td>1</td>"),
        ("[paper](https://arxiv.org/abs/1502.03167)", 'href="https://arxiv.org/abs/1502.03167"'),
        ("`x.mean(axis=0) & y`", "<code>x.mean(axis=0) &amp; y</code>"),
        ("<details><summary>more</summary>text</details>", "<summary>more</summary>"),
        ("![plot](data:image/png;base64,iVBORw0KGgo=)", 'src="data:image/png;base64,iVBORw0KGgo="'),
        ("均值 μ and 方差 σ²", "均值 μ and 方差 σ²"),
    ],
)
def test_what_people_write_is_kept(source, kept):
    assert kept in markdown(source)


def test_the_formgrader_uses_it(released):
    config = released.config.copy()
    config.HTMLExporter.template_name = "formgrade"
    config.HTMLExporter.extra_template_basedirs = [handlers.template_path]
    static = Path(handlers.static_path) / "node_modules" / "bootstrap" / "dist" / "css"
    config.HTMLExporter.extra_template_paths = [str(static)]
    answer = nbformat.v4.new_markdown_cell("ours: <script>alert('from a student')</script>")
    answer.metadata["nbgrader"] = {
        "grade": True, "solution": True, "locked": False, "grade_id": "explain_modes", "points": 6,
        "schema_version": 3, "task": False, "score": 0, "comment": "<script>alert('from a comment')</script>",
    }  # fmt: skip
    plain = nbformat.v4.new_markdown_cell("<img src=x onerror=\"alert('from a student')\">")
    notebook = nbformat.v4.new_notebook(cells=[answer, plain])
    wanted = {
        "index": 0, "total": 1, "metadata": {"name": "a"},
        "nbgrader": {"notebook": "a", "max_score": 6, "score": 0, "late_penalty": 0},
    }  # fmt: skip
    page, _ = HTMLExporter(config=config).from_notebook_node(notebook, resources=wanted)
    assert "ours:" in page
    acting = [t for t in Tags(page).found if "onerror" in t[1]]
    assert not acting
    assert "<script>alert('from a" not in page
