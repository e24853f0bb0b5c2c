"""Why a person must look at a run: points are missing that it may have earned, for all that the engine can tell."""

from collections.abc import Iterable

from course.autograder.engine.progress import Progress


def for_a_person(progress: Progress) -> tuple[str, ...]:
    """Why a person must look: a sentence for each way in which points may be missing through no fault of the submission's.

    They name cells and no numbers, so that the same run gives the same words: what a person has settled stays settled.
    """
    found = []
    if progress.killed:
        where = _places(progress, progress.killed)
        found.append(
            f"The process was killed at {where}, after the notebook had been run once more because of that: by this machine "
            "where its memory ran out, by somebody, or by the code itself. Unless the code does it, grade this hand-in again "
            "with memory free."
        )
    if progress.misjudged:
        where = _places(progress, progress.misjudged)
        found.append(f"The judge failed at {where}, and gave no points; grade that by hand.")
    if progress.asking and any(not verdict.passed for verdict in progress.ledger.values()):
        where = _places(progress, progress.asking)
        found.append(
            f"Somebody at the keyboard is asked at {where} (input()), where nobody is while grading, and points are missing: see "
            "whether they were earned at home, and give them by hand if so."
        )
    if progress.zygotes_lost and progress.ended:
        found.append(
            "It was not run to its end, because processes of the grader's own died; grade it again with memory free."
        )
    return tuple(found)


def _places(progress: Progress, cells: Iterable[int]) -> str:
    return " and ".join(progress.place(index) for index in sorted(cells))
