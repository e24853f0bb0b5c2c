"""Pictures: what is attached to a cell of text, what a cell of code had displayed, and what lies beside the notebook.

They are kept as attachments that nbformat calls valid, and nobody opens them here: a page decides what it shows.
"""

import base64
import re
from collections.abc import Callable
from typing import Any

Pictures = dict[str, dict[str, str]]  # file's name -> MIME type -> base64
MIME = re.compile(r"image/(png|jpeg|jpg|gif|webp|bmp|svg\+xml)", re.IGNORECASE)
BASE64 = re.compile(r"[A-Za-z0-9+/=\s]+")
MOST = 24 * 2**20  # characters of one picture
MOST_OF_A_CELL = 50  # pictures
BEGINS = {  # bytes that a file begins with -> what it is
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
}
SHOWS_A_FILE = re.compile(r"\bImage\b|imread|imshow|\bopen\(|SVG\(|HTML\(|display\(")
# ![a drawing](path "title"), and <img src="path">
LINKED = re.compile(
    r"(?P<before>!\[[^\]\n]{0,500}\]\(\s{0,9}<?|<img\b[^>\n]{0,500}?\bsrc\s{0,9}=\s{0,9}[\"']?)"
    r"(?P<path>[^)\s\"'<>]{1,500})"
)


def attached(raw: Any) -> tuple[Pictures, list[str]]:
    """A cell's attachments as nbformat has them.

    Args:
        raw: what stands under 'attachments' in a notebook that anybody may have written.

    Returns:
        The pictures, and the names of attachments that are none.
    """
    kept: Pictures = {}
    others: list[str] = []
    for name, bundle in list(raw.items())[:MOST_OF_A_CELL] if isinstance(raw, dict) else ():
        data = {mime.lower(): text for mime, text in _texts(bundle) if MIME.fullmatch(mime)}
        if data:
            kept[str(name)[:200]] = data
        elif bundle:
            others.append(str(name)[:200])
    return kept, others


def _texts(bundle: Any) -> list[tuple[str, str]]:
    """MIME types and texts, SVG that is not base64 yet made so."""
    found = []
    for mime, value in bundle.items() if isinstance(bundle, dict) else ():
        if isinstance(value, list) and all(isinstance(line, str) for line in value):
            value = "".join(value)
        if not isinstance(mime, str) or not isinstance(value, str) or not 0 < len(value) <= MOST:
            continue
        if "svg" in mime.lower() and "<" in value:
            value = base64.b64encode(value.encode("utf-8", "replace")).decode()
        if BASE64.fullmatch(value):
            found.append((mime, value))
    return found


def displayed(outputs: Any) -> list[tuple[str, str]]:
    """The pictures among a code cell's saved outputs: MIME type and base64."""
    found = []
    for output in outputs if isinstance(outputs, list) else ():
        data = output.get("data", output) if isinstance(output, dict) else {}
        old = {"png": "image/png", "jpeg": "image/jpeg"}  # as nbformat 3 has them, beside `output_type`
        data = {old.get(mime, mime): value for mime, value in data.items()} if isinstance(data, dict) else {}
        found += [(mime, text) for mime, text in _texts(data) if mime in ("image/png", "image/jpeg")]
    return found[:MOST_OF_A_CELL]


def as_attachments(pictures: list[tuple[str, str]], stem: str) -> Pictures:
    """Displayed pictures as attachments of a cell of text."""
    return {
        f"{stem}-{k}.{mime.partition('/')[2]}": {mime: data} for k, (mime, data) in enumerate(pictures, 1)
    }


def joined(text: str, pictures: Pictures, more: str, more_pictures: Pictures) -> tuple[str, Pictures]:
    """Two texts one under the other, with the pictures of both; what has the same name is renamed."""
    kept = dict(pictures)
    for name, data in more_pictures.items():
        new = name
        while new in kept and kept[new] != data:
            stem, dot, ending = new.rpartition(".")
            new = f"{stem}-2{dot}{ending}" if dot else f"{new}-2"
        if new != name:
            more = more.replace(f"attachment:{name}", f"attachment:{new}")
        kept[new] = data
    return "\n\n".join(part for part in (text.strip(), more.strip()) if part), kept


def all_shown(text: str, pictures: Pictures) -> str:
    """A text in which every attached picture is shown: those that it does not name stand at its end."""
    missing = [name for name in pictures if f"attachment:{name}" not in text and _quoted(name) not in text]
    shown = "\n\n".join(f"![{_label(name)}](attachment:{_quoted(name)})" for name in missing)
    return "\n\n".join(part for part in (text, shown) if part)


def _label(name: str) -> str:
    return re.sub(r"[^\w .-]", " ", name)


def _quoted(name: str) -> str:
    return name.replace(" ", "%20").replace("(", "%28").replace(")", "%29")


def with_files(
    text: str, pictures: Pictures, read: Callable[[str], bytes | None]
) -> tuple[str, Pictures, list[str]]:
    """Attach the picture files that a text shows.

    Args:
        text: Markdown.
        pictures: what is attached already.
        read: gives the file at a path from the notebook's folder, None where there is none.

    Returns:
        The text, its pictures, and the names of pictures that it shows and that are nowhere.
    """
    kept, gone = dict(pictures), []

    def put(found: re.Match[str]) -> str:
        path = found["path"]
        if path.startswith("attachment:"):
            name = path.removeprefix("attachment:")
            if not any(name in (own, _quoted(own)) for own in kept):
                gone.append(name)
            return found[0]
        if re.match(r"[a-zA-Z][a-zA-Z0-9+.-]+:|//|#", path):
            return found[0]
        content = read(path.replace("%20", " ").removeprefix("./"))
        mime = mime_of(content) if content is not None else ""
        if content is None or not mime or len(content) > MOST // 2:
            gone.append(path)
            return found[0]
        name = re.sub(r"[^\w.-]", "-", path.rpartition("/")[2])
        kept[name] = {mime: base64.b64encode(content).decode()}
        return f"{found['before']}attachment:{name}"

    return LINKED.sub(put, text), kept, gone


def mime_of(content: bytes) -> str:
    """What kind of picture a file is, by its first bytes; '' when it is none that pages show."""
    return next((mime for begins, mime in BEGINS.items() if content.startswith(begins)), "")
