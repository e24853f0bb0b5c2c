"""What a student's process put out, made fit for a notebook that others will open.

The outputs come from a process that may be hostile, and an instructor's browser will show them. What is kept
is text, plain images, and HTML without scripts, forms, frames, styles or links; the rest is dropped.
"""

import contextlib
import functools
import re
from typing import Any

from nbformat import NotebookNode

from course.autograder.judging.verdict import VERDICT, Verdict
from course.autograder.sandbox.limits import Limits
from course.autograder.student import Points
from course.common.cleaning import Cleaner, TooMuch, words
from course.languages.saying import language

MAX_OUTPUTS = 200
MAX_HTML = 50_000
LEFT_OUT = "This cell was not run: too many cells of your own ended the notebook's process before."
SKIP_TAG = "not-graded"
SKIPPED = "Not needed for grading, so this cell was not run."
_HTML_TAGS = words(
    "b br caption code col colgroup div em h1 h2 h3 h4 hr i li ol p pre span strong sub sup "
    "table tbody td tfoot th thead tr tt u ul"
)
_clean = Cleaner(_HTML_TAGS, {"*": words("colspan rowspan")})
_BASE64 = re.compile(r"[A-Za-z0-9+/=\s]*")


def _text(value: Any, most: int) -> str:
    return value[:most] if isinstance(value, str) else ""


def _data(data: Any, limits: Limits) -> dict[str, str]:
    kept: dict[str, str] = {}
    if not isinstance(data, dict):
        return kept
    if "text/plain" in data:
        kept["text/plain"] = _text(data["text/plain"], limits.output_characters)
    html = data.get("text/html")
    if isinstance(html, str) and len(html) <= MAX_HTML:
        with contextlib.suppress(TooMuch):
            kept["text/html"] = _clean(html)
    for mime in (
        "text/markdown",
        "text/latex",
    ):  # cleaned where they are rendered: on the page, in the formgrader
        written = data.get(mime)
        if isinstance(written, str) and len(written) <= MAX_HTML:
            kept[mime] = written
    for mime in ("image/png", "image/jpeg"):
        image = data.get(mime)
        if isinstance(image, str) and len(image) <= limits.image_bytes and _BASE64.fullmatch(image):
            kept[mime] = image
    return kept


def _output(kind: str, **rest: Any) -> NotebookNode:
    # nbformat's own maker validates each output against the schema, as the whole notebook is when it is written; and what is
    # in one stays plain data, of which a node for each dict would be made otherwise.
    return NotebookNode({"output_type": kind, **rest})


def _one(output: Any, count: int, limits: Limits) -> NotebookNode | None:
    if not isinstance(output, dict):
        return None
    most = limits.output_characters
    match output.get("output_type"):
        case "stream":
            name = "stderr" if output.get("name") == "stderr" else "stdout"
            return _output("stream", name=name, text=_text(output.get("text"), most))
        case "display_data":
            return _output("display_data", data=_data(output.get("data"), limits), metadata={})
        case "execute_result":
            data = _data(output.get("data"), limits)
            return _output("execute_result", data=data, metadata={}, execution_count=count)
        case "error":
            lines = output.get("traceback")
            return _output(
                "error",
                ename=_text(output.get("ename"), 200),
                evalue=_text(output.get("evalue"), 2000),
                traceback=[_text(line, most) for line in lines[:50]] if isinstance(lines, list) else [],
            )
    return None


def student_outputs(outputs: Any, count: int, limits: Limits) -> list[NotebookNode]:
    """The outputs of one cell as nbformat has them; whatever does not look like one is left out."""
    if not isinstance(outputs, list):
        return []
    found = (_one(output, count, limits) for output in outputs[:MAX_OUTPUTS])
    return [output for output in found if output is not None]


def note(text: str) -> NotebookNode:
    """A remark of the grading run's in a cell's outputs."""
    return _output("stream", name="stdout", text=text + "\n")


def stopped(reason: str) -> NotebookNode:
    """What stands in a cell that was stopped."""
    return _output("error", ename="Stopped", evalue=reason, traceback=[f"Stopped: {reason}"])


@functools.lru_cache(maxsize=256)
def _told(verdict: Verdict, spoken: str) -> tuple[str, str]:
    """The message as text and as HTML, in the language that is spoken; most students of a class get the same ones."""
    return verdict.text(), verdict.html()


def _from_judge() -> dict[str, Any]:
    return {"course": {"from": "judge"}}


def verdict_outputs(verdict: Verdict, count: int | None) -> list[NotebookNode]:
    """What the judge says, written by the judge's own process: the message and the cell's value."""
    points = Points(verdict.points)
    points.max_points, points.extra = verdict.max_points, verdict.extra
    text, html = _told(verdict, language())
    told = {"text/plain": text, "text/html": html, VERDICT: verdict.as_dict()}
    value = {"text/plain": repr(points), "text/html": points._repr_html_()}
    return [
        _output("display_data", data=told, metadata=_from_judge()),
        _output("execute_result", data=value, execution_count=count, metadata=_from_judge()),
    ]
