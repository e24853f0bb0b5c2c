"""Why a graded cell has no verdict, or an answer could not be right: in sentences for the student."""

import re
from collections.abc import Callable
from dataclasses import replace

from course.autograder.checks import find_check
from course.autograder.engine import outputs
from course.autograder.engine.progress import Failure, Progress, graded_name
from course.autograder.judging.verdict import Finding, Verdict
from course.languages.saying import said

_UNDEFINED = re.compile(r"name '(\w{1,100})' is not defined")


def _definition(name: str) -> re.Pattern[str]:
    """Lines that give a name its meaning: a function, a class, a value, an import."""
    found = re.escape(name)
    return re.compile(
        rf"^\s*(?:(?:async\s+)?def|class)\s+{found}\b|^\s*{found}\s*(?::[^=\n]+)?=(?!=)"
        rf"|^\s*(?:from\s+\S+\s+)?import\b[^#\n]*\b{found}\b",
        re.MULTILINE,
    )


def at_line(failure: Failure) -> str:
    """Where and with what a cell stopped: 'line 1, ModuleNotFoundError: ... (import tqdm)'."""
    source = f" ({failure.source.strip()[:200]})" if failure.source.strip() else ""
    return f"line {failure.line}, {failure.told}{source}" if failure.line else f"{failure.told}"


def undefined(progress: Progress, name: str, before: int) -> str:
    """Why a name does not mean what it should in a cell, by the last cell above that would define it; '' when it does.

    Args:
        progress: of the submission.
        name: of a function, a value or a module.
        before: the cell's index.
    """
    definition = _definition(name)
    for index in range(before - 1, -1, -1):
        cell = progress.notebook.cells[index]
        found = definition.search(cell.source) if cell.cell_type == "code" else None
        if found is None:
            continue
        if index in progress.stopped:
            return f"{name} was not defined: its cell was stopped, because {progress.stopped[index]}"
        failure = progress.failures.get(index)
        line = cell.source.count("\n", 0, found.end()) + 1
        if failure is not None and (failure.line <= line or nothing_ran(failure)):
            return f"{name} was not defined: its cell stopped at {at_line(failure)}"
        return ""
    return ""


def nothing_ran(failure: Failure) -> bool:
    """Whether nothing of a cell has run, because its text is no Python."""
    return failure.name in ("SyntaxError", "IndentationError", "TabError")


def explained(progress: Progress, index: int, verdict: Verdict) -> Verdict:
    """A verdict with the causes that lie in other cells: a name that was never defined, an older definition in use."""
    if verdict.passed:
        return verdict
    findings = []
    for finding in verdict.findings:
        named = _UNDEFINED.search(finding.message) if finding.kind == "raised" else None
        cause = undefined(progress, named[1], index) if named else ""
        findings.append(replace(finding, advice=f"{finding.advice} {cause}.".strip()) if cause else finding)
    for function in find_check(verdict.check).functions:
        if cause := undefined(progress, function, index):
            told = f"{cause}; what is used here is an older definition of it"
            findings.append(Finding("", "", "undefined", told))
    return replace(verdict, findings=tuple(findings))


def about_memory(verdict: Verdict, told: Callable[[], str]) -> Verdict:
    """The verdict with both numbers where a call was refused memory.

    Args:
        verdict: of any check.
        told: says how much was held, and how much may be; '' where that is not known.
    """
    wanting = [f.kind == "raised" and "MemoryError" in f.message for f in verdict.findings]
    if not any(wanting) or not (numbers := told()):
        return verdict
    pairs = zip(verdict.findings, wanting, strict=True)
    findings = (replace(f, advice=f"{f.advice} {numbers}".strip()) if short else f for f, short in pairs)
    return replace(verdict, findings=tuple(findings))


def why_not_judged(progress: Progress, index: int) -> str:
    """Why a graded cell has no verdict."""
    if index in progress.stopped:
        return f"This cell was stopped: {progress.stopped[index]}"
    if index not in progress.done:
        return f"This cell was not run: {progress.ended or 'it is empty, or tagged not to be graded'}"
    failure = progress.failures.get(index)
    if failure is None:
        return "The check was not reached, and its cell stopped with no error that is known"
    named = _UNDEFINED.search(failure.value) if failure.name == "NameError" else None
    if named and (cause := undefined(progress, named[1], index)):
        return cause
    if named:
        return f"{named[1]} was not defined: no cell above defines it"
    return f"The check was not reached: its cell stopped at {at_line(failure)}"


def finish(progress: Progress) -> None:
    """Let every cell that has not run say so, and every graded cell that has no verdict, in itself and in the ledger."""
    for index, cell in enumerate(progress.notebook.cells):
        grade_id = graded_name(cell)
        if grade_id in progress.checks and grade_id not in progress.ledger:
            check = find_check(progress.checks[grade_id])
            finding = Finding("", "", "not judged", f"{why_not_judged(progress, index)}.")
            verdict = Verdict(check.name, 0.0, check.points, (finding,), graded=True)
            progress.ledger[grade_id] = verdict
            kept = [] if index in progress.stopped else cell.outputs
            cell.outputs = outputs.verdict_outputs(verdict, cell.execution_count) + kept
        elif progress.ended and not_run(progress, index):
            cell.outputs = [outputs.note(said(f"This cell was not run: {progress.ended}."))]


def not_run(progress: Progress, index: int) -> bool:
    """Whether a cell of code was never come to."""
    cell = progress.notebook.cells[index]
    tagged = outputs.SKIP_TAG in cell.metadata.get("tags", ())
    has_code = cell.cell_type == "code" and cell.source.strip() and not tagged
    return bool(has_code) and index not in progress.done and index not in progress.stopped
