"""Marks of a merge that was not resolved: the file as each side had it."""

import re

MARKS = re.compile(rb"^(?:<{7}|\|{7}|={7}|>{7})(?=[ \r\n]|$)[^\n]*\n?", re.MULTILINE)


def sides(content: bytes) -> tuple[bytes, ...]:
    """A file with the marks of a merge in it as each side had it; the file itself where there are none.

    A line of JSON begins with a blank, a bracket or a quote, so these marks are never a notebook's own text.
    """
    if not re.search(rb"^<{7}(?: |\r?$)", content, re.MULTILINE):
        return (content,)
    ours: list[bytes] = []
    theirs: list[bytes] = []
    position, state = 0, "both"
    for mark in MARKS.finditer(content):
        _to(state, content[position : mark.start()], ours, theirs)
        position = mark.end()
        state = {b"<": "ours", b"|": "neither", b"=": "theirs", b">": "both"}[mark[0][:1]]
    _to(state, content[position:], ours, theirs)
    return b"".join(ours), b"".join(theirs)


def _to(state: str, text: bytes, ours: list[bytes], theirs: list[bytes]) -> None:
    if state in ("both", "ours"):
        ours.append(text)
    if state in ("both", "theirs"):
        theirs.append(text)
