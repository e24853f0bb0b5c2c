"""Markdown as HTML that can harm nobody: released text, written answers, comments.

pyromark renders in a time that grows with the length alone; what comes out is cleaned, and refused where it is longer
or deeper than any honest text. Formulas are taken out before and put back after, so that neither sees them.
"""

import re
from collections.abc import Callable
from html import escape
from urllib.parse import unquote

import pyromark
from pyromark import Options

from course.autograder.feedback.budget import Budget
from course.autograder.feedback.formulas import PLACE, Formula, draw, take_out
from course.autograder.feedback.highlighting import python_html
from course.common.cleaning import Cleaner, TooMuch, words

MAX_SOURCE = 100_000  # characters of one text, pictures in it not counted
MAX_PLAIN = 20_000  # characters of a text that is not rendered
TAGS = words(
    "a abbr b blockquote br caption code col colgroup dd del details div dl dt em h1 h2 h3 h4 h5 h6 hr i img ins kbd "
    "li ol p pre s samp small span strong sub summary sup table tbody td tfoot th thead tr tt u ul"
)
PLAIN = words("alt title width height colspan rowspan align start")
# Classes of coloured code are of up to two letters; any other class could borrow the page's own looks.
CLASS = re.compile(r"[a-z]{1,2}")
LINK = re.compile(r"(https?://|mailto:|#)", re.IGNORECASE)
IMAGE = re.compile(r"data:image/(png|jpeg|gif|svg\+xml);base64,[A-Za-z0-9+/=]*")
IN_THE_TEXT = "in-the-text-"
IN_TEXT = re.compile(r"data:image/(?:png|jpeg|gif);base64,([A-Za-z0-9+/=]+)")
PICTURE = re.compile(r'<img(?:\s[\w-]+="[^"]*")*>')  # as nh3 writes it
ATTRIBUTE = re.compile(r'\s([\w-]+)="([^"]*)"')
HEADING = re.compile(r"<(/?)h([1-6])\b")

Pictures = Callable[[str], str | None]
ATTRIBUTES = {
    "*": PLAIN,
    "a": frozenset({"href"}),
    "img": frozenset({"src"}),
    "span": frozenset({"class"}),
    "th": frozenset({"style"}),
    "td": frozenset({"style"}),
}
OPTIONS = Options.ENABLE_TABLES | Options.ENABLE_STRIKETHROUGH | Options.ENABLE_TASKLISTS


def no_pictures(name: str) -> str | None:
    """For texts that have no attachments."""
    return None


def html_of(source: str, pictures: Pictures = no_pictures, budget: Budget | None = None) -> str:
    """A Markdown text as clean HTML.

    Args:
        source: the text.
        pictures: gives the `data:` address of an attachment by its name.
        budget: what a student's text may cost; None for the course's own.

    Returns:
        HTML without scripts, styles, forms and frames, that asks nobody's server for anything; headings are `h4`,
        since those above are the page's own.

    Raises:
        TooMuch: when the text is longer, or nested deeper, than is rendered.
    """
    inline: list[str] = []

    def set_aside(found: re.Match[str]) -> str:
        inline.append(found.group())
        return f"attachment:{IN_THE_TEXT}{len(inline) - 1}"

    source = IN_TEXT.sub(set_aside, source)
    if len(source) > MAX_SOURCE:
        raise TooMuch(f"it is more than {MAX_SOURCE:,} characters long")
    text, formulas = take_out(source)
    rendered = pyromark.html(
        text, options=OPTIONS, highlight=lambda language, code: _coloured(language, code, budget)
    )
    cleaned = _apart(_cleaner(formulas, _within(pictures, inline, budget))(rendered))
    drawn = draw(formulas, budget) if formulas else []
    return PLACE.sub(lambda place: drawn[int(place[1])] if int(place[1]) < len(drawn) else "", cleaned)


def cleaned_html(html: str) -> str:
    """HTML that a cell displayed, cleaned like a text's.

    Raises:
        TooMuch: as for a text.
    """
    return _apart(_cleaner([], no_pictures)(html))


def _coloured(language: str | None, code: str, budget: Budget | None) -> str | None:
    """A fenced block of Python in colours; None leaves a block as it is."""
    if (language or "").lower() not in ("python", "py", "python3", "ipython", "ipython3"):
        return None
    return f"<pre><code>{python_html(code, budget)}</code></pre>"


def _within(pictures: Pictures, inline: list[str], budget: Budget | None) -> Pictures:
    """Attachments and the pictures that stood in the text, as long as there is room on the page."""

    def found(name: str) -> str | None:
        number = name.removeprefix(IN_THE_TEXT)
        own = number != name and number.isdecimal() and int(number) < len(inline)
        address = inline[int(number)] if own else pictures(name)
        return address if address and (budget is None or budget.take_picture(address)) else None

    return found


def _cleaner(formulas: list[Formula], pictures: Pictures) -> Cleaner:
    """A cleaner for one text: it needs the text's own pictures and formulas."""

    def attribute(tag: str, name: str, value: str) -> str | None:
        if name == "class":
            return value if CLASS.fullmatch(value) else None
        if name == "href":
            return value if LINK.match(value) else None
        if name == "src":
            attached = value.startswith("attachment:")
            address = pictures(unquote(value.removeprefix("attachment:"))) if attached else value
            return address if address and IMAGE.fullmatch(address) else None
        return PLACE.sub(
            lambda place: formulas[int(place[1])].typed if int(place[1]) < len(formulas) else "", value
        )

    return Cleaner(TAGS, ATTRIBUTES, attribute, styles=frozenset({"text-align"}))


def plain(source: str, reason: str) -> str:
    """A text as it was typed, with the sentence that says why; the end of a very long one is left out."""
    left = len(source) - MAX_PLAIN
    more = f"\n… {left:,} more characters are in the notebook" if left > 0 else ""
    told = f'<p class="aside">This is shown as plain text: {escape(reason)}.</p>'
    return f'{told}<pre class="plain" tabindex="0">{escape(source[:MAX_PLAIN] + more, quote=False)}</pre>'


def _apart(cleaned: str) -> str:
    """Headings below the page's own, tables and diagrams that scroll, and a name for each picture, for who hears the page."""
    cleaned = HEADING.sub(lambda h: f"<{h[1]}h4" + (f' class="h{h[2]}"' if not h[1] else ""), cleaned)
    cleaned = cleaned.replace("<table", '<div class="scroll" tabindex="0"><table').replace(
        "<pre", '<pre tabindex="0"'
    )
    return PICTURE.sub(_named, cleaned.replace("</table>", "</table></div>"))


def _named(picture: re.Match[str]) -> str:
    attributes = dict(ATTRIBUTE.findall(picture.group()))
    name = attributes.get("alt", "").strip()
    if not attributes.get("src"):
        return f'<span class="aside">[picture not shown{": " if name else ""}{name}]</span>'
    if name:
        return picture.group()
    return picture.group().replace(' alt=""', "").replace("<img", '<img alt="Picture"', 1)
