"""Batch normalisation, dropout and convolution arithmetic with PaddlePaddle: lessons, assignments, autograder."""

import sys

__version__ = "0.1.0"

# jsonschema, which nbformat brings, would build a grammar, compile patterns and read tables of dates on import: more than
# a second, in every process, for checking formats that no notebook uses. It goes without where they are not there.
for name in ("rfc3987_syntax", "rfc3986_validator", "isoduration"):
    sys.modules.setdefault(name, None)  # type: ignore[arg-type]
