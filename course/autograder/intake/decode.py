"""From a file's bytes to its text, whatever the program that wrote it took for granted."""

import codecs
import re
from json import detect_encoding

from course.common.guessing import guessed_encoding

MOST_WRONG = 10_000  # bytes that are put right one by one
MARKED = (  # byte order marks; UTF-32's begins like UTF-16's
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def decode(content: bytes) -> tuple[str, str]:
    """The text of a file.

    Args:
        content: of the file.

    Returns:
        The text, and what is to be said of its encoding: a clause such as 'it is UTF-16 text', '' for UTF-8.
    """
    for mark, encoding in MARKED:
        if content.startswith(mark):
            text = content.decode(encoding, "replace")
            return text, "" if encoding == "utf-8-sig" else f"it is {encoding.upper()} text"
    try:
        guess = detect_encoding(content[:4]) if len(content) >= 4 else "utf-8"
        text = content.decode(guess)
        return text, "" if guess == "utf-8" else f"it is {guess.upper()} text"
    except UnicodeDecodeError:
        return _guessed(content)


def _guessed(content: bytes) -> tuple[str, str]:
    """UTF-8 with a few bytes that are not; else the best guess from the lines that are not ASCII."""
    text = content.decode("utf-8", "replace")
    wrong = text.count("\ufffd")
    if wrong < MOST_WRONG and len(re.findall(r"[^\x00-\x7f]", text)) > 4 * wrong:
        return content.decode("utf-8", "cp1252-for-the-rest"), "some of its letters are not UTF-8"
    encoding = guessed_encoding(content)
    return content.decode(encoding, "replace"), f"it is not UTF-8; it was read as {encoding}"


def _one_by_one(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    wrong = error.object[error.start : error.end]
    return wrong.decode("cp1252", "replace"), error.end


codecs.register_error("cp1252-for-the-rest", _one_by_one)
