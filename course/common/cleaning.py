"""HTML that somebody else wrote, made harmless in a time that its length alone bounds.

nh3 keeps the tags and attributes it is given and drops the rest, contents of scripts and styles included. Its parser
walks up the open elements at many tags, so its time grows with depth times length: what is nested deeper than any
honest text is refused before it is parsed.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping

import nh3

MAX_CHARACTERS = 400_000
MAX_DEPTH = 100
MAX_STEPS = 300_000  # of the parser up the open elements: at each tag as many as are open


def words(text: str) -> frozenset[str]:
    """The words of a text, as a set: lists of tags and attributes are easier to read so."""
    return frozenset(text.split())


TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
# These open nothing, or end by themselves where the next of their kind begins.
NOT_NESTED = words(
    "area base br col embed hr img input link meta source track wbr "
    "p li dt dd tr td th thead tbody tfoot colgroup option"
)

Attribute = Callable[[str, str, str], str | None]


class TooMuch(ValueError):
    """Longer, or nested deeper, than is rendered; the message says which, in one clause."""


def refuse_deep(html: str) -> None:
    """Raise TooMuch where so much is open at so many tags that parsing would take long; judged by the tags alone."""
    open_now: Counter[str] = Counter()
    now = steps = 0
    for closing, name in TAG.findall(html):
        name = name.lower()
        steps += now
        if name in NOT_NESTED:
            continue
        if not closing:
            open_now[name] += 1
            now += 1
        elif open_now[name]:  # an end tag closes only what is open
            open_now[name] -= 1
            now -= 1
        if now > MAX_DEPTH:
            raise TooMuch(f"it is nested more than {MAX_DEPTH} levels deep")
    if steps > MAX_STEPS:
        raise TooMuch("too much of it is nested too deep")


class Cleaner:
    """Keeps some tags and attributes of HTML, and nothing else.

    Args:
        tags: kept; of every other tag the text inside stays, but for scripts and styles.
        attributes: by tag; '*' for all tags.
        attribute: given tag, name and value of an attribute, returns the value to be written, or None for none.
        styles: the properties that a `style` attribute may set, where that attribute is kept at all.
    """

    def __init__(
        self,
        tags: frozenset[str],
        attributes: Mapping[str, frozenset[str]],
        attribute: Attribute | None = None,
        styles: frozenset[str] | None = None,
    ) -> None:
        """Prepare the parser once."""
        self._cleaner = nh3.Cleaner(
            tags=set(tags),
            attributes={tag: set(names) for tag, names in attributes.items()},
            attribute_filter=attribute,
            filter_style_properties=set(styles) if styles is not None else None,
            url_schemes={"http", "https", "mailto", "data", "attachment"},
            url_relative="pass_through",
        )

    def __call__(self, html: str) -> str:
        """Clean a fragment.

        Raises:
            TooMuch: when it is longer or deeper than is parsed.
        """
        if len(html) > MAX_CHARACTERS:
            raise TooMuch(f"it is more than {MAX_CHARACTERS:,} characters of HTML")
        refuse_deep(html)
        return self._cleaner.clean(html)
