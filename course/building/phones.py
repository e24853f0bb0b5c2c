"""Figures that a phone shows in a form of their own: the browser picks by the width of its window."""

import base64
from html import escape
from pathlib import Path

from nbformat import NotebookNode

NARROW = "application/x-narrow-png"  # as course/teaching/narrow.py has it
EXTRA = "extra"  # what lies in this folder stands at the top of the site
FIGURES = "figures"
PHONE = "(max-width: 600px)"


def for_phones(notebook: NotebookNode, name: str, extra: Path) -> None:
    """Give every figure that has a narrow form both, in place; its files are written below `extra`.

    Args:
        notebook: an executed and dressed lesson.
        name: what its page is called.
        extra: the folder that is copied to the top of the site.
    """
    for cell in notebook.cells:
        for number, output in enumerate(cell.get("outputs", [])):
            data = output.get("data", {})
            if narrow := data.pop(NARROW, None):
                said = cell.metadata.get("mystnb", {}).get("image", {})
                address = f"{FIGURES}/{name}-{cell.id}-{number}"
                for kind, content in (("wide", data["image/png"]), ("narrow", narrow)):
                    _write(extra / f"{address}-{kind}.png", base64.b64decode(content))
                data["text/html"] = _picture(address, said.get("width", ""), said.get("alt", ""))


def _picture(address: str, width: str, alt: str) -> str:
    wide = f'<img src="{address}-wide.png" alt="{escape(alt)}" style="width: {width}">'
    return f'<picture><source media="{PHONE}" srcset="{address}-narrow.png">{wide}</picture>'


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
