"""Pictures in a notebook as `data:` addresses: only what a browser shows as a picture, of a size that it can draw.

A raster picture is looked into by Pillow, which reads its size without decoding it; an SVG is written anew (`svg.py`).
"""

import base64
import binascii
import io
from collections.abc import Mapping
from typing import Any

from PIL import Image, UnidentifiedImageError

from course.autograder.feedback.svg import safe_svg

RASTER = {"image/png": "PNG", "image/jpeg": "JPEG", "image/gif": "GIF"}
SVG = "image/svg+xml"
MAX_BYTES = 5 * 2**20
MAX_PIXELS = 50_000_000


def address(mime: str, content: Any) -> str | None:
    """The `data:` address of a picture, or None where it is none that can be shown.

    Args:
        mime: its type, as the notebook says.
        content: base64 text, or for SVG the text itself; lists of lines are joined.
    """
    if isinstance(content, list):
        content = "".join(part for part in content if isinstance(part, str))
    if not isinstance(content, str) or len(content) > 2 * MAX_BYTES:
        return None
    if mime == SVG:
        drawing = (
            content
            if content.lstrip().startswith("<")
            else (_decoded(content) or b"").decode("utf-8", "replace")
        )
        svg = safe_svg(drawing)
        return svg and f"data:{SVG};base64,{base64.b64encode(svg.encode()).decode()}"
    if mime not in RASTER or (data := _decoded(content)) is None or not _drawable(data, RASTER[mime]):
        return None
    return f"data:{mime};base64,{base64.b64encode(data).decode()}"


def _decoded(content: str) -> bytes | None:
    try:
        data = base64.b64decode("".join(content.split()), validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if 0 < len(data) <= MAX_BYTES else None


def _drawable(data: bytes, kind: str) -> bool:
    try:
        with Image.open(io.BytesIO(data), formats=(kind,)) as image:
            return image.width * image.height <= MAX_PIXELS
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError):
        return False


class Attachments:
    """A cell's attachments, by name.

    Args:
        attached: as the notebook has it: by name, then by type.
    """

    def __init__(self, attached: Any) -> None:
        """Look at nothing yet."""
        self.attached: Mapping[str, Any] = attached if isinstance(attached, dict) else {}
        self.known: dict[str, str | None] = {}

    def __call__(self, name: str) -> str | None:
        """The address of the attachment of that name, or None."""
        if name not in self.known:
            kinds = self.attached.get(name)
            kinds = kinds if isinstance(kinds, dict) else {}
            found = (address(mime, kinds[mime]) for mime in (SVG, *RASTER) if mime in kinds)
            self.known[name] = next(filter(None, found), None)
        return self.known[name]
