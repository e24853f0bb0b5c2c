"""The judge: asks, compares, names the mistake, gives the verdict.

What others call is loaded on first use, so that importing a part of this package imports no framework.
"""

import importlib
from typing import Any

# No submodule may have one of these names: it would win over the function once it is imported.
PLACES = {
    "judge": "deciding",
    "judge_with": "deciding",
    "weighed": "deciding",
    "decided": "deciding",
    "resolve": "deciding",
    "question": "computing",
    "seed_for": "seeds",
}

__all__ = ["decided", "judge", "judge_with", "question", "resolve", "seed_for", "weighed"]


def __getattr__(name: str) -> Any:
    if name not in PLACES:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    return getattr(importlib.import_module(f"{__name__}.{PLACES[name]}"), name)
