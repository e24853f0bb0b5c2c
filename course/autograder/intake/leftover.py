"""What was handed in beside a notebook that lacks answers, and was not looked into: a person has to."""

import re
from collections.abc import Collection, Sequence

from course.autograder.intake.find import File
from course.autograder.intake.notes import listed

PACKED = re.compile(
    r".*\.(rar|7z|zipx|zst|z|lz|lz4|lzma|arj|ace|cab|dmg|iso|sitx?|z\d\d|r\d\d|\d{3})", re.IGNORECASE
)
BEGINS = (b"Rar!", b"7z\xbc\xaf\x27\x1c", b"\x28\xb5\x2f\xfd", b"\x1f\x9d", b"\x1f\xa0", b"MSCF", b"LZIP")
GIVEN = re.compile(  # came with the release, or from a platform
    r"(.*/)?(LICENSE.*|README(\..*)?|check_env\.py|environment\.yml|pyproject\.toml|requirements\.txt|versions\.txt"
    r"|timestamp\.txt|user\.txt|metadata\.yml)|(.*/)?(course|data)/.*",
    re.IGNORECASE,
)


def closed(files: Sequence[File]) -> list[str]:
    """Names of the files that are archives of a kind that is not opened."""
    return [file.name for file in files if PACKED.fullmatch(file.last) or _begins_so(file)]


def _begins_so(file: File) -> bool:
    try:
        return file.read(8).startswith(BEGINS)
    except OSError:
        return False


def not_looked_at(files: Sequence[File], known: Collection[str]) -> list[str]:
    """Names of the files that are none of the known ones and did not come with the release."""
    return [file.name for file in files if file.name not in known and not GIVEN.fullmatch(file.name)]


def said_of_the_unread(
    name: str,
    packed: Sequence[str],
    unread: Sequence[tuple[File, str]],
    told: Sequence[str],
    answered: Collection[str],
    whole: bool,
) -> tuple[list[str], list[str]]:
    """Sentences, for the student and for a person, on what lies beside the notebook that was graded and could not be read.

    Args:
        name: of that notebook.
        packed: names of archives that are not opened.
        unread: other files, and a clause on why.
        told: sentences on what could not be looked at.
        answered: the cells of the notebook that have something of the student's in them.
        whole: whether that is all of them.
    """
    notes, person = [], []
    if packed:
        notes.append(f"{listed(packed, 5)} cannot be opened here; hand in the notebook itself, or a zip.")
    if packed and not whole:
        person.append(
            f"{listed(packed, 5)} cannot be opened here, and {name} lacks answers; open what was handed in, or ask for the "
            "notebook."
        )
    for files, why in by_reason(unread):
        notes.append(
            f"{listed(files, 5)} {'was' if len(files) == 1 else 'were'} handed in as well, and cannot be read: {why}."
        )
    if not answered:
        person += [f"Nothing is answered in {name}; {said[0].lower()}{said[1:]}" for said in told]
        person += [
            f"Nothing is answered in {name}, and {listed(files, 5)} cannot be read ({why}); ask for the right file."
            for files, why in by_reason(unread)
        ]
    return notes, person


def said_of_what_lies_beside_a_blank(name: str, more: Sequence[str]) -> list[str]:
    """A sentence for a person on other files beside a notebook in which nothing is answered, where there are any."""
    if not more:
        return []
    return [
        f"Nothing is answered in {name}, and {listed(more, 5)} came with it; look there, or ask for the right file."
    ]


def by_reason(unread: Sequence[tuple[File, str]]) -> list[tuple[list[str], str]]:
    """Names of files that could not be read, together where the reason is the same."""
    found: dict[str, list[str]] = {}
    for file, why in unread:
        found.setdefault(why, []).append(file.name)
    return [(names, why) for why, names in found.items()]
