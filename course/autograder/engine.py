"""Runs a submission in a locked fork and judges it from outside: the executed notebook and the ledger.

The judge lives in this process, which alone has Paddle, the cases and the references. The student's process
gets inputs and returns arrays. A verdict counts for the graded cell that is open, once; all else for nothing.
"""

import copy
import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

import nbformat
from nbformat import NotebookNode

from course.autograder import outputs
from course.autograder.host import Lost, NoIsolation, Submission, Template
from course.autograder.limits import Limits
from course.autograder.protocol import Problem, Reply, Step
from course.autograder.spec import Check, Inputs
from course.autograder.verdict import Finding, Verdict

__all__ = ["Engine", "Limits", "NoIsolation", "RunResult", "run"]

UNGUARDED = "run without isolation (--no-sandbox): this result is only as honest as the submission"
SKIP_TAG = "not-graded"


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


def graded_name(cell: NotebookNode) -> str | None:
    """The grade_id of a test cell, None of any other."""
    about = cell.metadata.get("nbgrader", {})
    if cell.cell_type == "code" and about.get("grade") and not about.get("solution"):
        return about.get("grade_id")
    return None


def as_seed(student_seed: int | str) -> int:
    """A number for the generators from whatever names a student in secret."""
    if isinstance(student_seed, int):
        return student_seed
    return int.from_bytes(hashlib.blake2b(student_seed.encode(), digest_size=8).digest(), "big")


def _clean_problem(problem: Any) -> Problem | None:
    if not isinstance(problem, Problem):
        return None
    return Problem(str(problem.kind)[:20], str(problem.message)[:500])


def clean_reply(reply: Any, wanted: tuple[str, ...], sent: Inputs) -> Reply | None:
    """The reply with nothing in it but arrays and problems, under names that were asked for."""
    import numpy as np

    if (
        not isinstance(reply, Reply)
        or not isinstance(reply.outputs, dict)
        or not isinstance(reply.inputs_after, dict)
    ):
        return None

    def kept(values: dict[Any, Any]) -> dict[str, np.ndarray | Problem]:
        pairs = ((k, v if isinstance(v, np.ndarray) else _clean_problem(v)) for k, v in values.items())
        return {k: v for k, v in pairs if isinstance(k, str) and v is not None}

    values = {k: v for k, v in kept(reply.outputs).items() if k in wanted}
    return Reply(values, kept(reply.inputs_after), _clean_problem(reply.problem))


@dataclass
class _Attempt:
    """One pass over a notebook in one process."""

    submission: Submission
    notebook: NotebookNode
    stopped: dict[int, str]
    seed: int
    limits: Limits
    deadline: float
    ledger: dict[str, Verdict] = field(default_factory=dict)
    incidents: list[str] = field(default_factory=list)
    judge_seconds: float = 0.0
    index: int = 0
    open_until: float = 0.0
    ours_since: float = 0.0

    def go(self) -> None:
        """Run every cell. Raises Lost with `index` at the cell that was open."""
        count = 0
        for index, cell in enumerate(self.notebook.cells):
            self.index = index
            if cell.cell_type != "code" or not cell.source.strip():
                continue
            count += 1
            cell.execution_count = count
            cell.outputs = []
            if index in self.stopped:
                cell.outputs = [outputs.stopped(self.stopped[index])]
            elif SKIP_TAG in cell.metadata.get("tags", ()):
                cell.outputs = [outputs.note(outputs.SKIPPED)]
            else:
                self._run(cell, count)

    def _run(self, cell: NotebookNode, count: int) -> None:
        name = graded_name(cell)
        self.ours_since = time.monotonic()
        self.open_until = min(self.ours_since + self.limits.cell_seconds, self.deadline)
        self._send({"do": "cell", "source": cell.source})
        verdict: Verdict | None = None
        while (message := self._receive()).get("did") == "check":
            asked = message.get("name")
            note = ""
            if name is None or asked != name:
                note = f"(check '{str(asked)[:80]}' counts in its own cell)" if isinstance(asked, str) else ""
            elif verdict is None:
                verdict = self._judge(name, message.get("functions"))
            self._send({"do": "judged", "note": note})
        if message.get("did") != "cell":
            raise Lost("what it sent is no message of a cell's")
        self._keep(cell, count, message, verdict)
        if verdict is not None and name is not None:
            self.ledger[name] = verdict

    def _send(self, message: dict[str, Any]) -> None:
        # The time that the judge took since the last message is not the student's.
        self.open_until = min(self.open_until + time.monotonic() - self.ours_since, self.deadline)
        self.submission.send(message, self.open_until)

    def _receive(self) -> dict[str, Any]:
        message = self.submission.receive(self.open_until)
        self.ours_since = time.monotonic()
        return message

    def _keep(self, cell: NotebookNode, count: int, message: dict[str, Any], verdict: Verdict | None) -> None:
        found = outputs.student_outputs(message.get("outputs"), count, self.limits)
        if text := self.submission.written(self.limits.output_characters):
            found.append(outputs.note(text.rstrip("\n")))
        if message.get("full"):
            found.append(outputs.note("(more output than is kept)"))
            self.incidents.append(f"{self._place()}: more output than is kept")
        if graded_name(cell) is not None:
            found = [o for o in found if o.output_type != "execute_result"]
        cell.outputs = (outputs.verdict_outputs(verdict, count) if verdict is not None else []) + found

    def _judge(self, name: str, functions: Any) -> Verdict | None:
        from course.autograder.judging import judge_with, resolve

        start = time.perf_counter()
        waited = 0.0
        try:
            check = resolve(name, functions if type(functions) is int else -1, graded=True)
            if isinstance(check, Verdict):
                return check

            def ask(steps: tuple[Step, ...], inputs: Inputs, wanted: tuple[str, ...]) -> Reply:
                nonlocal waited
                asked_at = time.perf_counter()
                reply = self._ask(check, steps, inputs, wanted)
                waited += time.perf_counter() - asked_at
                return reply

            return judge_with(check, ask, seed=self.seed, graded=True)
        except Lost:
            raise
        except (
            Exception
        ) as error:  # a flaw of ours must not stop the class; it is told, and no points are made up
            self.incidents.append(f"{self._place()}: the judge failed with {type(error).__name__}: {error}")
            finding = Finding(
                "", "", "judge", "the judge failed on this answer; ask for it to be graded by hand"
            )
            return Verdict(name, 0.0, 0.0, (finding,), graded=True)
        finally:
            self.judge_seconds += time.perf_counter() - start - waited

    def _ask(self, check: Check, steps: tuple[Step, ...], inputs: Inputs, wanted: tuple[str, ...]) -> Reply:
        question = {
            "do": "ask",
            "functions": check.functions,
            "steps": steps,
            "inputs": inputs,
            "wanted": wanted,
        }
        self._send(question)
        message = self._receive()
        reply = clean_reply(message.get("reply"), wanted, inputs) if message.get("did") == "reply" else None
        if reply is None:
            raise Lost("what it sent is no answer")
        return reply

    def _place(self) -> str:
        cell = self.notebook.cells[self.index]
        return f"cell {cell.metadata.get('nbgrader', {}).get('grade_id') or self.index + 1}"


class Engine:
    """A warm template and the judge beside it; runs one submission at a time. One for each worker process."""

    def __init__(self, limits: Limits | None = None, *, isolated: bool = True) -> None:
        """Nothing is started before the first run, or `start`."""
        self.limits = limits or Limits()
        self.isolated = isolated
        self._template: Template | None = None

    def start(self) -> "Engine":
        """Start the template. Raises NoIsolation where submissions cannot be locked in."""
        if self._template is None:
            self._template = Template(self.limits, self.isolated)
            import course.autograder.judging  # noqa: F401 (Paddle takes seconds; they are no student's)
        return self

    def __enter__(self) -> "Engine":
        """Start the template."""
        return self.start()

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """End the template."""
        self.close()

    def close(self) -> None:
        """End the template."""
        if self._template is not None:
            self._template.close()
            self._template = None

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
        template = self.start()._template
        assert template is not None
        begin = time.monotonic()
        deadline = begin + self.limits.total_seconds
        stopped: dict[int, str] = {}
        incidents = [] if self.isolated else [UNGUARDED]
        seconds = {"judge": 0.0, "fork": 0.0}
        while True:
            attempt, lost = self._attempt(
                template, notebook, stopped, as_seed(student_seed), deadline, seconds
            )
            if lost is None:
                break
            stopped[attempt.index] = lost
            incidents.append(f"{attempt._place()} was stopped: {lost}")
            if told is not None:
                told(incidents[-1])
            if time.monotonic() >= deadline or len(stopped) > self.limits.restarts:
                incidents.append(
                    "the cells below it were not run: the time or the restarts for one notebook are used up"
                )
                attempt.notebook.cells[attempt.index].outputs = [outputs.stopped(lost)]
                break
        seconds["total"] = time.monotonic() - begin
        ledger = {name: v for name, v in attempt.ledger.items() if _of(name, assignment)}
        return RunResult(attempt.notebook, ledger, (*incidents, *attempt.incidents), seconds, self.isolated)

    def _attempt(
        self,
        template: Template,
        notebook: NotebookNode,
        stopped: dict[int, str],
        seed: int,
        deadline: float,
        seconds: dict[str, float],
    ) -> tuple[_Attempt, str | None]:
        start = time.perf_counter()
        submission = template.fork()
        seconds["fork"] += time.perf_counter() - start
        attempt = _Attempt(submission, copy.deepcopy(notebook), stopped, seed, self.limits, deadline)
        lost = None
        try:
            attempt.go()
        except Lost as reason:
            lost = str(reason)
        finally:
            submission.close()
            seconds["judge"] += attempt.judge_seconds
        return attempt, lost


def _of(name: str, assignment: str) -> bool:
    from course.autograder.checks import list_checks

    return name in list_checks(assignment)


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


def read(path: str) -> NotebookNode:
    """A notebook file in the current format."""
    return nbformat.read(path, as_version=4)
