"""Helper files: what an assignment lets students hand in along with the notebook, and which names such a file may have.

An assignment says so in its notebook's metadata: {"course": {"submit": ["ps1_batchnorm.ipynb", "helpers.py"]}}.
"""

import re
import sys
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

MOST_OF_ONE = 2**20  # bytes of a file that comes along
NAME = re.compile(r"[A-Za-z]\w{0,60}\.(py|csv|txt|json|npy|npz)")
OURS = frozenset({"course", "student", "numpy", "matplotlib", "mpl_toolkits", "IPython", "paddle"})


def submitted(metadata: Mapping[str, Any]) -> tuple[str, ...]:
    """The helper files that a notebook's metadata names; the notebook itself is none."""
    said = metadata.get("course", {})
    names = said.get("submit", ()) if isinstance(said, Mapping) else ()
    if not isinstance(names, (list, tuple)):
        return ()
    return tuple(name for name in names if isinstance(name, str) and not name.endswith(".ipynb"))


def hides(name: str, modules: Collection[str] = OURS) -> str:
    """The module that a file or folder of this name would stand in front of; '' where there is none.

    Args:
        name: from the notebook's folder: 'numpy.py', or 'numpy/__init__.py'.
        modules: that grading has besides the standard library's.
    """
    top, rest, _ = name.partition("/")
    module = top if rest else top.removesuffix(".py") if top.endswith(".py") else ""
    return module if module in modules or module in sys.stdlib_module_names else ""


def wrong_name(name: str, modules: Collection[str] = OURS) -> str:
    """Why a file of this name cannot be handed in along, as a clause; '' where it can."""
    if not NAME.fullmatch(name):
        return "its name must be letters, digits and _, and end in .py, .csv, .txt, .json, .npy or .npz"
    if module := hides(name, modules):
        return f"it would stand in front of the module {module}"
    return ""


def wrong_file(path: Path) -> str:
    """Why this file would not come along, as a clause; '' where it would."""
    if path.is_symlink():
        return "it is a link, and links are not followed"
    if path.is_dir():
        return "it is a folder"
    if not path.exists():
        return "it is not there"
    if not path.is_file():
        return "it is no plain file"
    if path.stat().st_size > MOST_OF_ONE:
        return f"it has {path.stat().st_size / 2**20:.1f} MB, and 1 MB comes along"
    return ""
