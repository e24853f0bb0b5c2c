"""What a cell put out, as HTML: text, tables, pictures, errors. All of it may come from a hostile process."""

import re
from collections.abc import Iterator
from html import escape
from typing import Any

from course.autograder.feedback.budget import Budget
from course.autograder.feedback.pictures import RASTER, SVG, address
from course.autograder.feedback.text import cleaned_html, html_of
from course.common.cleaning import TooMuch

MAX_TEXT = 20_000  # characters of one output
MAX_OUTPUTS = 200
MAY_SCROLL = 800  # characters, or lines of 40 on a phone: longer text may be higher than its frame
COLOURS = re.compile(r"\x1b\[[0-9;?]*[@-~]")  # of a terminal


def outputs_html(outputs: Any, budget: Budget) -> str:
    """The outputs of a cell, the judge's left out."""
    if not isinstance(outputs, list):
        return ""
    kept = [one for one in outputs if isinstance(one, dict) and not from_judge(one)]
    shown = [budget.charge(html) for one in kept[:MAX_OUTPUTS] for html in _one(one, budget)]
    if len(kept) > MAX_OUTPUTS:
        shown.append(f'<p class="aside">{len(kept) - MAX_OUTPUTS} more outputs are in the notebook.</p>')
    return "".join(shown)


def from_judge(output: dict[str, Any]) -> bool:
    """Whether the judge's process wrote it; nothing that a submission puts out carries this mark."""
    metadata = output.get("metadata")
    mark = metadata.get("course") if isinstance(metadata, dict) else None
    return isinstance(mark, dict) and mark.get("from") == "judge"


def as_text(value: Any) -> str:
    """A string of a notebook, which may be stored as a list of lines."""
    if isinstance(value, list):
        return "".join(part for part in value if isinstance(part, str))
    return value if isinstance(value, str) else ""


def _one(output: dict[str, Any], budget: Budget) -> Iterator[str]:
    match output.get("output_type"):
        case "stream":
            name = "err" if output.get("name") == "stderr" else "out"
            yield pre(as_text(output.get("text")), name)
        case "error":
            lines = output.get("traceback")
            told = (
                "\n".join(line for line in lines if isinstance(line, str)) if isinstance(lines, list) else ""
            )
            yield pre(told or failure(output), "err")
        case "display_data" | "execute_result":
            data = output.get("data")
            yield _data(data, budget) if isinstance(data, dict) else ""


def failure(output: dict[str, Any]) -> str:
    """An error in one line: its kind and what it says."""
    said = as_text(output.get("evalue")).strip().splitlines() or [""]
    return f"{as_text(output.get('ename'))}: {said[0]}".strip(": ")


def _data(data: dict[str, Any], budget: Budget) -> str:
    if not budget.used_up:
        for mime in (SVG, *RASTER):
            found = address(mime, data[mime]) if mime in data else None
            if found and budget.take_picture(found):
                return f'<p class="figure"><img src="{found}" alt="Figure drawn by this cell"></p>'
        try:
            if "text/html" in data:
                return f'<div class="text out">{cleaned_html(as_text(data["text/html"]))}</div>'
            for mime in ("text/markdown", "text/latex"):  # LaTeX comes with its dollars
                if mime in data:
                    html = html_of(as_text(data[mime]), budget=budget.cell())
                    return f'<div class="text out">{html}</div>'
        except TooMuch:
            pass
    return pre(as_text(data.get("text/plain")), "out")


def pre(text: str, name: str) -> str:
    """Text of a terminal: colours and what was written over are left out, and the end of a very long one."""
    left = len(text) - MAX_TEXT
    lines = COLOURS.sub("", text[:MAX_TEXT]).split("\n")
    seen = "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in lines).strip("\n")
    if left > 0:
        seen += f"\n… {left:,} more characters are in the notebook"
    scrolls = len(seen) > MAY_SCROLL or seen.count("\n") >= MAY_SCROLL // 40
    reached = ' tabindex="0"' if scrolls else ""  # by the keyboard
    return f'<pre class="{name}"{reached}>{escape(seen, quote=False)}</pre>' if seen else ""
