"""Our page for `nbgrader generate_feedback`, and for the formgrader's button: named in nbgrader_config.py."""

from pathlib import Path
from typing import Any

from nbconvert.exporters import Exporter
from nbgrader.api import Gradebook
from traitlets import default

from course.autograder.feedback.from_gradebook import standings
from course.autograder.feedback.writing import Writing, html_for, write_style
from course.autograder.settings import read


class FeedbackPage(Exporter):
    """Takes the place of nbconvert's HTMLExporter in nbgrader's converter."""

    output_mimetype = "text/html"

    @default("file_extension")
    def _file_extension(self) -> str:
        return ".html"

    def from_filename(self, filename: str, resources: Any = None, **options: Any) -> tuple[Any, Any]:
        """The page for a graded notebook.

        Args:
            filename: of the notebook.
            resources: nbgrader's, which say whose it is; returned with what the writer needs to know.
            options: not used.
        """
        about = resources["nbgrader"]
        student, assignment, notebook = about["student"], about["assignment"], about["notebook"]
        folders: Any = getattr(self.parent, "coursedir", None)
        with Gradebook(about["db_url"]) as gradebook:
            standing = standings(gradebook, assignment, notebook, [student])[student]
        feedback = Path(folders.root) / folders.feedback_directory
        task = Writing(
            standing,
            graded=Path(filename),
            released=Path(folders.format_path(folders.release_directory, ".", assignment))
            / f"{notebook}.ipynb",
            page=Path(folders.format_path(folders.feedback_directory, student, assignment))
            / f"{notebook}.html",
            folder=feedback,
            lessons_url=read(Path(folders.root)).lessons_url,
        )
        write_style(feedback)
        resources["output_extension"] = ".html"
        return html_for(task), resources
