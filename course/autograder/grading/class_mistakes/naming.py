"""Names that the instructor gave, put where the judge knew none: in the verdict, and in the executed notebook."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from nbformat import NotebookNode

from course.autograder.checks import find_check
from course.autograder.engine import outputs
from course.autograder.engine.engine import RunResult
from course.autograder.grading.class_mistakes.again import digest_of, on_class_cases
from course.autograder.grading.class_mistakes.fingerprints import Answered, has_no_name, unnamed_outputs
from course.autograder.grading.class_mistakes.mistake import ClassMistake
from course.autograder.judging.verdict import VERDICT, Verdict


@dataclass(frozen=True)
class Graded:
    """A graded run, what was asked and came back in it, and what it takes to ask once more."""

    result: RunResult
    answers: Mapping[str, Answered]
    engine: Any
    notebook: NotebookNode
    assignment: str


def with_names(graded: Graded, known: Sequence[ClassMistake]) -> RunResult:
    """The run with the names of known mistakes where nothing had a name; points stay what they are."""
    ledger = dict(graded.result.ledger)
    asked: dict[str, dict[str, Answered]] = {}  # by seed
    for name, verdict in graded.result.ledger.items():
        mine = [one for one in known if one.check == verdict.check]
        check = find_check(verdict.check) if mine else None
        for one in mine:
            assert check is not None
            open_still = unnamed_outputs(check, ledger[name].findings)
            if not open_still or set(one.outputs) != set(open_still):
                continue
            answers: Mapping[str, Answered] = graded.answers
            if one.seed:
                if one.asked != digest_of(check.name, one.seed):
                    continue  # its cases are no longer drawn so; `mistakes` says it
                answers = asked[one.seed] if one.seed in asked else _asked(graded, known, one.seed, asked)
            if check.name in answers and one.explains(check, answers[check.name], open_still):
                ledger[name] = named(ledger[name], one)
    changed = {name: verdict for name, verdict in ledger.items() if verdict is not graded.result.ledger[name]}
    if not changed:
        return graded.result
    _write_into(graded.result.notebook, changed)
    return replace(graded.result, ledger=ledger)


def _asked(
    graded: Graded, known: Sequence[ClassMistake], seed: str, asked: dict[str, dict[str, Answered]]
) -> dict[str, Answered]:
    """Answers on the class's cases of one seed, of all checks that need them."""
    wanted = {
        verdict.check
        for verdict in graded.result.ledger.values()
        if any(one.seed == seed and one.check == verdict.check for one in known)
        and unnamed_outputs(find_check(verdict.check), verdict.findings)
    }
    _, asked[seed] = on_class_cases(graded.engine, graded.notebook, graded.assignment, seed, wanted)
    return asked[seed]


def named(verdict: Verdict, mistake: ClassMistake) -> Verdict:
    """The verdict with a name on what had none."""
    said: dict[str, Any] = {"misconception": mistake.name, "advice": mistake.advice, "scope": "", "where": ""}
    findings = (
        replace(f, **said, kind="value" if f.kind == "precision" else f.kind)
        if has_no_name(vars(f)) and f.output in ("", *mistake.outputs)
        else f
        for f in verdict.findings
    )
    return replace(verdict, findings=tuple(dict.fromkeys(findings)))


def _write_into(notebook: NotebookNode, verdicts: Mapping[str, Verdict]) -> None:
    """Say it in the executed notebook, too."""
    for cell in notebook.cells:
        verdict = verdicts.get(cell.metadata.get("nbgrader", {}).get("grade_id", ""))
        if verdict is None or cell.cell_type != "code":
            continue
        said = outputs.verdict_outputs(verdict, cell.execution_count)
        cell.outputs = [
            said[0] if VERDICT in one.get("data", {}) and one.metadata.get("course") == {"from": "judge"} else one
            for one in cell.outputs
        ]  # fmt: skip
