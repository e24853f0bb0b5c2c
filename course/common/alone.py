"""A page that leaves its folder, by a learning platform or an exchange, takes its style sheet along."""

import re
from pathlib import Path

LINK = re.compile(r'<link rel="stylesheet" href="((?:\.\./)*[\w-]+\.css)">')


def with_its_style(page: Path) -> str:
    """The page with its style sheet in it; as it is where there is no sheet.

    The sheet's first line is left out: it holds a font that is larger than the page, and browsers have one of their own.
    """
    text = page.read_text("utf-8")
    link = LINK.search(text)
    sheet = page.parent / link[1] if link else None
    if link is None or sheet is None or not sheet.is_file():
        return text
    style = sheet.read_text("utf-8").partition("\n")[2]
    return f"{text[: link.start()]}<style>{style}</style>{text[link.end() :]}"
