"""Code that Python cannot read for what chats, word processors and keyboards made of it: put right where one reading is left.

Blanks that are none, curly quotes, full-width brackets, Markdown's fences, prompts, tabs among blanks. A cell is touched only
where Python cannot read it as it is and can read it then, so that no answer that runs is changed.
"""

import ast
import re
import textwrap
import warnings
from collections.abc import Callable
from functools import lru_cache

from course.autograder.intake.code import binds, parses, without_magic

# What is left alone: comments and strings that end.
QUOTED = (
    r'#[^\n]*+|"""(?:[^"\\]|\\.|"(?!""))*+"""|\'\'\'(?:[^\'\\]|\\.|\'(?!\'\'))*+\'\'\''
    r'|"(?:[^"\\\n]|\\.)*+"|\'(?:[^\'\\\n]|\\.)*+\''
)
NOTHING = "\u00ad\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069\ufeff"
BLANKS = "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
SIGNS = {
    **dict.fromkeys("“”„‟«»″", '"'),
    **dict.fromkeys("‘’‚‛′`´", "'"),
    **dict.fromkeys("−–‐‑‒﹣", "-"),
    **{chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)},
    **{"、": ",", "。": ".", "【": "[", "】": "]", "×": "*", "·": "*", "÷": "/", "…": "...", "→": "->"},
    **{"≤": "<=", "≥": ">=", "≠": "!="},
}  # fmt: skip
CONTROLS = "".join(map(chr, (*range(9), *range(14, 32), 127)))
UNSEEN = {
    **dict.fromkeys(NOTHING + CONTROLS, ""),
    **dict.fromkeys(BLANKS + "\x0b", " "),
    "\u2028": "\n",
    "\u2029": "\n",
    "\x85": "\n",
}
FENCE = re.compile(r"(`{3,}|~{3,})[^`~\n]*")
PROMPT = re.compile(r"^[ \t]*+(?:>>>|\.\.\.|In \[\d*\]:|\.{3,}:)(?: |$)", re.MULTILINE)


@lru_cache(maxsize=1024)
def legible(source: str) -> tuple[str, str]:
    """A cell of code as Python can read it.

    Args:
        source: of the cell.

    Returns:
        Its text, and what had to be done that a student should know of: 'characters', 'fences', 'tabs', or '' for nothing.
        A cell that Python can read, or cannot read in any case, comes as it is; so does one that defines nothing.
    """
    if parses(source):
        return source, ""
    text, told = source, ""
    for name, step in STEPS:
        before, text = text, step(text)
        if text != before:
            told = name or told
            if parses(text) and binds(text):
                return text, told
    return source, ""


def _unfenced(source: str) -> str:
    first, _, rest = source.strip().partition("\n")
    body, _, last = rest.rpartition("\n")
    found = FENCE.fullmatch(first)
    return body if found and last.strip() == found[1] else source


def _replaced(signs: dict[str, str]) -> Callable[[str], str]:
    wrong = re.compile(f"{QUOTED}|[{re.escape(''.join(signs))}]", re.DOTALL)
    return lambda source: wrong.sub(lambda found: signs.get(found[0], found[0]), source)


def _to_the_margin(source: str) -> str:
    """Without the prompts of an interpreter, and the blanks before every line; IPython takes both away by itself."""
    return textwrap.dedent(PROMPT.sub("", source)).strip("\n")


def _without_tabs(source: str) -> str:
    """With blanks for tabs, four or eight each, where one of the two alone can be read, or both say the same."""
    read: dict[str, str] = {}
    for size in (4, 8):
        lines = [_expanded(line, size) for line in source.split("\n")]
        text = "\n".join(lines)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                read[ast.dump(ast.parse("\n".join(without_magic(line) for line in lines)))] = text
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                continue
    return next(iter(read.values())) if len(read) == 1 else source


def _expanded(line: str, size: int) -> str:
    """A line whose tabs before its first word are blanks up to the next multiple of a size."""
    code = line.lstrip(" \t")
    return line[: len(line) - len(code)].expandtabs(size) + code


STEPS: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("fences", _unfenced),
    ("", _to_the_margin),
    ("characters", _replaced(UNSEEN)),
    ("", _to_the_margin),
    ("characters", _replaced(SIGNS)),
    ("tabs", _without_tabs),
)
