"""Runs a submission in a locked fork and judges it from outside: the executed notebook and the ledger.

The judge lives in this process, which alone has Paddle, the cases and the references. The student's process
gets inputs and returns arrays. A verdict counts for the graded cell that is open, once; all else for nothing.
"""

import contextlib
import hashlib
import importlib
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType

from nbformat import NotebookNode

from course.autograder.checks import find_check, list_checks
from course.autograder.checks.language.protocol import Reply
from course.autograder.engine.ends import Killed, Lost, ZygoteGone
from course.autograder.engine.for_a_person import for_a_person
from course.autograder.engine.progress import Progress
from course.autograder.engine.reasons import finish
from course.autograder.engine.session import Session
from course.autograder.engine.supervisor import NoIsolation, StudentProcess, Zygote
from course.autograder.engine.timer import Timer
from course.autograder.judging.asking import Question
from course.autograder.judging.rules import STANDARD, Rules
from course.autograder.judging.verdict import Verdict
from course.autograder.sandbox.limits import Limits

__all__ = ["Engine", "Limits", "NoIsolation", "RunResult", "run"]

UNGUARDED = "run without isolation (--no-sandbox): this result is only as honest as the submission"


@dataclass(frozen=True)
class RunResult:
    """What became of one submission.

    Attributes:
        notebook: executed, with the student's outputs and the judge's messages.
        ledger: verdicts by grade_id, of every graded cell that the notebook has. Where a cell never came to be judged,
            its verdict says why and earns nothing.
        incidents: what went wrong on the way, a sentence each.
        seconds: of wall time, by part: 'total', 'judge' (references and comparisons), 'fork'.
        isolated: whether the run was locked in.
        restarts: how often the student's process had to be started again.
        needs_person: why a person must look at it, a sentence each: points are missing for what may be no fault of its own.
    """

    notebook: NotebookNode
    ledger: dict[str, Verdict]
    incidents: tuple[str, ...]
    seconds: dict[str, float]
    isolated: bool
    restarts: int = 0
    needs_person: tuple[str, ...] = ()


def as_seed(student_seed: int | str) -> int:
    """A number for the generators from whatever names a student in secret."""
    if isinstance(student_seed, int):
        return student_seed
    return int.from_bytes(hashlib.blake2b(student_seed.encode(), digest_size=8).digest(), "big")


class Engine:
    """A warm zygote and the judge beside it; one submission at a time, one engine for each process."""

    def __init__(self, limits: Limits | None = None, *, isolated: bool = True) -> None:
        """Nothing is started before the first run, or `start`."""
        self.limits = limits or Limits()
        self.isolated = isolated
        self._zygote: Zygote | None = None

    def start(self) -> "Engine":
        """Start the zygote. Raises NoIsolation where submissions cannot be locked in."""
        if self._zygote is None:
            if not self.isolated:
                warnings.warn(UNGUARDED, stacklevel=2)
            try:
                self._zygote = self._warm()
            except ZygoteGone:  # killed for want of memory, say
                self._zygote = self._warm()
        return self

    def _warm(self) -> Zygote:
        zygote = Zygote(self.limits, self.isolated)
        importlib.import_module(
            "course.reference.framework"
        )  # Paddle, which takes long: the zygote warms up meanwhile
        zygote.await_start()
        return zygote

    def __enter__(self) -> "Engine":
        """Start the zygote."""
        return self.start()

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """End the zygote."""
        self.close()

    def close(self) -> None:
        """End the zygote."""
        if self._zygote is not None:
            self._zygote.close()
            self._zygote = None

    def run(
        self,
        notebook: NotebookNode,
        *,
        assignment: str,
        student_seed: int | str,
        told: Callable[[str], None] | None = None,
        seen: Callable[[Question, Reply], None] | None = None,
        rules: Rules | None = None,
    ) -> RunResult:
        """Run one submission and judge it.

        Args:
            notebook: the submission, its locked cells restored. It is left as it is.
            assignment: checks of any other assignment count for nothing.
            student_seed: what the student's cases are drawn from; nobody else may know it.
            told: called with each incident as it happens.
            seen: told of each question of the judge's and what came back.
            rules: how answers are judged; as they stand without a word in course.toml when None.

        Returns:
            A RunResult. Nothing that the notebook can do raises.
        """
        self.start()
        begin = time.monotonic()
        checks = {check.grade_id: check.name for check in map(find_check, list_checks(assignment))}
        progress = Progress.of(notebook, checks, as_seed(student_seed))
        progress.seen, progress.rules = seen, rules or STANDARD
        if not self.isolated:
            progress.incidents.append(UNGUARDED)
        while (lost := self._session(progress)) is not None:
            progress.incidents.append(lost)
            if told is not None:
                told(lost)
            progress.ended = progress.over(self.limits)
            if progress.ended:
                progress.incidents.append(f"the cells below were not run: {progress.ended}")
                break
        finish(progress)
        progress.seconds["total"] = time.monotonic() - begin
        incidents = tuple(progress.incidents)
        restarts = max(0, progress.processes - 1)
        return RunResult(
            progress.notebook,
            progress.ledger,
            incidents,
            progress.seconds,
            self.isolated,
            restarts,
            for_a_person(progress),
        )

    def _fork(self) -> StudentProcess:
        """A student's process; from a new zygote if the one there was has died (of want of memory, say)."""
        for _ in range(2):
            try:
                zygote = self.start()._zygote
                assert zygote is not None
                return zygote.fork()
            except ZygoteGone:
                self.close()
        raise RuntimeError("the zygote process died twice in a row; is there memory left here?")

    def _session(self, progress: Progress) -> str | None:
        """Run the notebook once, without the cells that stopped it before; what stopped it now, or None."""
        start = time.perf_counter()
        process = self._fork()
        progress.seconds["fork"] += time.perf_counter() - start
        progress.processes += 1
        timer = Timer(process.pid, self.limits, progress.taken)
        session = Session(process, timer, progress, self.limits)
        try:
            session.go()
            return None
        except Lost as reason:
            if isinstance(reason, Killed) and not progress.tried_again:
                progress.try_again(session.index, session.standing)
                return (
                    f"{progress.place(session.index)} was stopped: {reason}; the notebook was run once more"
                )
            if isinstance(reason, Killed):
                progress.killed.add(session.index)
            progress.stop(session.index, str(reason))
            return f"{progress.place(session.index)} was stopped: {reason}"
        except ZygoteGone:
            self.close()
            progress.zygotes_lost += 1
            return "the zygote process died and was started anew"
        finally:
            progress.taken += timer.taken()
            progress.seconds["judge"] += session.judge_seconds
            with contextlib.suppress(ZygoteGone):
                process.close()


_shared: Engine | None = None


def run(
    notebook: NotebookNode,
    *,
    assignment: str,
    student_seed: int | str,
    limits: Limits | None = None,
    isolated: bool = True,
) -> RunResult:
    """`Engine.run` on an engine that this process keeps warm between calls."""
    global _shared
    wanted = limits or Limits()
    if _shared is None or (_shared.limits, _shared.isolated) != (wanted, isolated):
        if _shared is not None:
            _shared.close()
        _shared = Engine(wanted, isolated=isolated)
    return _shared.run(notebook, assignment=assignment, student_seed=student_seed)
