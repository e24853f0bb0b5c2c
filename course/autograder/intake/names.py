"""Names of files, folders and assignments, compared by their letters and digits."""

import re
from collections.abc import Collection, Iterable

# What tools leave beside people's files: it is never a hand-in.
IGNORED = re.compile(
    r"\._.*|\.~.*|~\$.*|__MACOSX|\.ipynb_checkpoints|.*-checkpoint\.ipynb|\.git|\.svn|\.venv|venv|node_modules|__pycache__"
    r"|\.DS_Store|Thumbs\.db|desktop\.ini|\.Rhistory|\.vscode|\.idea|\.gitignore|\.virtual_documents|.*\.pyc|.*\.crdownload",
    re.IGNORECASE,
)
NOTEBOOK = re.compile(
    r".*\.(ipynb.*|ipyn|json|zip|tar|tgz|gz|bz2|xz)|[^.]+", re.IGNORECASE
)  # may be a notebook
ENDINGS = re.compile(r"(\.(ipynb|json|txt|zip|tar|tgz|gz|bz2|xz|py|md))+$", re.IGNORECASE)


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


# Words that stand before or behind an assignment's name and are nobody's id.
NOBODY = re.compile(
    r"(copy|copyof|final|solutions?|solved|submissions?|submitted|homework|hw|my|new|old|notebook|test|draft|answers?|release|"
    r"template|late|fixed|backup|untitled|assignment|download|export|all|v|version)?\d*",
    re.IGNORECASE,
)
ID = re.compile(r"[^\W_](?:[\w.@+-]{0,62}[^\W_])?")
NUMBERS = re.compile(r"_\d{4,}(_|$)|^\d{4,}_")  # as learning platforms put them into names of files


def _said_in(stem: str, assignment: str) -> re.Match[str] | None:
    loose = r"[\W_]*".join(re.escape(part) for part in re.findall(r"[^\W_]+", assignment))
    return re.search(loose, stem, re.IGNORECASE)


def beside_assignment(file: str, assignment: str) -> str:
    """What stands before an assignment's name in a file's, or else behind it: 'Jana M' in 'Jana M - ps1 batchnorm (1).ipynb'."""
    stem = ENDINGS.sub("", file.strip())
    found = _said_in(stem, assignment)
    if found is None:
        return ""
    parts = (re.sub(r"\(\d+\)", "", part) for part in (stem[: found.start()], stem[found.end() :]))
    said = (part.strip(" _-–.()[]") for part in parts)
    return next((part for part in said if not NOBODY.fullmatch(re.sub(r"[\W_]+", "", part))), "")


def no_id(name: str) -> str:
    """Why a folder's name can be nobody's id, in words that go on `a name that`; '' where it can be one."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return "is not UTF-8 text"
    if not re.search(r"\w", name):
        return "has no letter or digit in it"
    return ""


def student_named(file: str, assignment: str, known: Collection[str], *, alone: bool) -> str | None:
    """Whose a file is, by its name: `alice_ps1_batchnorm.ipynb`, `ps1-batchnorm (alice).zip`.

    Args:
        file: its name.
        assignment: whose name is in it, '' for none.
        known: ids of students.
        alone: whether an id that is not known will do.

    Returns:
        The id; '' when the assignment is named, but no student for sure; None when the assignment is not named.
    """
    stem = ENDINGS.sub("", file.strip())
    if assignment:
        if (found := _said_in(stem, assignment)) is None:
            return None
        stem = f"{stem[: found.start()]}  {stem[found.end() :]}"
    low = stem.casefold()
    near = [one for one in known if one.casefold() in low]
    same = [one for one in near if one.casefold() == low.strip(" _-.()[]")]
    inside = [
        one
        for one in near
        if re.search(rf"(?<![^\W_]){re.escape(one)}(?![^\W_])", stem, re.IGNORECASE)
        and not NOBODY.fullmatch(one)
    ]
    if len(same or inside) == 1:
        return (same or inside)[0]
    rest = re.sub(r"\(\d+\)|(?<!\S)-?\d+$", "", stem).strip(" _-.()[]")
    if (
        not inside
        and alone
        and ID.fullmatch(rest)
        and not NOBODY.fullmatch(rest)
        and not NUMBERS.search(rest)
    ):
        return rest
    return ""
