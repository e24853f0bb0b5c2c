"""Names of files, folders and assignments, compared by their letters and digits."""

import re
from collections.abc import Iterable

# What tools leave beside people's files: it is never a hand-in.
IGNORED = re.compile(
    r"\._.*|\.~.*|~\$.*|__MACOSX|\.ipynb_checkpoints|.*-checkpoint\.ipynb|\.git|\.svn|\.venv|venv|node_modules|__pycache__"
    r"|\.DS_Store|Thumbs\.db|desktop\.ini|\.Rhistory|\.vscode|\.idea|\.gitignore|\.virtual_documents|.*\.pyc|.*\.crdownload",
    re.IGNORECASE,
)
ENDINGS = re.compile(r"(\.(ipynb|json|txt|zip|py|md))+$", re.IGNORECASE)


def letters(name: str) -> str:
    """A name by its letters and digits alone, without a file's ending."""
    return re.sub(r"[\W_]+", "", ENDINGS.sub("", name.strip())).casefold()


def assignment_named(name: str, assignments: Iterable[str]) -> str | None:
    """The one assignment that a file's or folder's name stands for; None when there is none, or more than one.

    `PS1_BatchNorm`, `ps1-batchnorm (2).zip` and `ps1` stand for ps1_batchnorm.
    """
    known = {letters(assignment): assignment for assignment in assignments}
    said = letters(name)
    if said in known:
        return known[said]
    begins = [whole for short, whole in known.items() if short and said.startswith(short)]
    if len(begins) == 1:
        return begins[0]
    first = [whole for whole in known.values() if said and said == letters(re.split(r"[_\W]", whole)[0])]
    return first[0] if len(first) == 1 else None
