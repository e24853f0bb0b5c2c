"""Headings in text that is Markdown."""

import re

# A heading's words, without the marks that may close it; "C#" keeps its own, as in CommonMark.
HEADING = re.compile(r"^#{1,6} +(.+?)(?: +#+)? *$", re.MULTILINE)
