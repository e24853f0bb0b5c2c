"""English that is left on a page in another language."""

import html
import re

AS_IT_IS = re.compile(r"<(code|pre|style|title)\b.*?</\1>|<[^>]*>", re.DOTALL)  # code, and tags
WORDS = re.compile(r"(?<![\w./-])[A-Za-z][a-z]+(?:[ ,;:]+[A-Za-z][a-z]+)+(?![\w./-])")


def english_in(page):
    """Two English words and more in a row, outside of code; and those of labels that are read aloud."""
    told = re.findall(r'aria-label="([^"]*)"', page) + re.findall(r"<title>(.*?)</title>", page)
    shown = AS_IT_IS.sub("\n", page)
    return sorted({found for text in (*told, shown) for found in WORDS.findall(html.unescape(text))})
