"""An assignment in the course's language: what students are given, and what the gradebook compares it with."""

from typing import Any

from nbformat.notebooknode import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor

from course.languages import catalogue
from course.languages.choice import speak_as as speak_as  # configurations of nbgrader take it from here
from course.languages.saying import language
from course.languages.translation import po_file, translated


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
