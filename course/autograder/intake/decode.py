"""From a file's bytes to its text, whatever the program that wrote it took for granted."""

import codecs
import re
from json import detect_encoding

from charset_normalizer import CharsetMatch, from_bytes

SAMPLE = 200_000  # bytes that a guess is made from
MOST_WRONG = 10_000  # bytes that are put right one by one
FEW = 10  # bytes that are not ASCII: too few to guess from, so the commonest is taken
MARKED = (  # byte order marks; UTF-32's begins like UTF-16's
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# An encoding that has ASCII in it, as a notebook's JSON and Python do, and letters beyond.
BYTES = [
    "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "iso8859_15", "koi8_r", "mac_roman",
    "cp932", "shift_jis", "euc_jp", "gb18030", "big5", "euc_kr", "cp949",
]  # fmt: skip


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
    if sum(len(some) for some in re.findall(rb"[\x80-\xff]+", content[: 2**20])) < FEW:
        return content.decode("cp1252", "replace"), "it is not UTF-8; it was read as cp1252"
    lines = b"\n".join(line[:2000] for line in content.splitlines() if not line.isascii())[:SAMPLE]
    matches = list(from_bytes(lines, cp_isolation=BYTES))
    best = matches[0] if matches else None
    alike = (one.encoding == "cp1252" and best and _as_likely(one, best) for one in matches)
    encoding = best.encoding if best is not None and not any(alike) else "cp1252"
    return content.decode(encoding, "replace"), f"it is not UTF-8; it was read as {encoding}"


def _as_likely(one: CharsetMatch, best: CharsetMatch) -> bool:
    """Whether nothing but a hair speaks for the best of two guesses, so that the commoner may be taken."""
    return one.coherence >= best.coherence and one.chaos <= best.chaos + 0.02


def _one_by_one(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    wrong = error.object[error.start : error.end]
    return wrong.decode("cp1252", "replace"), error.end


codecs.register_error("cp1252-for-the-rest", _one_by_one)
