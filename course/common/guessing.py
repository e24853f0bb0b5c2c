"""The encoding of bytes that are no UTF-8: as old editors and spreadsheets save text."""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from charset_normalizer import CharsetMatch

SAMPLE = 200_000  # bytes that a guess is made from
FEW = 10  # bytes that are not ASCII: too few to guess from, so the commonest is taken
# An encoding that has ASCII in it, as JSON, Python and CSV files do, and letters beyond.
BYTES = [
    "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "iso8859_15", "koi8_r", "mac_roman",
    "cp932", "shift_jis", "euc_jp", "gb18030", "big5", "euc_kr", "cp949",
]  # fmt: skip
KOREAN = 8  # characters that are all Hangul: half of the commonest Chinese ones would look like it, too
HANGUL = re.compile(r"[\uac00-\ud7a3\u3131-\u318e\x00-\x7f]*")
KANA = re.compile(r"[\u3041-\u30fe]")


def guessed_encoding(content: bytes) -> str:
    """The likeliest encoding of a text that is no UTF-8; the commonest where it is too short to tell."""
    lines = b"\n".join(line[:2000] for line in content.splitlines() if not line.isascii())[:SAMPLE]
    if found := _in_pairs(lines):
        return found
    if sum(len(some) for some in re.findall(rb"[\x80-\xff]+", content[: 2**20])) < FEW:
        return "cp1252"
    from charset_normalizer import from_bytes  # takes longer than a file that is UTF-8, as nearly all are

    matches = list(from_bytes(lines, cp_isolation=BYTES))
    best = matches[0] if matches else None
    alike = (one.encoding == "cp1252" and best and _as_likely(one, best) for one in matches)
    return best.encoding if best is not None and not any(alike) else "cp1252"


def _as_likely(one: "CharsetMatch", best: "CharsetMatch") -> bool:
    """Whether nothing but a hair speaks for the best of two guesses, so that the commoner may be taken."""
    return one.coherence >= best.coherence and one.chaos <= best.chaos + 0.02


def _in_pairs(lines: bytes) -> str:
    """Chinese, Japanese or Korean in pairs of high bytes, which other texts hardly ever have throughout; '' for none."""
    if _read(lines, "gb2312") is None:
        return ""
    korean, japanese = _read(lines, "euc_kr"), _read(lines, "euc_jp")
    if korean is not None and HANGUL.fullmatch(korean) and len(re.findall(r"[^\x00-\x7f]", korean)) >= KOREAN:
        return "euc_kr"
    return "euc_jp" if japanese is not None and KANA.search(japanese) else "gb18030"


def _read(lines: bytes, encoding: str) -> str | None:
    try:
        return lines.decode(encoding)
    except UnicodeDecodeError:
        return None
