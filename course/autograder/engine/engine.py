"""Runs a submission in a locked fork and judges it from outside: the executed notebook and the ledger.

The judge lives in this process, which alone has Paddle, the cases and the references. The student's process
gets inputs and returns arrays. A verdict counts for the graded cell that is open, once; all else for nothing.
"""

import contextlib
import copy
import hashlib
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType

from nbformat import NotebookNode

from course.autograder.checks import find_check, list_checks
from course.autograder.engine import outputs
from course.autograder.engine.ends import Lost
from course.autograder.engine.session import Session
from course.autograder.engine.supervisor import NoIsolation, StudentProcess, Zygote, ZygoteGone
from course.autograder.engine.timer import Taken, Timer
from course.autograder.judging.verdict import Verdict
from course.autograder.sandbox.limits import Limits

__all__ = ["Engine", "Limits", "NoIsolation", "RunResult", "run"]

USED_UP = "the cells below were not run: the time or the restarts for one notebook are used up"
UNGUARDED = "run without isolation (--no-sandbox): this result is only as honest as the submission"


@dataclass(frozen=True)
class RunResult:
    """What became of one submission.

    Attributes:
        notebook: executed, with the student's outputs and the judge's messages.
        ledger: verdicts by grade_id. A graded cell that is not in it has earned nothing.
        incidents: what went wrong on the way, a sentence each.
        seconds: of wall time, by part: 'total', 'judge' (references and comparisons), 'fork'.
        isolated: whether the run was locked in.
    """

    notebook: NotebookNode
    ledger: dict[str, Verdict]
    incidents: tuple[str, ...]
    seconds: dict[str, float]
    isolated: bool


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
            zygote = Zygote(self.limits, self.isolated)
            list_checks()  # brings in Paddle, which takes seconds: the zygote warms up meanwhile
            zygote.await_start()
            self._zygote = zygote
        return self

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
    ) -> RunResult:
        """Run one submission and judge it.

        Args:
            notebook: the submission, its locked cells restored. It is left as it is.
            assignment: checks of any other assignment count for nothing.
            student_seed: what the student's cases are drawn from; nobody else may know it.
            told: called with each incident as it happens.

        Returns:
            A RunResult. Nothing that the notebook can do raises.
        """
        self.start()
        begin = time.monotonic()
        checks = {check.grade_id: check.name for check in map(find_check, list_checks(assignment))}
        one = _Run(notebook, checks, as_seed(student_seed))
        one.incidents += [] if self.isolated else [UNGUARDED]
        while (lost := self._session(one)) is not None:
            one.incidents.append(lost)
            if told is not None:
                told(lost)
            if one.used_up(self.limits) or one.sessions > self.limits.restarts:
                one.incidents.append(USED_UP)
                break
        one.seconds["total"] = time.monotonic() - begin
        incidents = (*one.incidents, *one.last.incidents)
        return RunResult(one.last.notebook, one.last.ledger, incidents, one.seconds, self.isolated)

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

    def _session(self, one: "_Run") -> str | None:
        """Run the notebook once, without the cells that stopped it before; what stopped it now, or None."""
        start = time.perf_counter()
        process = self._fork()
        one.seconds["fork"] += time.perf_counter() - start
        one.sessions += 1
        timer = Timer(process.pid, self.limits, one.taken)
        one.last = Session(
            process, timer, copy.deepcopy(one.notebook), one.checks, one.stopped, one.seed, self.limits
        )
        try:
            one.last.go()
            return None
        except Lost as reason:
            one.stopped[one.last.index] = str(reason)
            one.last.notebook.cells[one.last.index].outputs = [outputs.stopped(str(reason))]
            return f"{one.last.place()} was stopped: {reason}"
        except ZygoteGone:
            self.close()
            return "the zygote process died and was started anew"
        finally:
            one.taken += timer.taken()
            one.seconds["judge"] += one.last.judge_seconds
            with contextlib.suppress(ZygoteGone):
                process.close()


@dataclass
class _Run:
    """One submission on its way through as many sessions as it takes."""

    notebook: NotebookNode
    checks: dict[str, str]
    seed: int
    stopped: dict[int, str] = field(default_factory=dict)
    incidents: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=lambda: {"judge": 0.0, "fork": 0.0})
    taken: Taken = field(default_factory=Taken)
    sessions: int = 0
    last: Session = field(init=False)

    def used_up(self, limits: Limits) -> bool:
        """Whether the notebook's time is over."""
        most = limits.total_seconds
        return self.taken.processor >= most or self.taken.clock >= most * limits.clock_factor


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
