"""The mistake finder: hand-ins with something wrong that has no name are asked once more, on cases that the class shares."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from course.autograder.checks import find_check, list_checks
from course.autograder.engine.engine import Engine
from course.autograder.feedback.notebook import read_cells
from course.autograder.gradebook.course import Course, GradingError
from course.autograder.gradebook.record import write_whole
from course.autograder.gradebook.scores import graded_students
from course.autograder.gradebook.secret import course_secret
from course.autograder.grading.class_mistakes.again import class_seed, digest_of, on_class_cases
from course.autograder.grading.class_mistakes.file import as_data, from_data
from course.autograder.grading.class_mistakes.fingerprints import has_no_name, like
from course.autograder.grading.class_mistakes.mistake import ClassMistake, Relation
from course.autograder.grading.class_mistakes.stated import Stated
from course.autograder.grading.driver import class_mistakes, handed_in, task_of
from course.autograder.grading.marking import intake_of
from course.autograder.grading.task import Task, digest
from course.autograder.insight.calls import calls_in, follows_from
from course.autograder.insight.groups import Group, Trace, grouped, trace
from course.autograder.insight.versions import functions_in
from course.autograder.insight.writing import FOLDER

VERSION = 1  # of what is kept


@dataclass(frozen=True)
class Seen:
    """One hand-in on the class's cases.

    Attributes:
        digest: of all that it depends on; while it stays, the hand-in is not run again.
        traces: of each check with something wrong that has no name.
        sources: by check, the student's functions as they are written.
        follows: by check, the others in which this student is wrong and whose functions are called.
    """

    digest: str
    traces: tuple[Trace, ...]
    sources: dict[str, str]
    follows: dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Wrong:
    """Checks of a student's: all in which something is wrong, and those of them in which it has no name."""

    all: tuple[str, ...]
    unnamed: tuple[str, ...]


@dataclass(frozen=True)
class Finding:
    """What was found in a class.

    Attributes:
        assignment: its name.
        groups: the largest first.
        seen: by student.
        seed: of the class's cases.
        named: how many groups have a name in mistakes.toml that the next regrade gives them.
        stale: names of mistakes whose fingerprint was taken on cases that are no longer drawn.
    """

    assignment: str
    groups: tuple[Group, ...]
    seen: dict[str, Seen]
    seed: str
    named: int = 0
    stale: tuple[str, ...] = ()


def kept_in(course: Course, assignment: str) -> Path:
    """Where the fingerprints of a class are kept; .gitignore covers it."""
    return course.root / FOLDER / f"{assignment}-mistakes.json"


def find(
    course: Course,
    assignment: str,
    isolated: bool = True,
    on_start: Callable[[int], None] = lambda to_do: None,
    on_one: Callable[[], None] = lambda: None,
) -> Finding:
    """Run each hand-in with something wrong that has no name on the class's cases, and group what comes.

    What is known of a hand-in that is as it was is not asked again.

    Raises:
        GradingError: nobody is graded, or a file of ours is wrong.
        NoIsolation: when the sandbox is not to be had.
    """
    known = class_mistakes(course.root, assignment)
    secret = course_secret(course.root)
    seed = class_seed(secret, assignment)
    wanted = without_a_name(course, assignment)
    hand_ins = handed_in(course, assignment).by_student
    released = course.folder("release") / assignment / f"{assignment}.ipynb"
    before = _read(kept_in(course, assignment), seed)
    to_do, seen = [], dict[str, Seen]()
    for student, wrong in wanted.items():
        if student not in hand_ins:
            continue
        task = replace(
            task_of(course, assignment, student, hand_ins[student], released, secret), class_mistakes=()
        )
        mark = f"{digest(task)} {' '.join(wrong.unnamed)}"
        if student in before and before[student].digest == mark:
            seen[student] = before[student]
        else:
            to_do.append((task, wrong, mark))
    on_start(len(to_do))
    if to_do:
        with Engine(course.limits(), isolated=isolated) as engine:
            for task, wrong, mark in to_do:
                seen[task.student] = replace(looked_at(task, wrong, seed, engine), digest=mark)
                on_one()
    _write(course, assignment, seed, seen)
    groups = grouped([(student, one) for student in sorted(seen) for one in seen[student].traces])
    groups = [_following(group, seen) for group in groups]
    groups.sort(key=lambda group: bool(group.follows or group.trace.partly))
    open_still = tuple(group for group in groups if not any(_is(one, group, seed) for one in known))
    stale = tuple(one.name for one in known if one.seed and one.asked != digest_of(one.check, one.seed))
    return Finding(assignment, open_still, seen, seed, len(groups) - len(open_still), stale)


def without_a_name(course: Course, assignment: str) -> dict[str, Wrong]:
    """By student what is wrong, of those with something that has no name, as the graded notebooks say it."""
    with course.gradebook() as gradebook:
        graded = graded_students(gradebook, assignment)
    if not graded:
        raise GradingError(f"nothing is graded for {assignment} yet; grade it first")
    names = {find_check(name).grade_id: name for name in list_checks(assignment)}
    found: dict[str, Wrong] = {}
    for student in graded:
        try:
            cells = read_cells(course.graded_notebook(assignment, student)).cells
        except (OSError, ValueError):
            continue
        findings = {names[c.name]: c.verdict.get("findings", ()) for c in cells if c.name in names}
        unnamed = tuple(name for name, told in findings.items() if any(map(has_no_name, told)))
        if unnamed:
            found[student] = Wrong(tuple(name for name, told in findings.items() if told), unnamed)
    return found


def looked_at(task: Task, wrong: Wrong, seed: str, engine: Engine) -> Seen:
    """Run one hand-in on the class's cases."""
    notebook = intake_of(task).notebook
    verdicts, answers = on_class_cases(engine, notebook, task.assignment, seed, wrong.unnamed)
    traces = []
    for name in wrong.unnamed:
        if name in verdicts and name in answers:
            one = trace(find_check(name), verdicts[name], answers[name])
            traces += [one] if one is not None else []
    cells = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    calls = calls_in(cells)
    sources = {one.check: functions_in(cells, find_check(one.check).functions) for one in traces}
    follows = {one.check: follows_from(one.check, wrong.all, calls) for one in traces}
    return Seen("", tuple(traces), sources, follows)


def _following(group: Group, seen: dict[str, Seen]) -> Group:
    """The group, with what all of it follows from."""
    check = group.trace.check
    first, *others = [seen[student].follows.get(check, ()) for student in group.students]
    return replace(group, follows=next((c for c in first if all(c in other for other in others)), ""))


def mistake_of(finding: Finding, group: Group, name: str, advice: str) -> ClassMistake:
    """A group with a name: by its relation where that can be stated, else by its fingerprint."""
    one = group.trace
    if one.relations:
        return ClassMistake(finding.assignment, one.check, name, advice, one.relations)
    asked = digest_of(one.check, finding.seed)
    return ClassMistake(
        finding.assignment,
        one.check,
        name,
        advice,
        seed=finding.seed,
        fingerprint=one.fingerprint,
        asked=asked,
    )


def _is(known: ClassMistake, group: Group, seed: str) -> bool:
    """Whether a group is a mistake that has its name in the file."""
    if known.check != group.trace.check:
        return False
    if known.relations:
        return dict(known.relations) == dict(group.trace.relations)
    return known.seed == seed and like(known.fingerprint, group.trace.fingerprint)


# --- what is kept --------------------------------------------------------------------------------------------


def _write(course: Course, assignment: str, seed: str, seen: dict[str, Seen]) -> None:
    students = {
        student: {
            "digest": one.digest,
            "sources": one.sources,
            "follows": one.follows,
            "traces": [_data(t) for t in one.traces],
        }
        for student, one in sorted(seen.items())
    }
    path = kept_in(course, assignment)
    path.parent.mkdir(exist_ok=True)
    write_whole(path, json.dumps({"version": VERSION, "seed": seed, "students": students}) + "\n")


def _data(one: Trace) -> dict[str, Any]:
    relations = {path: {**r.stated.as_dict(), "cases": list(r.cases)} for path, r in one.relations.items()}
    return {
        "check": one.check, "fingerprint": as_data(one.fingerprint), "relations": relations, "said": dict(one.said),
        "partly": one.partly,
    }  # fmt: skip


def _read(path: Path, seed: str) -> dict[str, Seen]:
    """What was kept of cases of this seed; nothing where it cannot be read, for it can be made again."""
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        if (kept["version"], kept["seed"]) != (VERSION, seed):
            return {}
        return {
            student: Seen(
                one["digest"],
                tuple(map(_trace, one["traces"])),
                one["sources"],
                {k: tuple(v) for k, v in one["follows"].items()},
            )
            for student, one in kept["students"].items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _trace(data: dict[str, Any]) -> Trace:
    relations = {
        path: Relation(Stated(r["kind"], r["by"]), tuple(r["cases"])) for path, r in data["relations"].items()
    }
    return Trace(data["check"], from_data(data["fingerprint"]), relations, data["said"], data["partly"])
