"""Batch normalisation, dropout and convolution arithmetic with PaddlePaddle: lessons, assignments, autograder."""

import sys

__version__ = "0.1.0"

# jsonschema, which nbformat brings, would build this grammar on import: a second, in every process, for checking
# a format that no notebook uses. It goes without where there is none.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
