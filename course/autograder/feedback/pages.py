"""Markdown that students wrote, made fit for pages that others open: feedback, and the formgrader.

nbgrader's pages show Markdown cells with whatever HTML is in them, and the formgrader's page may change every
grade there is: a script in a text cell would act as the instructor. `nbgrader_config.py` puts `markdown` in the
place of nbconvert's filter `markdown2html`, so that all of nbgrader's pages go through it.
"""

import re

import bleach
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

TAGS = frozenset(
    [
        "a",
        "abbr",
        "b",
        "blockquote",
        "br",
        "caption",
        "code",
        "col",
        "colgroup",
        "dd",
        "del",
        "details",
        "div",
        "dl",
        "dt",
        "em",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "i",
        "img",
        "ins",
        "kbd",
        "li",
        "ol",
        "p",
        "pre",
        "s",
        "samp",
        "small",
        "span",
        "strong",
        "sub",
        "summary",
        "sup",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "tt",
        "u",
        "ul",
    ]
)
PLAIN = frozenset({"alt", "title", "width", "height", "colspan", "rowspan", "align", "start"})
# Pygments' classes are of up to three letters; any other class could borrow the page's own looks.
CLASS = re.compile(r"highlight( hl-\w+)?|[a-z][a-z0-9]{0,2}")
LINK = re.compile(r"(https?://|mailto:|#)", re.IGNORECASE)
IMAGE = re.compile(r"data:image/(png|jpeg|gif);base64,", re.IGNORECASE)


def _allowed(tag: str, name: str, value: str) -> bool:
    if name == "class":
        return bool(CLASS.fullmatch(value))
    if name == "href":
        return bool(LINK.match(value))
    if name == "src":
        return bool(IMAGE.match(value))
    return name in PLAIN


def markdown(source: str) -> str:
    """HTML of a Markdown text: formulas and coloured code as nbconvert has them, no script, style, form or frame.

    Links lead to the web or stay on the page; images must lie in the text itself (`data:`), so that opening a page
    asks nobody's server for anything.
    """
    renderer = IPythonRenderer(escape=False, attachments={}, exclude_anchor_links=True)
    rendered = MarkdownWithMath(renderer=renderer).render(source)
    return bleach.clean(
        rendered,
        tags=TAGS,
        attributes=_allowed,
        protocols={"http", "https", "mailto", "data"},
        strip=True,
    )
