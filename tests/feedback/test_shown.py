"""What a cell put out, as a page shows it: text of a terminal, tables, figures; never more than anybody reads."""

import base64

import pytest

from course.autograder.feedback.budget import Budget
from course.autograder.feedback.shown import MAX_OUTPUTS, MAX_TEXT, outputs_html
from tests.feedback.test_pictures import GIF, PNG, SVG


def shown(*outputs):
    return outputs_html(list(outputs), Budget())


def data(**kinds):
    found = {mime.replace("_", "/", 1).replace("svg_xml", "svg+xml"): value for mime, value in kinds.items()}
    return {"output_type": "display_data", "data": found}


def stream(text, name="stdout"):
    return {"output_type": "stream", "name": name, "text": text}


def test_text_of_a_terminal_is_shown_without_its_colours_and_as_it_was_last_written_over():
    assert shown(stream("\x1b[31mred\x1b[0m & 1%\r50%\r100%\n")) == '<pre class="out">100%</pre>'
    assert shown(stream("a < b\r\nc\n", "stderr")) == '<pre class="err">a &lt; b\nc</pre>'
    assert shown(stream(["two ", "parts"])) == '<pre class="out">two parts</pre>'
    assert shown(stream("\n")) == ""


def test_a_long_text_ends_with_how_much_is_left():
    told = shown(stream("z" * (MAX_TEXT + 1_500)))
    assert told.count("z") == MAX_TEXT and "1,500 more characters are in the notebook" in told


def test_a_text_that_may_scroll_can_be_reached_by_the_keyboard():
    assert "tabindex" not in shown(stream("short\n" * 10))
    assert 'tabindex="0"' in shown(stream("short\n" * 21)) and 'tabindex="0"' in shown(stream("long " * 200))


def test_many_outputs_end_with_how_many_are_left():
    told = shown(*[stream(f"{n}") for n in range(MAX_OUTPUTS + 3)])
    assert told.count("<pre") == MAX_OUTPUTS and "3 more outputs are in the notebook." in told


def test_an_error_is_shown_by_its_traceback_or_in_a_line():
    error = {"output_type": "error", "ename": "E", "evalue": "why\nmore"}
    assert (
        shown({**error, "traceback": ["\x1b[0;31mline 1", "line 2"]})
        == '<pre class="err">line 1\nline 2</pre>'
    )
    assert shown({**error, "traceback": []}) == '<pre class="err">E: why</pre>'


@pytest.mark.parametrize(
    "mime, content",
    [("image/png", PNG), ("image/gif", GIF), ("image/svg+xml", SVG)],
    ids=("png", "gif", "svg"),
)
def test_a_figure_is_shown_before_its_text_and_has_a_name(mime, content):
    output = {"output_type": "display_data", "data": {"text/plain": "<Figure>", mime: content}}
    told = shown(output)
    assert f'<img src="data:{mime};base64,' in told and 'alt="Figure drawn by this cell"' in told
    assert "Figure&gt;" not in told


def test_a_table_is_kept_and_what_cannot_be_shown_falls_back_to_text():
    table = shown(data(text_html="<table><tr><td>1</td></tr></table>", text_plain="1"))
    assert '<div class="scroll" tabindex="0"><table>' in table and "<td>1</td>" in table
    assert (
        shown(data(image_png="bm90IGEgcGljdHVyZQ==", text_plain="a < b")) == '<pre class="out">a &lt; b</pre>'
    )
    deep = shown(data(text_html="<div>" * 200, text_plain="deep"))
    assert deep == '<pre class="out">deep</pre>'
    assert "<em>so</em>" in shown(data(text_markdown="*so*"))
    assert "<math" in shown(data(text_latex="$\\displaystyle x^2$", text_plain="<Math>"))
    assert "onclick" not in shown(data(text_latex="<b onclick='x()'>a</b>"))


def test_a_page_has_room_for_so_many_pictures():
    small = Budget(pictures=2 * len(PNG) + 60)
    told = outputs_html([data(image_png=PNG, text_plain="a figure")] * 3, small)
    assert told.count("<img") == 2 and told.count("a figure") == 1
    assert base64.b64decode(PNG).startswith(b"\x89PNG")
