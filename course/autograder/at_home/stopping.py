"""One sentence in place of a traceback: what a student reads who stops a check, or where the check itself fails."""

from course.autograder.checks.language.own_code import own_line
from course.languages.saying import said


class Said(Exception):
    """Ends a check with one sentence; a notebook shows that and no frames."""

    def _render_traceback_(self) -> list[str]:
        return [said(str(self))]


class Stopped(KeyboardInterrupt):
    """The same after an interrupt, so that a run of all cells ends here."""

    def _render_traceback_(self) -> list[str]:
        return [said(str(self))]


def stopped(doing: str, error: KeyboardInterrupt) -> Stopped:
    """What is said after an interrupt.

    Args:
        doing: what was running, as 'conv_forward_naive ran for 12 s on the case “two strides”'.
        error: the interrupt, whose frames tell the line of the student's that was running.
    """
    return Stopped(f"Stopped: {doing}{own_line(error)}. This check gave no points yet.")


def failed(name: str, error: Exception) -> Said:
    """What is said where the judge itself fails."""
    told = (
        f"{type(error).__name__}: {str(error).splitlines()[0][:200]}" if str(error) else type(error).__name__
    )
    return Said(
        f"The check {name} itself failed ({told}). Your work is not to blame, and nothing is lost: "
        "tell your instructor what this says."
    )


def to_be_run(name: str) -> str:
    """What is said where a function of the student's uses a name that nothing has made in this kernel."""
    cell = "the notebook's first cell" if name in ("np", "plt") else "the cell that makes it"
    return f"In this kernel there is no {name} yet: run {cell}, then this check again."
