"""What is said of a hand-in: sentences for the student, in a cell on top of the notebook and in its metadata."""

from collections.abc import Mapping, Sequence
from typing import Any

from nbformat.notebooknode import NotebookNode

from course.autograder.intake.cells import new_cell

# What was found of cells -> what is said: of one, of several.
SAID: Mapping[str, tuple[str, str]] = {
    "unmarked": (
        "Of {} the marks of the release were lost; it was found by what it says.",
        "Of {} the marks of the release were lost; they were found by what they say.",
    ),
    "copied": (
        "{} was there more than once; copies run, but count as cells of your own.",
        "{} were there more than once; copies run, but count as cells of your own.",
    ),
    "gone": (
        "{} is missing; an empty one stands in its place.",
        "{} are missing; empty ones stand in their place.",
    ),
    "lost": ("{} is missing; restored from the release.", "{} are missing; restored from the release."),
    "changed": ("{} was changed; restored from the release.", "{} were changed; restored from the release."),
    "added": (
        "What you added to {} runs in a cell of your own beside it.",
        "What you added to {} runs in cells of your own beside them.",
    ),
    "repeated": (
        "{} was there more than once; it counts once.",
        "{} were there more than once; each counts once.",
    ),
    "moved": (
        "{} came before the code that it tests, and runs after it.",
        "{} came before the code that they test, and run after it.",
    ),
    "stub": (
        "{} was left as released and is not run, because its function stands in another cell.",
        "{} were left as released and are not run, because their functions stand in other cells.",
    ),
    "needed": (
        "What your code uses of {}, which grading leaves out, is run all the same.",
        "What your code uses of {}, which grading leaves out, is run all the same.",
    ),
    "text": (
        "{} was a cell of text; it is run as code.",
        "{} were cells of text; they are run as code.",
    ),
    "characters": (
        "{} had characters that Python cannot read, such as curly quotes or blanks that are none; they were replaced.",
    )
    * 2,
    "fences": (
        "{} had its code between the fences of Markdown, which were left out.",
        "{} had their code between the fences of Markdown, which were left out.",
    ),
    "tabs": (
        "{} mixed tabs with blanks where Python cannot; it runs in the one way in which it can be read.",
        "{} mixed tabs with blanks where Python cannot; they run in the one way in which they can be read.",
    ),
    "hidden": (
        "A check may not be able to call what {} was to define, so a person will look at it.",
        "A check may not be able to call what {} were to define, so a person will look at them.",
    ),
    "answer": (
        "The answer of {} stood in another cell; it is shown in its place.",
        "The answers of {} stood in other cells; they are shown in their place.",
    ),
    "unsure": (
        "{} has no answer; other text of yours is shown there, and a person will say whether it is one.",
        "{} have no answer; other text of yours is shown there, and a person will say whether it is one.",
    ),
}


def sentences(found: Mapping[str, Sequence[str]]) -> list[str]:
    """One sentence for each kind of thing found, naming at most three cells."""
    said = []
    for kind, (one, several) in SAID.items():
        names = list(dict.fromkeys(found.get(kind, ())))
        if names:
            text = (one if len(names) == 1 else several).format(_cells(names))
            said.append(text[0].upper() + text[1:])
    return said


def _cells(names: Sequence[str]) -> str:
    if len(names) == 1:
        return f"cell {names[0]}"
    return f"cells {listed(names)}"


def listed(names: Sequence[str], most: int = 3) -> str:
    """Names as in a sentence, at most three of them: 'a, b, c and 4 more'."""
    if len(names) > most:
        return ", ".join(names[:most]) + f" and {len(names) - most} more"
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1]))) if names else ""


def write_notes(notebook: NotebookNode, notes: Sequence[str], needs_person: Sequence[str]) -> None:
    """Put the notes on top of a notebook, where feedback shows them, and into its metadata."""
    notebook.metadata["course"] = {"notes": list(notes), "needs_person": list(needs_person)}
    if notes:
        text = "\n".join(f"- {_quoted(note)}" for note in notes)
        notebook.cells.insert(0, new_cell("markdown", f"**Notes from grading**\n\n{text}"))


def _quoted(note: str) -> str:
    """A note as text: a student's file name must not become markup."""
    return "".join(f"\\{c}" if c in "\\`*_{}[]<>()#!|~&$" else c for c in " ".join(note.split()))


def notes_of(notebook: NotebookNode) -> tuple[str, ...]:
    """What intake noted on a repaired notebook."""
    return _of(notebook, "notes")


def needs_person_of(notebook: NotebookNode) -> tuple[str, ...]:
    """Why a person must look at a hand-in, as intake wrote it into the graded notebook's metadata."""
    return _of(notebook, "needs_person")


def _of(notebook: NotebookNode, what: str) -> tuple[str, ...]:
    about: Any = notebook.metadata.get("course", {})
    said = about.get(what, ()) if isinstance(about, dict) else ()
    return tuple(str(one) for one in said) if isinstance(said, (list, tuple)) else ()
