"""One pass over a notebook in one process: cells out, outputs back, and the judge asked in between."""

import time
from typing import Any

from nbformat import NotebookNode

from course.autograder.checks import find_check
from course.autograder.engine import memory, outputs
from course.autograder.engine.cleaning import clean_failure
from course.autograder.engine.ends import Lost, TookTooLong, ZygoteGone
from course.autograder.engine.progress import Progress, graded_name
from course.autograder.engine.reasons import about_memory, explained
from course.autograder.engine.stacks import Frame
from course.autograder.engine.supervisor import StudentProcess
from course.autograder.engine.timer import Timer
from course.autograder.judging.verdict import Finding, Verdict
from course.autograder.sandbox.limits import Limits
from course.languages.saying import said

OWN_CELLS_LEFT_OUT = (
    "too many cells of the student's own ended the process: those of that kind that had not run were left out"
)
LEASH = 1 / 10  # of a cell's time: so long a call may take of a function that did not come back before
LOOKS = 0.25  # seconds from one look at the stack to the next


class Session:
    """One pass over a notebook in one process; what it finds goes into the progress."""

    def __init__(self, process: StudentProcess, timer: Timer, progress: Progress, limits: Limits) -> None:
        """Begin.

        Args:
            process: the student's.
            timer: counts its time, and stops it.
            progress: what is known so far.
            limits: caps.
        """
        self.process, self.timer, self.progress, self.limits = process, timer, progress, limits
        self.standing = frozenset(progress.ledger)  # verdicts that earlier processes earned
        self.index = 0
        self.judge_seconds = self.waited = 0.0
        self.looked = 0.0
        self.asking = False  # whether the process is at a question of the judge's

    def go(self) -> None:
        """Run every cell. Raises Lost with `index` at the cell that was open."""
        count = 0
        for index, cell in enumerate(self.progress.notebook.cells):
            self.index = index
            if cell.cell_type != "code" or not cell.source.strip():
                continue
            count += 1
            cell.execution_count = count
            if index in self.progress.stopped:
                pass  # what stands in it says so
            elif outputs.SKIP_TAG in cell.metadata.get("tags", ()):
                cell.outputs = [outputs.note(said(outputs.SKIPPED))]
            elif self.progress.leaves_out(index, self.limits):
                cell.outputs = [outputs.note(said(outputs.LEFT_OUT))]
                self.progress.tell(OWN_CELLS_LEFT_OUT)
            else:
                self._run(cell, count)
                self.progress.done.add(index)

    def _run(self, cell: NotebookNode, count: int) -> None:
        grade_id = graded_name(cell)
        name = self.progress.checks.get(grade_id or "")
        standing = grade_id in self.standing
        self.timer.open_cell(self.progress.share(self.index, self.limits, self.timer.in_all()))
        self._send({"do": "cell", "source": cell.source, "graded": name is not None, "count": count})
        verdict: Verdict | None = None
        while (message := self._receive()).get("did") == "check":
            asked = message.get("name")
            note = ""
            if name is None or asked != name:
                note = f"(check '{str(asked)[:80]}' counts in its own cell)" if isinstance(asked, str) else ""
            elif verdict is None and not standing:
                verdict = self._judge(name, message.get("functions"))
            self._send({"do": "judged", "note": note, "points": self._points(asked)})
        if message.get("did") != "cell":
            raise Lost("what it sent is no message of a cell's")
        if standing:
            self.process.written(0)
            return
        self._keep(cell, count, message, verdict)
        if verdict is not None and grade_id is not None:
            self.progress.ledger[grade_id] = verdict

    def _points(self, asked: Any) -> float | None:
        """What the check gives for a right answer, which is all that a submission is told of it."""
        known = isinstance(asked, str) and asked in self.progress.checks.values()
        return find_check(asked).points if known else None

    # --- the process -----------------------------------------------------------------------------------------

    def _send(self, message: dict[str, Any]) -> None:
        self.timer.turn(of_process=True)
        self.process.send(message, self._guard)

    def send_frames(self, frames: bytes) -> None:
        """Send questions to it. What it does while the judge works is not counted by the clock."""
        asked_at = time.perf_counter()
        self.timer.turn(of_process=True)
        self.process.send_frames(frames, self._guard)
        self.timer.turn(of_process=False)
        self.waited += time.perf_counter() - asked_at

    def answer(self) -> dict[str, Any]:
        """Its next message, while it is at a question of the judge's. Raises Lost."""
        if self.process.channel.heard():  # with the one before: the process was not waited for
            return self.process.receive(self._guard)
        asked_at = time.perf_counter()
        self.timer.turn(of_process=True)
        self.asking = True
        message = self._receive()
        self.asking = False
        self.waited += time.perf_counter() - asked_at
        return message

    def _receive(self) -> dict[str, Any]:
        message = self.process.receive(self._guard)
        self.timer.turn(of_process=False)
        return message

    def _guard(self, in_vain: bool) -> float:
        """How long to wait for the process. Raises TookTooLong."""
        try:
            seconds = self.timer(in_vain)
        except TookTooLong as reason:
            raise self._stuck(reason) from None
        if in_vain and self.progress.hung and self.timer.alone_for(self.limits.cell_seconds * LEASH):
            self._look_for_what_hung()
        return seconds

    def _look_for_what_hung(self) -> None:
        """Stop a call of a function that did not come back before. Raises TookTooLong."""
        if time.monotonic() - self.looked < LOOKS:
            return
        self.looked = time.monotonic()
        for frame in self.process.stack():
            if place := self.progress.hung.get(frame.function):
                raise TookTooLong(
                    f"it calls {frame.function}, which did not come back in {place}, and is not waited for again"
                )

    def _stuck(self, reason: TookTooLong) -> TookTooLong:
        """The reason with the function that did not come back, which is remembered."""
        self.progress.out_of_time = True
        frame = self.process.stuck_in()
        if frame is None:
            return reason
        line = self._line(frame)
        where = f"line {frame.line} ({line})" if line else f"line {frame.line}"
        if frame.function.startswith("<"):
            return TookTooLong(f"{reason}; it was at {where}")
        # Only of a question is it known how few calls it takes: a loop of the student's own may call a quick function
        # again and again.
        if self.asking and self.timer.alone_for(self.limits.cell_seconds / 2):
            self.progress.hung.setdefault(frame.function, self.progress.place(self.index))
        return TookTooLong(f"{reason}; {frame.function} was at {where}")

    def _line(self, frame: Frame) -> str:
        """The text of a line, from the notebook: the process is not asked for it."""
        for cell in self.progress.notebook.cells[: self.index + 1]:
            if cell.cell_type == "code" and cell.execution_count == frame.cell:
                lines = cell.source.splitlines()
                return lines[frame.line - 1].strip()[:200] if 0 < frame.line <= len(lines) else ""
        return ""

    # --- what came back --------------------------------------------------------------------------------------

    def _keep(self, cell: NotebookNode, count: int, message: dict[str, Any], verdict: Verdict | None) -> None:
        found = outputs.student_outputs(message.get("outputs"), count, self.limits)
        if text := self.process.written(self.limits.output_characters):
            found.append(outputs.note(text.rstrip("\n")))
        if message.get("full"):
            found.append(outputs.note("(more output than is kept)"))
            self._tell("more output than is kept")
        if message.get("asked"):
            self.progress.asking.add(self.index)
        self.progress.failures.pop(self.index, None)
        if (failure := clean_failure(message.get("stopped"))) is not None:
            self.progress.failures[self.index] = failure
            if "MemoryError" in failure.name and (told := self._memory()):
                found.append(outputs.note(told))
        if graded_name(cell) is not None:
            found = [o for o in found if o.output_type != "execute_result"]
        cell.outputs = (outputs.verdict_outputs(verdict, count) if verdict is not None else []) + found

    def _memory(self) -> str:
        held = self.process.held()
        return "" if held is None else memory.too_much(held, self.limits.memory)

    def _tell(self, what: str) -> None:
        self.progress.tell(f"{self.progress.place(self.index)}: {what}")

    # --- the judge -------------------------------------------------------------------------------------------

    def _judge(self, name: str, functions: Any) -> Verdict:
        from course.autograder.engine.further import with_follow_up, without_what_stopped
        from course.autograder.engine.questions import Questions
        from course.autograder.judging import decided, question, resolve, weighed

        start, waited, taken = time.perf_counter(), self.waited, self.timer.taken()
        ask: Questions | None = None
        try:
            check = resolve(name, functions if type(functions) is int else -1, graded=True)
            if isinstance(check, Verdict):
                return check

            if (stood_in := without_what_stopped(self, check)) is not None:
                return self._explained(stood_in)
            cases = len(check.cases + check.hidden)
            drawn = [question(check.name, index, self.progress.seed) for index in range(cases)]
            ask = Questions(self, check, drawn)
            tally = weighed(check, ask, questions=drawn.__getitem__, seen=self.progress.seen)
            verdict = decided(check, tally, graded=True)
            ask.drop()
            if not verdict.passed:
                self._stands(verdict)
                each = (self.timer.taken() - taken).processor / cases
                verdict = with_follow_up(self, check, tally, verdict, each)
            return self._explained(verdict)
        except (Lost, ZygoteGone):
            raise
        except Exception as error:
            # A flaw of ours must not stop the class; it is told, and no points are made up.
            if ask is not None:
                ask.drop()
            self._tell(f"the judge failed with {type(error).__name__}: {error}")
            self.progress.misjudged.add(self.index)
            told = "The judge failed on this answer; ask for it to be graded by hand."
            finding = Finding("", "", "judge", told)
            check = find_check(name)
            return Verdict(name, 0.0, check.points, (finding,), graded=True, extra=check.extra)
        finally:
            self.judge_seconds += time.perf_counter() - start - (self.waited - waited)

    def _explained(self, verdict: Verdict) -> Verdict:
        return explained(self.progress, self.index, about_memory(verdict, self._memory))

    def _stands(self, verdict: Verdict) -> None:
        """Enter a verdict, so that it stands whatever becomes of the process at further questions."""
        cell = self.progress.notebook.cells[self.index]
        verdict = self._explained(verdict)
        self.progress.ledger[graded_name(cell) or ""] = verdict
        cell.outputs = outputs.verdict_outputs(verdict, cell.execution_count)
