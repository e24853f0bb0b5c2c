"""One case: what its reply shows, taken into the tally."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from course.autograder.checks.language.plain import MAX_DIMENSIONS, Problem
from course.autograder.checks.language.protocol import Call, Reply, Step
from course.autograder.checks.language.spec import Arrays, Case, Check
from course.autograder.checks.language.stand_ins import input_settings
from course.autograder.judging.asking import EXCEPTION, Observed, Question
from course.autograder.judging.comparing import compare, tolerance_from
from course.autograder.judging.tally import Tally
from course.autograder.judging.verdict import Finding, sentence

GIVES_UP = ("blank", "arity", "function")  # problems that every case of a check would show again
LATER = ("second", "third", "fourth", "fifth")  # calls of a function after its first
MANY = 3  # arrays of one dict: so many are told one by one
EVERY = ""  # in place of a case's name: wrong on all of them


def giving_up(check: Check, steps: Sequence[Step]) -> tuple[str, ...]:
    """Kinds of problems after which no other case need be asked; that a call of its own fails says nothing of the others."""
    return GIVES_UP if steps is check.steps else tuple(kind for kind in GIVES_UP if kind != "arity")


def gives_up(check: Check, case: Case, problem: Problem | None) -> bool:
    """Whether each of the other cases would show this problem as well."""
    return problem is not None and problem.kind in giving_up(check, check.steps_of(case))


def weigh(check: Check, asked: Question, reply: Reply, tally: Tally) -> None:
    """Add what one case shows."""
    tally.asked[asked.case.name] = asked
    if asked.case.raises:
        _exception(check, asked, reply, tally)
        return
    if reply.problem is not None:
        tally.add(_stopped(asked, reply.problem))
        tally.miss(EVERY if gives_up(check, asked.case, reply.problem) else asked.case.name, *check.wanted)
        if not {case.raises for case in check.cases}.isdisjoint(reply.problem.exceptions):
            tally.compared += [(output, asked, EXCEPTION) for output in check.outputs]  # refused as if wrong
        return
    got = _arrays(check, asked, reply, tally)
    complete = len(got) == len(check.wanted)
    told: set[str] = set()
    sent = asked.inputs  # without what is read out of the answer
    if complete:
        asked = asked.observed(got)
        told = _properties(asked, got, tally)
    elif check.observe is not None or check.properties:
        tally.miss(asked.case.name, *check.wanted)  # a random answer is judged whole or not at all
        got = {}
    for output in check.outputs:
        if output.path in got and output.path in asked.right:
            came = got[output.path]
            tally.compared.append((output, asked, came))
            held_to = tolerance_from(output, asked.single, came)
            finding = compare(output, asked.case, sent, came, asked.right[output.path], held_to, asked.arrays)
            if finding is not None and output.path not in told:
                tally.add(finding)
    ground = reply.outputs.get(check.rests_on.outputs[0].path) if check.rests_on else None
    random = asked.reader is not None and not isinstance(asked, Observed)  # a draw that could not be read
    if isinstance(ground, np.ndarray) and _is_numeric(ground) and not random:
        tally.grounds[asked.case.name] = (asked, ground)
    changed = _changed_inputs(check, asked, reply, tally)
    tally.changed = tally.changed or bool(changed)
    tally.findings += changed


def _stopped(asked: Question, problem: Problem) -> Finding:
    return Finding(asked.case.name, "", problem.kind, sentence(problem.message))


def _is_numeric(value: np.ndarray) -> bool:
    return value.dtype.kind in "fiub" and value.ndim <= MAX_DIMENSIONS


def _arrays(check: Check, asked: Question, reply: Reply, tally: Tally) -> Arrays:
    """The outputs that came as arrays of numbers; the others are told."""
    got: Arrays = {}
    for path in check.wanted:
        there = path in reply.outputs
        value = reply.outputs[path] if there else Problem("missing", f"{path} is not there")
        if isinstance(value, Problem):
            tally.add(Finding(asked.case.name, path, value.kind, sentence(value.message)))
        elif not _is_numeric(value):
            tally.add(Finding(asked.case.name, path, "type", f"{path} is no array of numbers."))
        else:
            got[path] = value
    return got


def _properties(asked: Question, got: Arrays, tally: Tally) -> set[str]:
    """Add what the properties find, and say of which outputs that is all there is to say."""
    flaws = asked.flaws(got)
    for flaw in flaws:
        name, told = flaw.misconception, sentence(flaw.advice)
        about = Finding(asked.case.name, flaw.output, "property", told)
        tally.tainted.update(flaw.taints)
        if flaw.all_there_is:
            tally.forced.add(asked.case.name)
        if flaw.plain:
            tally.doubtful[len(tally.findings)] = flaw
        tally.add(replace(about, message="", misconception=name, advice=told) if name else about)
    return {flaw.output for flaw in flaws if flaw.all_there_is}


def _exception(check: Check, asked: Question, reply: Reply, tally: Tally) -> None:
    """Add what a case shows whose inputs must raise."""
    name, problem = asked.case.raises, reply.problem
    if problem is not None and name in problem.exceptions:
        tally.compared += [(output, asked, EXCEPTION) for output in check.outputs]
        return
    tally.miss(EVERY if gives_up(check, asked.case, problem) else asked.case.name, *check.wanted)
    if problem is not None and problem.kind != "raised" and problem.kind in GIVES_UP:
        tally.add(_stopped(asked, problem))
        return
    if problem is not None and problem.kind == "raised":
        advice = f"Test for it yourself, and `raise {name}` with a sentence on what does not fit."
        message = f"{problem.message}; {name} is wanted."
        tally.add(Finding(asked.case.name, "", "raised", message, advice=advice))
        return
    for output in check.outputs:
        got = reply.outputs.get(output.path)
        if isinstance(got, np.ndarray):
            tally.compared.append((output, asked, got))
        message, advice = f"It returned; {name} is wanted.", f"There is no right answer here: `raise {name}`."
        tally.add(Finding(asked.case.name, output.path, "not raised", message, advice=advice))


def _same(after: np.ndarray, sent: np.ndarray) -> bool:
    """Whether an input is as it was sent. Most are, to the byte."""
    if after.dtype == sent.dtype and after.shape == sent.shape and after.tobytes() == sent.tobytes():
        return True
    return bool(np.array_equal(after, sent, equal_nan=sent.dtype.kind == "f"))


def _changed_inputs(check: Check, asked: Question, reply: Reply, tally: Tally) -> list[Finding]:
    """A finding for each array that was changed, and one for each dict or list with other settings than it came with.

    Of a list whose entries were taken out, put in or moved that is said, and nothing of the arrays in it, which may be
    as they were; many arrays of one dict are said once. What students know an input by that only a later call was given
    is told to the tally.
    """
    if not reply.inputs_after:
        return []
    changed = {}
    settings = [path for path in input_settings(asked.inputs) if path not in check.may_change]
    touched = [
        path
        for path, sent in asked.arrays.items()
        if path not in check.may_change and _is_touched(reply.inputs_after.get(path, sent), sent)
    ]
    rearranged = {
        path for path in settings if path in reply.inputs_after or _only_moved(path, touched, asked, reply)
    }
    touched = [path for path in touched if not any(path.startswith(f"{one}.") for one in rearranged)]
    for path in _once_for_many(touched):
        name, which = _as_known(check, asked, path)
        told = f"The input {name} is changed by your function."
        if which:
            tally.called[path] = f"{name} in the {which} call"
            told = f"The input {name} is changed by your function in its {which} call."
        advice = f"Work on a copy of {name}, or write out-of-place operations: the caller still needs it."
        if path not in touched:
            told = f"The arrays in {name} are changed by your function."
            advice = f"Work on copies of what {name} holds, or write out-of-place operations: the caller still needs it."
        changed[path] = told, advice
    for path in settings:
        name = path.split(".")[0]
        if path in rearranged:
            told = f"Your function changes what {name} came with."
            changed[name] = (
                told,
                f"Read the entries of {name} and leave them there: the caller still needs them.",
            )
    said = _first_of_each(check, asked, changed)
    return [
        Finding(
            asked.case.name,
            path,
            "changed",
            message,
            misconception="input changed in place",
            advice=advice,
        )
        for path, (message, advice) in changed.items()
        if path in said
    ]


def _is_touched(after: np.ndarray | Problem, sent: np.ndarray) -> bool:
    return isinstance(after, Problem) or not _same(after, sent)


def _only_moved(path: str, touched: Iterable[str], asked: Question, reply: Reply) -> bool:
    """Whether the arrays in the entries of a list are those of other entries now, each as it was sent."""
    entries = [one.removeprefix(f"{path}.").split(".", 1) for one in touched if one.startswith(f"{path}.")]
    if not entries or not all(place.isdecimal() and rest for place, *rest in entries):
        return False
    for place, entry in entries:
        after = reply.inputs_after[f"{path}.{place}.{entry}"]
        others = (
            sent
            for one, sent in asked.arrays.items()
            if one.startswith(f"{path}.") and one.endswith(f".{entry}")
        )
        if isinstance(after, Problem) or not any(_same(after, sent) for sent in others):
            return False
    return True


def _once_for_many(touched: Sequence[str]) -> list[str]:
    """The paths that are told: in place of many arrays of one dict the dict itself."""
    of_dict = Counter(path.split(".")[0] for path in touched)
    told = (name if of_dict[name := path.split(".")[0]] > MANY else path for path in touched)
    return list(dict.fromkeys(told))


def _as_known(check: Check, asked: Question, path: str) -> tuple[str, str]:
    """An input by its name in the question, and in which call it came where that is a later one: x, second for x2."""
    name, _, entry = path.partition(".")
    calls = [step for step in check.steps_of(asked.case) if isinstance(step, Call)]
    taken = next((c for c in calls if name in c.arguments), None)
    if taken is None:
        return path, ""
    of_function = [c for c in calls if c.function == taken.function]
    number, place = of_function.index(taken), taken.arguments.index(name)
    known = of_function[0].arguments[place]
    if not number or known == name:
        return path, ""
    which = LATER[number - 1] if number <= len(LATER) else "later"
    return f"{known}.{entry}" if entry else known, which


def _first_of_each(check: Check, asked: Question, changed: Iterable[str]) -> set[str]:
    """Of what is changed alike in several calls of one function, the first: x and not x2 to x16, names of ours."""
    calls = [step for step in check.steps_of(asked.case) if isinstance(step, Call)]
    first: dict[tuple[str, int, str], str] = {}
    for path in changed:
        name, _, entry = path.partition(".")
        taken = ((c.function, c.arguments.index(name), entry) for c in calls if name in c.arguments)
        first.setdefault(next(taken, (name, 0, entry)), path)
    return set(first.values())
