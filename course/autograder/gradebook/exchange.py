"""nbgrader's exchange with what this course needs of it. Named in nbgrader_config.py; the commands stay nbgrader's own.

`fetch_assignment` brings a folder in which `check` works at once; `collect` leaves out what fetching had brought;
`release_feedback` gives back the pages of those who handed in through the exchange, and says who did not.
"""

import fnmatch
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from nbgrader.exchange.default import ExchangeCollect, ExchangeReleaseAssignment, ExchangeReleaseFeedback
from nbgrader.utils import notebook_hash

from course.common.alone import with_its_style

SECRET, TIMESTAMP = "submission_secret.txt", "timestamp.txt"
README = "README.md"


def exchange_root(root: Path) -> Path:
    """Where the exchange is: `COURSE_EXCHANGE`, or nbgrader's usual place where there is one, or a folder of the course's.

    The last is for an instructor alone, whose students hand in by other ways: the formgrader then knows what is released.
    """
    usual = Path("/usr/local/share/nbgrader/exchange")
    if given := os.environ.get("COURSE_EXCHANGE"):
        return Path(given)
    return usual if usual.is_dir() else root / "exchange"


def own_exchange(exchange: Path, root: Path) -> bool:
    """Whether the exchange is the course folder's own, which nobody else looks into."""
    return exchange.resolve().parent == root.resolve()


class ReleaseWithChecks(ExchangeReleaseAssignment):
    """Releases an assignment's folder together with what `check` needs, so that fetching brings both."""

    @property
    def _release(self) -> Path:
        return Path(self.coursedir.format_path(self.coursedir.release_directory, ".", "."))

    def ensure_root(self) -> None:
        """As nbgrader; but a course's own exchange is not opened to everyone."""
        if not own_exchange(Path(self.root), Path(self.coursedir.root)):
            super().ensure_root()

    def init_src(self) -> None:
        """As nbgrader; and refuse a release without the checks, which no student could use."""
        super().init_src()
        if not (self._release / "course").is_dir():
            self.fail(
                f"{self._release} has no checks in it; run `make release` (or `python -m course release`)"
            )

    def do_copy(self, src: str, dest: str, log: object = None) -> None:
        """The assignment, and beside it what else students get."""
        super().do_copy(src, dest)
        for path in beside_assignments(
            self._release, Path(self.coursedir.root) / self.coursedir.source_directory
        ):
            target = Path(dest) / path.relative_to(self._release)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
        if (readme := Path(dest) / README).exists():
            name = self.coursedir.assignment_id
            lines = readme.read_text(encoding="utf-8").replace(f"`{name}/{name}.ipynb`", f"`{name}.ipynb`")
            readme.write_text(re.sub(r"\n- `[^`\n]*/[^`\n]*`", "", lines), encoding="utf-8")


def beside_assignments(release: Path, sources: Path) -> Iterator[Path]:
    """The files of a release that belong to no assignment alone."""
    assignments = {path.name for path in sources.iterdir()}
    for path in sorted(release.rglob("*")):
        top = path.relative_to(release).parts[0]
        if (
            path.is_file()
            and top not in assignments
            and not top.startswith(".")
            and "__pycache__" not in path.parts
        ):
            yield path


class CollectWithoutChecks(ExchangeCollect):
    """Collects what a student made: files that fetching had brought are left in the exchange."""

    def do_copy(self, src: str, dest: str, log: object = None) -> None:
        """Copy, and take out again what the release has under the same name beside its assignments."""
        super().do_copy(src, dest)
        release = Path(self.coursedir.format_path(self.coursedir.release_directory, ".", "."))
        if not release.is_dir():
            return
        folders = set()
        for path in beside_assignments(release, Path(self.coursedir.root) / self.coursedir.source_directory):
            brought = Path(dest) / path.relative_to(release)
            brought.unlink(missing_ok=True)
            folders.update(set(brought.parents) - set(Path(dest).parents) - {Path(dest)})
        for folder in sorted(folders, reverse=True):
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()


class ReleaseFeedbackOfExchange(ExchangeReleaseFeedback):
    """Releases the pages of those who handed in through the exchange; nbgrader's own stops at the first who did not."""

    def copy_files(self) -> None:
        """Copy each page to where its student's `fetch_feedback` looks for it, and tell of those who cannot fetch."""
        assignment, feedback = self.coursedir.assignment_id, self.coursedir.feedback_directory
        excluded = set(filter(None, self.coursedir.student_id_exclude.split(",")))
        without = []
        for page in sorted((Path(self.coursedir.root) / feedback).glob(f"*/{assignment}/*.html")):
            student = page.parent.parent.name
            if student in excluded or not fnmatch.fnmatchcase(student, self.coursedir.student_id or "*"):
                continue
            submitted = Path(
                self.coursedir.format_path(self.coursedir.submitted_directory, student, assignment)
            )
            secret = submitted / SECRET
            if not secret.is_file() or secret.is_symlink():
                without.append(student)
                continue
            names = {
                page.stem,
                *(path.stem for path in submitted.glob("*.ipynb")),
            }  # as the student called it
            for name in names:
                self._copy(page, notebook_hash(secret=secret.read_text(), notebook_id=name))
            self.log.info("Feedback released for student '%s' on assignment '%s'", student, assignment)
        if without:
            self.log.warning(
                "These did not hand in through the exchange and cannot fetch: %s. Their pages are under %s",
                ", ".join(without),
                feedback,
            )

    def _copy(self, page: Path, checksum: str) -> None:
        """Put a page there whole or not at all."""
        partial = Path(self.dest_path) / f"{checksum}-tmp.html"
        partial.write_text(with_its_style(page), encoding="utf-8")
        partial.replace(partial.with_name(f"{checksum}.html"))
