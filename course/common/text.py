"""Text that others wrote (names of folders, of files, sentences about them), made fit for a terminal and a spreadsheet."""

import re
import unicodedata

JOINERS = "\u200c\u200d"  # some scripts and emoji cannot be written without them
ESCAPED = {
    "Cc",
    "Cf",
    "Cs",
    "Co",
    "Zl",
    "Zp",
}  # control, format, half characters, private use, separators of lines
# What a spreadsheet takes for a formula: at a cell's beginning, or behind a mark where another would cut cells.
FORMULA = re.compile(r"(^[\s\"']*|[;,|\t][\s\"']*)(?=[=+\-@＝＋－＠])")


def printable(text: str, keep: str = "") -> str:
    """The same text, with each character that would steer a terminal or show as nothing written as an escape.

    Args:
        text: anything, half characters of a file system's names included.
        keep: characters to leave as they are; `"\\n\\t"` for a text of several lines.

    >>> printable("a\\x1b[31mb\\n")
    'a\\\\x1b[31mb\\\\n'
    """
    return "".join(c if c in keep else _escaped(c) for c in text)


def _escaped(char: str) -> str:
    if unicodedata.category(char) not in ESCAPED or char in JOINERS:
        return char
    return char.encode("unicode_escape", "surrogatepass").decode()


def for_spreadsheet(text: str) -> str:
    """The same text as a cell that no spreadsheet computes: an apostrophe stands before what would be a formula.

    >>> for_spreadsheet("=HYPERLINK(1)"), for_spreadsheet("s1")
    ("'=HYPERLINK(1)", 's1')
    """
    return FORMULA.sub(lambda found: found[0] + "'", printable(text))
