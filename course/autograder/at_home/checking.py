"""The judge beside the notebook: asks the student's functions in this very process, and shows where they differ."""

import functools
import html
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from course.autograder.at_home import cases, to_read
from course.autograder.at_home.patience import Running, patient
from course.autograder.at_home.picture import picture
from course.autograder.at_home.standing import Standing
from course.autograder.at_home.stopping import Said, failed, stopped, to_be_run
from course.autograder.checks.language.protocol import Reply, Step, perform
from course.autograder.checks.language.spec import Check
from course.autograder.judging.bank import Bank, bank_here
from course.autograder.judging.comparing import outside, tolerance_of
from course.autograder.judging.deciding import judge_with, resolve
from course.autograder.judging.seal import SealError
from course.autograder.judging.verdict import Verdict
from course.common.quiet import quiet_stderr
from course.languages.saying import said

Functions = tuple[Callable[..., Any], ...]
STANDING = Standing()
UNKNOWN = re.compile(r"raised NameError: name '(\w+)' is not defined")
DRAWN = ("value", "precision", "shape", "not finite", "fact")


@dataclass(frozen=True)
class Here:
    """What a check says on the student's own machine.

    Attributes:
        verdict: the judge's.
        text, html: what is put below it, in plain text and as markup.
        so_far: the points of all checks up to now, in a sentence; '' in a graded run.
    """

    verdict: Verdict
    text: str = ""
    html: str = ""
    so_far: str = ""


@functools.cache
def _bank() -> Bank:
    return bank_here(int(os.environ.get("COURSE_SEED", "0")))


def judged_here(name: str, functions: Functions) -> Verdict:
    """The verdict alone."""
    return checked_here(name, functions).verdict


def checked_here(name: str, functions: Functions) -> Here:
    """Judge in this process, with everything that libraries write to standard error kept out of the notebook.

    Raises:
        Stopped: with one sentence, after an interrupt.
        Said: with one sentence, where the check itself fails.
    """
    running = Running()
    try:
        with patient(running):
            return _checked(name, functions, running)
    except KeyboardInterrupt as error:
        raise stopped(running.told("ran"), error) from None
    except SealError as error:
        raise Said(str(error)) from None
    except Exception as error:
        raise failed(name, error) from error


def inputs_of(name: str, functions: Functions, number: int) -> dict[str, Any]:
    """The inputs of one case to work with; says which call the check makes with them.

    Raises:
        Said: where there is no such check or case.
    """
    bank = _bank()
    check = resolve(name, len(functions), False, bank)
    if isinstance(check, Verdict):
        raise Said(check.findings[0].message)
    if type(number) is not int or not 1 <= number <= len(check.cases):
        raise Said(f"{name} has the cases 1 to {len(check.cases)}; case={number!r} was asked for.")
    asked = bank.question(check, number - 1)
    print("\n".join(map(said, cases.about(check, asked).split("\n"))))
    return cases.laid_out(asked)


def _checked(name: str, functions: Functions, running: Running) -> Here:
    told: list[str] = []
    replies: list[Reply] = []
    with quiet_stderr():
        bank = _bank()
        graded = os.environ.get("NBGRADER_EXECUTION") == "autograde"
        check = resolve(name, len(functions), graded, bank)
        if isinstance(check, Verdict):
            return Here(check)
        by_name = dict(zip(check.functions, functions, strict=True))

        def ask(steps: tuple[Step, ...], inputs: dict[str, Any], wanted: tuple[str, ...]) -> Reply:
            running.at(
                check.functions, check.cases[len(replies)].name if len(replies) < len(check.cases) else ""
            )
            with quiet_stderr() as kept:
                replies.append(perform(steps, inputs, wanted, by_name))
            told.append(kept.getvalue())
            return replies[-1]

        verdict = judge_with(check, ask, graded=graded, questions=functools.partial(bank.question, check))
    _pass_on(told)
    STANDING.take(verdict)
    return Here(verdict) if graded else _with_help(check, bank, verdict, replies)


def _pass_on(told: list[str]) -> None:
    """What the student's own code wrote to standard error, once."""
    text = "".join(dict.fromkeys(told))
    if text.strip():
        print(text[:2000], end="" if text.endswith("\n") else "\n")


def _with_help(check: Check, bank: Bank, verdict: Verdict, replies: list[Reply]) -> Here:
    """The verdict with a case to work with, a picture of it, and the points so far."""
    lines, markup = [], []
    missing = next(filter(None, (UNKNOWN.search(f.message) for f in verdict.findings)), None)
    if missing:
        lines.append(to_be_run(missing[1]))
        markup.append(html.escape(lines[0]))
    first = next((f for f in verdict.findings if f.case and f.kind != "blank"), None)
    if first is not None:
        line = cases.again(check, first.case)
        lines.append(f"To work with the inputs of “{first.case}”: {line}")
        markup.append(
            f"To work with the inputs of “{html.escape(first.case)}”: <code>{html.escape(line)}</code>"
        )
        drawn = _drawn(check, bank, verdict, replies)
        if drawn:
            markup.append(drawn)
    if verdict.findings:
        told, links = to_read.read().told(check.assignment, check.name, verdict.misconceptions)
        lines += told
        markup += [" · ".join(links)] if links else []
    so_far = said(STANDING.told(bank, check.assignment))
    rows = "".join(f'<div style="margin-top:.4em">{said(row)}</div>' for row in markup)
    style = "margin:.2em 0 .6em;padding:0 .9em;font-size:.92em;max-width:60em"
    return Here(
        verdict,
        "\n".join(f"  {line}" for line in [*map(said, lines), so_far]) + "\n",
        f'<div style="{style}">{rows}</div>' if rows else "",
        so_far,
    )


def _drawn(check: Check, bank: Bank, verdict: Verdict, replies: list[Reply]) -> str:
    """A folded picture of the first case that fails, for the first output that can be drawn."""
    names = [case.name for case in check.cases]
    paths = {output.path: output for output in check.outputs}
    for finding in verdict.findings:
        if finding.kind not in DRAWN or finding.output not in paths or finding.case not in names:
            continue
        asked, reply = bank.question(check, names.index(finding.case)), replies[names.index(finding.case)]
        arrays = {p: a for p, a in reply.outputs.items() if isinstance(a, np.ndarray)}
        got = arrays.get(finding.output)
        if asked.reader is not None and set(check.wanted) <= set(arrays):
            asked = asked.observed({path: arrays[path] for path in check.wanted})
        right = asked.right.get(finding.output)
        if got is None or right is None or right.dtype.kind not in "fiub" or ".*." in finding.output:
            continue
        with np.errstate(all="ignore"):
            near = tolerance_of(paths[finding.output], asked.inputs, got)
            bad = outside(got, right, near) if got.shape == right.shape else None
            svg = picture(finding.output, got, right, bad)
        if svg:
            output, case = html.escape(finding.output), html.escape(finding.case)
            words = html.escape(verdict.words(finding.output))
            what = f"{words} on “{case}”" if words else f"<code>{output}</code> on “{case}”"
            shown = (
                "yours and what is right" if bad is None else "yours, what is right, and where they differ"
            )
            return f"<details><summary>Look at {what}: {shown}</summary>{svg}</details>"
    return ""
