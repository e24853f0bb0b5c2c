"""A notebook that was handed in as a web page: exported as HTML, or saved by a browser that was showing the file.

The page is looked through from its beginning to its end once, whatever stands in it: a hostile one costs no more than its size.
"""

import html
import json
import re

from nbformat.notebooknode import NotebookNode

from course.autograder.intake.cells import new_cell, whole

PAGE = re.compile(r"\s*<(?:!doctype\s+html|\?xml|(?:html|head|body|div|style|meta)\b)", re.IGNORECASE)
MOST = 5_000  # cells
# How a cell begins in the pages of nbconvert: since version 6, and before.
CELL, CLASSES = re.compile(r"<div\b[^<>]*>"), re.compile(r'class="([^"]*)"')
CODE, TEXT = {"jp-CodeCell", "code_cell"}, {"jp-MarkdownCell", "text_cell"}
NAMED = re.compile(r'id="cell-id=([\w-]{1,64})"')
HIGHLIGHTED, PRE = (
    re.compile(r'class="[^"<>]{0,100}\b(?:highlight|input_area)\b'),
    re.compile(r"<pre\b[^<>]{0,200}>"),
)
RENDERED = re.compile(
    r'class="[^"<>]{0,200}\b(?:jp-RenderedMarkdown|jp-MarkdownOutput|text_cell_render)\b[^<>]{0,200}>'
)
ANCHOR = re.compile(r'<a class="anchor-link"[^<>]{0,400}>[^<]{0,10}</a>')
TAG = re.compile(r"<[^<>]*>")
MARKS = (  # of what Markdown becomes in HTML, back again; a picture stays as it is
    (re.compile(r"<h([1-6])\b[^<>]*>"), lambda found: "\n" + "#" * int(found[1]) + " "),
    (re.compile(r"<li\b[^<>]*>"), lambda found: "\n- "),
    (re.compile(r"</?code\b[^<>]*>"), lambda found: "`"),
    (re.compile(r"</(?:p|div|h[1-6]|ul|ol|table|tr|pre|blockquote)>|<br\s*/?>"), lambda found: "\n"),
    (re.compile(r"</t[dh]>"), lambda found: " "),
)
PICTURE = re.compile(r"<img\b[^<>]*>")
RAW_LINES = '"rawLines":'  # of the file that GitHub's page shows


def is_page(text: str) -> bool:
    """Whether a text is a web page."""
    return PAGE.match(text) is not None


def notebook_shown(text: str) -> str:
    """The notebook's own text, where a browser that showed it saved the page; '' where it is not in it."""
    start = text.find(RAW_LINES)
    if start >= 0:
        try:
            lines, _ = json.JSONDecoder().raw_decode(text[start + len(RAW_LINES) :].lstrip())
        except (ValueError, RecursionError):
            return ""
        shown = "\n".join(map(str, lines)) if isinstance(lines, list) else ""
        return shown if shown.lstrip()[:1] == "{" else ""
    opened = next(
        (one for one in PRE.finditer(text) if text[one.end() : one.end() + 40].lstrip()[:1] == "{"), None
    )
    if opened is None:
        return ""
    shown = html.unescape(TAG.sub("", text[opened.end() : _end(text, "</pre>", opened.end())]))
    return shown if '"cell_type"' in shown else ""


def from_page(text: str) -> NotebookNode | None:
    """The notebook that was exported to a page, without its outputs; None where no cell is found."""
    opened = [(found, kind) for found in CELL.finditer(text) if (kind := _kind(found[0]))][:MOST]
    if not opened:
        return None
    ends = [found.start() for found, _ in opened[1:]] + [len(text)]
    cells = []
    for (found, kind), end in zip(opened, ends, strict=True):
        inside = text[found.end() : end]
        said = _code(inside) if kind == "code" else _markdown(inside)
        if said.strip():
            made = new_cell(kind, said)
            if named := NAMED.search(found[0]):
                made["id"] = named[1]
            cells.append(made)
    return whole(cells) if cells else None


def _kind(tag: str) -> str:
    classes = CLASSES.search(tag)
    names = set(classes[1].split()) if classes else set()
    return "code" if names & CODE else "markdown" if names & TEXT else ""


def _code(inside: str) -> str:
    """The text of a cell's input; its outputs stand below."""
    begins = HIGHLIGHTED.search(inside)
    opened = PRE.search(inside, begins.start()) if begins else None
    if opened is None:
        return ""
    shown = inside[opened.end() : _end(inside, "</pre>", opened.end())]
    return html.unescape(TAG.sub("", shown)).strip("\n")


def _markdown(inside: str) -> str:
    """What a text said, as far as it can be told from what was shown."""
    begins = RENDERED.search(inside)
    if begins is None:
        return ""
    shown = ANCHOR.sub("", inside[begins.end() :])
    for mark, became in MARKS:
        shown = mark.sub(became, shown)
    kept = PICTURE.findall(shown)
    told = html.unescape(TAG.sub("", shown))
    lines = "\n".join(line.strip() for line in told.split("\n"))
    return "\n\n".join([re.sub(r"\n{3,}", "\n\n", lines).strip(), *kept]).strip()


def _end(text: str, mark: str, start: int) -> int:
    found = text.find(mark, start)
    return len(text) if found < 0 else found
