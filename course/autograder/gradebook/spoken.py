"""An assignment in the course's language: what students are given, and what the gradebook compares it with."""

import tomllib
from pathlib import Path
from typing import Any

from nbformat.notebooknode import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor

from course.autograder.settings import FILE
from course.languages import catalogue
from course.languages.saying import ENGLISH, choose, language
from course.languages.translation import po_file, translated


def speak_as(root: Path) -> None:
    """Speak the language that course.toml names, English where it names none or cannot be read: others say that."""
    try:
        about = tomllib.loads((root / FILE).read_text(encoding="utf-8")).get("course", {})
        choose(str(about.get("language", ENGLISH)))
    except (OSError, ValueError, AttributeError):
        choose(ENGLISH)


def in_language(notebook: NotebookNode, assignment: str) -> NotebookNode:
    """A source notebook in the course's language; in English as it is."""
    spoken = language()
    if spoken not in catalogue.LOCALES:
        return notebook
    return translated(notebook, catalogue.read(po_file(spoken, f"assignments/{assignment}"), spoken))


class InLanguage(NbGraderPreprocessor):
    """nbgrader's first step when it makes the students' version."""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        """Translate the words; code, ids and metadata stay."""
        return in_language(nb, resources["nbgrader"]["assignment"]), resources
