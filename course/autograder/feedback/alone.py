"""A feedback page that travels alone, to be given back through a learning platform: its style sheet comes along in it.

Formulas are drawn in whatever font for them the reader has; the page's own would make each file twenty times as large. Links
to lessons are kept where students can follow them, at an address of the web, and are plain words otherwise.
"""

import base64
import hashlib
import re
from functools import cache

from course.autograder.feedback.page import STYLE, TEMPLATES

SHEET = re.compile(rf'<link rel="stylesheet" href="[^"]*{re.escape(STYLE)}">')
HERE_ALONE = re.compile(r'<a href="(?:\.\./)+[^"]*">(.*?)</a>', re.DOTALL)
POLICY = "style-src 'self' file: "
FONT_FACE = re.compile(r"@font-face\s*\{[^}]*\}")


@cache
def _sheet() -> str:
    return FONT_FACE.sub("", (TEMPLATES / STYLE).read_text("utf-8")).strip()


def alone(page: str) -> str:
    """A page's HTML, as it was written into `feedback/`, fit to be read without any other file.

    Args:
        page: the HTML.
    """
    digest = base64.b64encode(hashlib.sha256(_sheet().encode()).digest()).decode()
    head, body, rest = page.partition("</head>")
    head = SHEET.sub(lambda _: f"<style>{_sheet()}</style>", head, count=1)
    head = head.replace(POLICY, f"{POLICY}'sha256-{digest}' ", 1)
    return head + body + HERE_ALONE.sub(r"\1", rest)
