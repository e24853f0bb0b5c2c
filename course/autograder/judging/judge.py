"""The judge: asks for answers, compares them with Paddle's, and names the mistake.

It never sees a student's objects, only the plain arrays of a `protocol.Reply`; whether they come from a
function call or from another process behind a pipe makes no difference to the verdict.
"""

import difflib
import functools
import hashlib
import warnings
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from course.autograder.checks import find_check, list_checks
from course.autograder.checks.language.protocol import (
    MAX_DIMENSIONS,
    Problem,
    Reply,
    Step,
    input_arrays,
    perform,
    without_views,
)
from course.autograder.checks.language.spec import Arrays, Case, Check, Inputs, Output
from course.autograder.checks.language.tolerances import Tolerance
from course.autograder.judging import compare
from course.autograder.judging.verdict import Finding, Verdict

Ask = Callable[[tuple[Step, ...], Inputs, tuple[str, ...]], Reply]

GIVES_UP = ("blank", "arity", "function")  # problems that every case of a check would show again
EXCEPTION = np.empty((0,) * (MAX_DIMENSIONS + 1))  # stands for an exception: no answer has its shape
WRONG_GROUND = (
    "{}'s own output is not right here either: put that right first; this is computed from its cache."
)
UNCHANGED_SHARE = 0.25  # of a check's points that go with leaving the inputs as they were


def seed_for(secret: str, student: str, check: str) -> int:
    """The seed of one student's cases for one check: nobody without the secret can draw them in advance."""
    digest = hashlib.blake2b(f"{student}\0{check}".encode(), key=secret.encode()[:64], digest_size=8)
    return int.from_bytes(digest.digest(), "big")


def case_generator(seed: int, check: str, case: str) -> np.random.Generator:
    """The generator that one case is drawn from; independent of which other cases there are."""
    digest = hashlib.blake2b(f"{seed}\0{check}\0{case}".encode(), digest_size=16).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest, "big")))


@dataclass(frozen=True)
class Question:
    """One case with its inputs drawn and, once asked for, its right and well-known wrong answers."""

    check: Check
    case: Case
    inputs: Inputs

    @functools.cached_property
    def values(self) -> Inputs:
        """The inputs with views as the arrays they show: what references and misconceptions are asked about."""
        return without_views(self.inputs)

    @functools.cached_property
    def right(self) -> Arrays:
        """The reference's outputs; `EXCEPTION` for each where one is wanted."""
        if self.case.raises:
            return dict.fromkeys(self.check.wanted, EXCEPTION)
        return _arrays(self.check.reference(self.values))

    @functools.cached_property
    def wrong(self) -> dict[str, Arrays]:
        """What each misconception gives here."""
        return {m.name: _arrays(m.wrong(self.values)) for m in self.check.misconceptions}


def _arrays(outputs: Mapping[str, Any]) -> Arrays:
    return {path: np.asarray(value) for path, value in outputs.items()}


@functools.lru_cache(maxsize=256)  # one assignment; a class of thousands must not pile up
def question(check_name: str, case_index: int, seed: int) -> Question:
    """Draw one case; kept, so that a student who asks again (or another with the same seed) costs nothing."""
    check = find_check(check_name)
    case = (check.cases + check.hidden)[case_index]
    return Question(check, case, case.draw(case_generator(seed, check.name, case.name)))


def precision(inputs: Inputs, got: np.ndarray) -> str:
    """'float32' when the answer or what it was computed from is in single precision, else 'float64'."""
    single = (np.float32, np.float16)
    if got.dtype in single or any(a.dtype in single for a in input_arrays(inputs).values()):
        return "float32"
    return "float64"


def _describe(got: np.ndarray, wanted: np.ndarray) -> dict[str, Any]:
    return {
        "got_shape": got.shape,
        "got_dtype": str(got.dtype),
        "wanted_shape": wanted.shape,
        "wanted_dtype": str(wanted.dtype),
    }


def _compare(
    output: Output, case: Case, inputs: Inputs, got: np.ndarray, wanted: np.ndarray
) -> Finding | None:
    kind = precision(inputs, got)
    tolerance: Tolerance = getattr(output.tolerances, kind)
    about: dict[str, Any] = {"case": case.name, "output": output.path, **_describe(got, wanted)}
    if ".*." in output.path and got.ndim and wanted.ndim:
        message = compare.rows_differ(got, wanted, tolerance)
        return Finding(case.name, output.path, "rows", message) if message else None
    if got.shape != wanted.shape:
        return Finding(
            kind="shape",
            message=f"the shape is {got.shape}; wanted {wanted.shape}",
            advice=compare.relation(got, wanted, tolerance),
            **about,
        )
    gap = compare.difference(got, wanted, tolerance)
    if gap is None:
        return None
    about |= {"largest_difference": gap.largest, "index": gap.index, "got": gap.got, "wanted": gap.wanted}
    if gap.not_finite:
        message = f"{gap.not_finite} of {gap.size} values are NaN or infinite"
        return Finding(
            kind="not finite",
            message=message,
            advice="Look for a division by 0 or a root of a negative.",
            **about,
        )
    if kind == "float64" and compare.near(got, wanted, output.tolerances.float32):
        return Finding(
            kind="precision",
            message="right to single precision only",
            advice="Something on the way was rounded to float32: work in the dtype of the inputs.",
            **about,
        )
    message = f"{gap.outside} of {gap.size} values differ" if gap.size > 1 else "the value differs"
    return Finding(kind="value", message=message, advice=compare.relation(got, wanted, tolerance), **about)


def _fits(check: Check, output: Output, asked: Question, got: np.ndarray) -> dict[str, bool]:
    """For each misconception: whether it shows on this case, if it gives exactly this output here."""
    tolerance: Tolerance = getattr(output.tolerances, precision(asked.inputs, got))
    right = asked.right[output.path]
    fitting = {}
    for misconception in check.misconceptions:
        wrong = asked.wrong[misconception.name].get(output.path, right)
        if compare.near(got, wrong, tolerance):
            fitting[misconception.name] = not compare.near(wrong, right, tolerance)
    return fitting


def _changed_inputs(check: Check, asked: Question, reply: Reply) -> list[Finding]:
    findings = []
    for path, sent in input_arrays(asked.inputs).items():
        if path in check.may_change or path not in reply.inputs_after:
            continue
        after = reply.inputs_after[path]
        if isinstance(after, Problem) or not np.array_equal(after, sent, equal_nan=sent.dtype.kind == "f"):
            findings.append(
                Finding(
                    case=asked.case.name,
                    output=path,
                    kind="changed",
                    message=f"the input {path} is changed by your function",
                    misconception="input changed in place",
                    advice=f"Work on a copy of {path}, or write out-of-place operations: the caller still needs it.",
                )
            )
    return findings


@dataclass
class _Tally:
    """What the cases of one check show, as they come in."""

    findings: list[Finding] = field(default_factory=list)
    compared: list[tuple[Output, Question, np.ndarray]] = field(default_factory=list)
    wrong_outputs: set[str] = field(default_factory=set)
    changed: bool = False
    grounds: dict[str, tuple[Question, np.ndarray]] = field(
        default_factory=dict
    )  # by case: what `rests_on` gave

    def add(self, finding: Finding) -> None:
        """Take in something that makes its output wrong."""
        self.findings.append(finding)
        self.wrong_outputs.add(finding.output)


def _judge_exception(check: Check, asked: Question, reply: Reply, tally: _Tally) -> None:
    """Add what a case shows whose inputs must raise."""
    name, problem = asked.case.raises, reply.problem
    if problem is not None and name in problem.exceptions:
        tally.compared += [(output, asked, EXCEPTION) for output in check.outputs]
        return
    tally.wrong_outputs.update(check.wanted)
    if problem is not None and problem.kind in GIVES_UP:
        tally.add(Finding(asked.case.name, "", problem.kind, problem.message))
        return
    if problem is not None and problem.kind == "raised":
        advice = f"Test for it yourself, and `raise {name}` with a sentence on what does not fit."
        tally.add(Finding(asked.case.name, "", "raised", f"{problem.message}; wanted {name}", advice=advice))
        return
    for output in check.outputs:
        got = reply.outputs.get(output.path)
        if isinstance(got, np.ndarray):
            tally.compared.append((output, asked, got))
        message, advice = f"it returned; wanted {name}", f"There is no right answer here: `raise {name}`."
        tally.add(Finding(asked.case.name, output.path, "not raised", message, advice=advice))


def _is_numeric(value: np.ndarray) -> bool:
    return value.dtype.kind in "fiub" and value.ndim <= MAX_DIMENSIONS


def _judge_reply(check: Check, asked: Question, reply: Reply, tally: _Tally) -> None:
    """Add what one case shows."""
    if asked.case.raises:
        _judge_exception(check, asked, reply, tally)
        return
    if reply.problem is not None:
        stopped = Finding(asked.case.name, "", reply.problem.kind, reply.problem.message)
        tally.add(stopped)
        tally.wrong_outputs.update(check.wanted)
        return
    got: Arrays = {}
    for path in check.wanted:
        value = reply.outputs.get(path, Problem("missing", f"{path} is not there"))
        if isinstance(value, Problem):
            tally.add(Finding(asked.case.name, path, value.kind, value.message))
        elif not _is_numeric(value):
            tally.add(Finding(asked.case.name, path, "type", f"{path} is no array of numbers"))
        else:
            got[path] = value
    complete = len(got) == len(check.wanted)
    if complete and check.observe is not None:
        asked = Question(check, asked.case, check.observe(asked.values, got))
    for property_ in check.properties if complete else ():
        for flaw in property_(asked.values, got):
            tally.add(
                Finding(asked.case.name, flaw.output, "property", flaw.misconception or flaw.advice,
                        misconception=flaw.misconception, advice=flaw.advice)
            )  # fmt: skip
    if not complete and (check.observe is not None or check.properties):
        tally.wrong_outputs.update(check.wanted)  # a random answer is judged whole or not at all
        got = {}
    for output in check.outputs:
        if output.path not in got or output.path not in asked.right:
            continue
        tally.compared.append((output, asked, got[output.path]))
        finding = _compare(output, asked.case, asked.inputs, got[output.path], asked.right[output.path])
        if finding is not None:
            tally.add(finding)
    ground = reply.outputs.get(check.rests_on.outputs[0].path) if check.rests_on else None
    if isinstance(ground, np.ndarray) and _is_numeric(ground):
        tally.grounds[asked.case.name] = (asked, ground)
    changed = _changed_inputs(check, asked, reply)
    tally.changed = tally.changed or bool(changed)
    tally.findings += changed


def _differing(finding: Finding) -> str:
    return "the values differ, if only a little" if finding.kind == "precision" else finding.message


def _on_wrong_ground(check: Check, tally: _Tally, finding: Finding) -> bool:
    """Whether what the finding's values were computed from is not right either."""
    base = check.rests_on
    if (
        base is None
        or finding.case not in tally.grounds
        or finding.kind not in ("value", "precision", "not finite")
    ):
        return False
    asked, got = tally.grounds[finding.case]
    output = base.outputs[0]
    right = np.asarray(base.reference(asked.values)[output.path])
    return _compare(output, asked.case, asked.inputs, got, right) is not None


def _named(check: Check, tally: _Tally) -> list[Finding]:
    """Name the mistake behind each finding: of those that give exactly that output, the one that is in step with
    the most cases, those where it must not show included; between equals, the one that explains other outputs too."""
    fits = {
        (output.path, asked.case.name): _fits(check, output, asked, got)
        for output, asked, got in tally.compared
        if output.path in tally.wrong_outputs
    }
    in_step: Counter[tuple[str, str]] = Counter()
    anywhere: Counter[str] = Counter()
    for (path, _), names in fits.items():
        in_step.update((path, name) for name in names)
        anywhere.update(names)
    advice = {m.name: m.advice for m in check.misconceptions}
    named = []
    for finding in tally.findings:
        showing = [n for n, shows in fits.get((finding.output, finding.case), {}).items() if shows]
        if showing and not finding.misconception:
            best = max(showing, key=lambda name: (in_step[finding.output, name], anywhere[name]))
            # The name says more than "right to single precision" would.
            kind = "value" if finding.kind == "precision" else finding.kind
            told = {
                "misconception": best,
                "advice": advice[best],
                "kind": kind,
                "message": _differing(finding),
            }
            finding = replace(finding, **told)  # type: ignore[arg-type]
        elif not finding.misconception and _on_wrong_ground(check, tally, finding):
            finding = replace(finding, advice=WRONG_GROUND.format(check.functions[0]))
        named.append(finding)
    return named


def _fraction(check: Check, tally: _Tally) -> float:
    """Shares of the outputs that are right on every case; guards count only beside another right output."""
    right = [o for o in check.outputs if o.path not in tally.wrong_outputs]
    if not any(not o.guard for o in right):
        return 0.0
    total = sum(o.weight for o in check.outputs)
    fraction = sum(o.weight for o in right) / total
    return fraction * (1 - UNCHANGED_SHARE) if tally.changed else fraction


def judge_with(check: Check, ask: Ask, *, seed: int = 0, graded: bool = False) -> Verdict:
    """Judge answers that `ask` fetches.

    Args:
        check: the check.
        ask: carries steps, inputs and wanted paths to the student's functions and brings the Reply.
        seed: what the cases are drawn from.
        graded: a grading run, whose findings never show an expected value.
    """
    tally = _Tally()
    cases = check.cases + check.hidden
    for index, case in enumerate(cases):
        asked = question(check.name, index, seed)
        reply = ask(check.steps_of(case), asked.inputs, check.asked_for)
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            _judge_reply(check, asked, reply, tally)
        if reply.problem is not None and reply.problem.kind in GIVES_UP:
            break  # the other cases would say the same
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        findings = _named(check, tally)
    if graded:
        findings = [replace(f, got=None, wanted=None) for f in findings]
    right = tuple(o.path for o in check.outputs if o.path not in tally.wrong_outputs)
    return Verdict(
        check.name, _fraction(check, tally), check.points, tuple(findings), right, len(cases), graded
    )


def _refusal(name: str, message: str, points: float, graded: bool) -> Verdict:
    return Verdict(name, 0.0, points, (Finding("", "", "question", message),), graded=graded)


def resolve(name: str, given: int, graded: bool = False) -> Check | Verdict:
    """The check of that name, or the verdict that says why there is none for these functions."""
    check = find_check(name) if isinstance(name, str) and name in list_checks() else None
    if check is None:
        close = difflib.get_close_matches(str(name), list_checks(), n=1)
        meant = f"; did you mean '{close[0]}'?" if close else ""
        return _refusal(str(name)[:80], f"there is no check called '{str(name)[:80]}'{meant}", 0.0, graded)
    if given != len(check.functions):
        listed = ", ".join(check.functions)
        message = f"this check takes {len(check.functions)} function(s) ({listed}); {given} came"
        return _refusal(name, message, check.points, graded)
    return check


def judge(name: str, *functions: Callable[..., Any], seed: int = 0, graded: bool = False) -> Verdict:
    """Judge functions in this process.

    Args:
        name: of the check, e.g. 'batchnorm_forward.train'.
        functions: what the check asks for, in its order.
        seed: what the cases are drawn from.
        graded: hide expected values, as a grading run does.

    Returns:
        A Verdict; whatever the functions do short of killing the process is a finding in it.
    """
    check = resolve(name, len(functions), graded)
    if isinstance(check, Verdict):
        return check
    by_name = dict(zip(check.functions, functions, strict=True))
    return judge_with(
        check, lambda steps, inputs, wanted: perform(steps, inputs, wanted, by_name), seed=seed, graded=graded
    )
