"""Python in colours: Pygments' tokens under a few classes, and plain where that takes too long."""

from functools import cache
from html import escape
from itertools import islice

from pygments.lexers.python import PythonLexer
from pygments.token import Comment, Keyword, Name, Number, Operator, String, _TokenType

from course.autograder.feedback.budget import Budget
from course.common.cleaning import TooMuch

MAX_CODE = 100_000  # characters
AT_A_TIME = 200  # tokens, before the clock is looked at again
KEPT = 2_000  # pieces of code, before all are forgotten
CLASSES = (  # the first that a token is of
    (Comment, "c"),
    (String.Doc, "c"),
    (String, "s"),
    (Number, "m"),
    (Keyword, "k"),
    (Operator.Word, "k"),
    (Name.Function, "f"),
    (Name.Class, "f"),
    (Name.Decorator, "f"),
    (Name.Builtin, "b"),
)

_lexer = PythonLexer(stripnl=False, ensurenl=False)
_kept: dict[str, str] = {}


@cache
def class_of(kind: _TokenType) -> str:
    """The class under which tokens of a kind are shown; '' for those without a colour."""
    return next((name for parent, name in CLASSES if kind in parent), "")


def python_html(code: str, budget: Budget | None = None) -> str:
    """Code as HTML with a `span` around each coloured piece.

    Args:
        code: Python, or what a student takes for it.
        budget: how long it may take; without end when None.

    Raises:
        TooMuch: when it takes longer, or is longer than is coloured.
    """
    if (kept := _kept.get(code)) is not None:
        return kept
    if len(code) > MAX_CODE:
        raise TooMuch(f"it is more than {MAX_CODE:,} characters long")
    tokens = _lexer.get_tokens_unprocessed(code)
    pieces: list[str] = []
    while some := list(islice(tokens, AT_A_TIME)):
        if budget and budget.used_up:
            raise TooMuch("it takes too long to colour")
        for _, kind, text in some:
            name = class_of(kind)
            shown = escape(text, quote=False)
            pieces.append(f'<span class="{name}">{shown}</span>' if name else shown)
    if len(_kept) >= KEPT:
        _kept.clear()
    return _kept.setdefault(code, "".join(pieces))
