"""One pass over a notebook in one process: cells out, outputs back, and the judge asked in between."""

import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from nbformat import NotebookNode

from course.autograder.checks import find_check
from course.autograder.checks.language.protocol import Problem, Reply, Step
from course.autograder.checks.language.spec import Check, Inputs
from course.autograder.engine import outputs
from course.autograder.engine.ends import Lost
from course.autograder.engine.supervisor import StudentProcess
from course.autograder.engine.timer import Timer
from course.autograder.judging.verdict import Finding, Verdict
from course.autograder.sandbox.limits import Limits

SKIP_TAG = "not-graded"


def graded_name(cell: NotebookNode) -> str | None:
    """The grade_id of a test cell, None of any other."""
    about = cell.metadata.get("nbgrader", {})
    if cell.cell_type == "code" and about.get("grade") and not about.get("solution"):
        return about.get("grade_id")
    return None


def _clean_problem(problem: Any) -> Problem | None:
    if not isinstance(problem, Problem):
        return None
    raised = problem.exceptions if isinstance(problem.exceptions, tuple) else ()
    names = tuple(str(name)[:80] for name in raised[:20])
    return Problem(str(problem.kind)[:20], str(problem.message)[:500], names)


def clean_reply(reply: Any, wanted: tuple[str, ...]) -> Reply | None:
    """The reply with nothing in it but arrays and problems, under names that were asked for."""
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
class Session:
    """One pass over a notebook in one process.

    Attributes:
        process: the student's.
        timer: counts its time, and stops it.
        notebook: its cells get their outputs here.
        checks: names of the checks that count, by grade_id.
        stopped: why a cell is left out, by its index.
        seed: what the cases are drawn from.
        limits: caps; of them those on outputs count here.
        ledger: verdicts by grade_id, of cells that have closed.
        incidents: what went wrong without stopping anything.
        judge_seconds: spent on references and comparisons.
        index: the cell that is open.
    """

    process: StudentProcess
    timer: Timer
    notebook: NotebookNode
    checks: dict[str, str]
    stopped: dict[int, str]
    seed: int
    limits: Limits
    ledger: dict[str, Verdict] = field(default_factory=dict)
    incidents: list[str] = field(default_factory=list)
    judge_seconds: float = 0.0
    index: int = 0

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
        grade_id = graded_name(cell)
        name = self.checks.get(grade_id or "")
        self.timer.open_cell()
        self._send({"do": "cell", "source": cell.source, "graded": name is not None})
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
        if verdict is not None and grade_id is not None:
            self.ledger[grade_id] = verdict

    def _send(self, message: dict[str, Any]) -> None:
        self.timer.turn(of_process=True)
        self.process.send(message, self.timer)

    def _receive(self) -> dict[str, Any]:
        message = self.process.receive(self.timer)
        self.timer.turn(of_process=False)
        return message

    def _keep(self, cell: NotebookNode, count: int, message: dict[str, Any], verdict: Verdict | None) -> None:
        found = outputs.student_outputs(message.get("outputs"), count, self.limits)
        if text := self.process.written(self.limits.output_characters):
            found.append(outputs.note(text.rstrip("\n")))
        if message.get("full"):
            found.append(outputs.note("(more output than is kept)"))
            self.incidents.append(f"{self.place()}: more output than is kept")
        if graded_name(cell) is not None:
            found = [o for o in found if o.output_type != "execute_result"]
        cell.outputs = (outputs.verdict_outputs(verdict, count) if verdict is not None else []) + found

    def _judge(self, name: str, functions: Any) -> Verdict:
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
        except Exception as error:
            # A flaw of ours must not stop the class; it is told, and no points are made up.
            self.incidents.append(f"{self.place()}: the judge failed with {type(error).__name__}: {error}")
            told = "the judge failed on this answer; ask for it to be graded by hand"
            finding = Finding("", "", "judge", told)
            return Verdict(name, 0.0, find_check(name).points, (finding,), graded=True)
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
        reply = clean_reply(message.get("reply"), wanted) if message.get("did") == "reply" else None
        if reply is None:
            raise Lost("what it sent is no answer")
        return reply

    def place(self) -> str:
        """The cell that is open, by its grade_id or its number."""
        cell = self.notebook.cells[self.index]
        return f"cell {cell.metadata.get('nbgrader', {}).get('grade_id') or self.index + 1}"
