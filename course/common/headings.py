"""Headings in text that is Markdown."""

import re

HEADING = re.compile(r"^#{1,6} +(.+?)#* *$", re.MULTILINE)  # its words; other marks in them stay
