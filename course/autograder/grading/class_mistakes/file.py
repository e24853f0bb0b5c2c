"""`mistakes.toml` in the course folder: the names that an instructor gave, as data. Every mistake in it is one sentence."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from course.autograder.checks import find_check, list_checks
from course.autograder.checks.language.spec import Check
from course.autograder.grading.class_mistakes import FILE as FILE
from course.autograder.grading.class_mistakes.fingerprints import Fingerprint, Key, Outcome
from course.autograder.grading.class_mistakes.mistake import ClassMistake, Relation
from course.autograder.grading.class_mistakes.stated import KINDS, POWERS, ROUNDED, Stated
from course.autograder.settings import SettingsError
from course.autograder.settings.table import Table, shown, toml_in
from course.common.text import printable

FIRST = """\
# Mistakes of this course's students that no check has a name for, with the names and the advice that were given to them.
# `python -m course mistakes ASSIGNMENT name GROUP "words" --advice "sentence"` adds one. Name and advice may be rewritten
# here, and a mistake is forgotten when its table is taken out.
"""
LONGEST = 120  # characters of a name
LONGEST_ADVICE = 400


def read_mistakes(root: Path, assignment: str | None = None) -> tuple[ClassMistake, ...]:
    """All that are in a course folder's file, or those of one assignment; none where there is no file.

    Raises:
        SettingsError: the first thing that is wrong in the file, in one sentence.
    """
    try:
        text = (root / FILE).read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{FILE} cannot be read: {error}; it is to be text in UTF-8") from None
    return tuple(one for one in mistakes_in(text) if assignment in (None, one.assignment))


def mistakes_in(text: str) -> tuple[ClassMistake, ...]:
    """All that are in the file's text. Raises SettingsError, as `read_mistakes` does."""
    top = Table("", toml_in(text, FILE), FILE)
    entries = top.take("mistake", "tables, as [[mistake]]", _is_tables, [])
    top.done()
    found = tuple(_mistake(f"mistake {k}", entry) for k, entry in enumerate(entries, start=1))
    taken: set[tuple[str, str]] = set()
    for one in found:
        if (one.check, one.name) in taken:
            raise SettingsError(f"{FILE}: two mistakes of {one.check} are called '{one.name}'; rename one")
        taken.add((one.check, one.name))
    return found


def _is_tables(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, dict) for one in value)


def _mistake(where: str, value: object) -> ClassMistake:
    table = Table(where, value, FILE)
    assignment, name, advice = table.text("assignment"), table.text("name"), table.text("advice")
    called = table.text("check")
    relations = table.take("relations", "tables by output", lambda v: isinstance(v, dict), {})
    seed, asked = table.text("seed"), table.text("asked")
    outcomes = table.take("outcome", "tables, as [[mistake.outcome]]", _is_tables, [])
    table.done()
    check = _check(where, assignment, called)
    require_words(f"{FILE}: [{where}]", check, name, advice)
    if bool(relations) == bool(seed and asked and outcomes):
        raise SettingsError(
            f"{FILE}: [{where}] is to have either relations, or seed, asked and outcome; take it out and name the "
            "group again"
        )
    stated = {path: _relation(f"{where}.relations.{path}", check, one) for path, one in relations.items()}
    prints: Fingerprint = dict(_outcome(f"{where}.outcome", one) for one in outcomes)
    paths = {output.path for output in check.outputs}
    if unknown := ({*stated} | {path for _, path in prints}) - paths:
        raise SettingsError(f"{FILE}: [{where}] {check.name} has no output '{min(unknown)}'")
    return ClassMistake(assignment, check.name, name, advice, stated, seed, prints, asked)


def _check(where: str, assignment: str, name: str) -> Check:
    known = list_checks(assignment) if assignment else []
    if not known:
        raise SettingsError(
            f"{FILE}: [{where}] assignment is '{assignment}', which has no checks; give its name"
        )
    if name not in known:
        raise SettingsError(
            f"{FILE}: [{where}] check is '{name}'; wanted: one of {assignment}'s: {', '.join(known)}"
        )
    return find_check(name)


def require_words(where: str, check: Check, name: str, advice: str) -> None:
    """Raise SettingsError unless a name and an advice can stand in a verdict of this check."""
    for what, text, most in (("name", name, LONGEST), ("advice", advice, LONGEST_ADVICE)):
        if not text.strip() or text != text.strip():
            raise SettingsError(f"{where} {what} is {shown(text)}; wanted: words, without blanks around them")
        if printable(text) != text:
            raise SettingsError(f"{where} {what} is {shown(text)}; wanted: one line of plain text")
        if len(text) > most:
            raise SettingsError(f"{where} {what} has {len(text)} characters; wanted: at most {most}")
    if not advice.endswith((".", "!", "?")):
        raise SettingsError(
            f"{where} advice is {shown(advice)}; wanted: a whole sentence, with a full stop behind it"
        )
    if name in {m.name for m in check.misconceptions}:
        raise SettingsError(
            f"{where} name is '{name}', which {check.name} itself calls a mistake; choose other words"
        )


def _relation(where: str, check: Check, value: object) -> Relation:
    table = Table(where, value, FILE)
    kind = table.choice("kind", tuple(KINDS), "")
    by = table.take("by", f"what “{kind}” needs", _fitting(kind), "")
    cases = table.take("cases", "names of cases", _is_texts, [])
    table.done()
    known = {case.name for case in check.cases + check.hidden}
    if not kind or not cases or not _fitting(kind)(by):
        raise SettingsError(f"{FILE}: [{where}] lacks kind, by or cases; name the group again")
    if unknown := set(cases) - known:
        raise SettingsError(
            f"{FILE}: [{where}] cases has '{min(unknown)}', which {check.name} does not have; take it out"
        )
    return Relation(Stated(kind, by), tuple(sorted(cases)))


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _is_wholes(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, int) for one in value)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value - value == 0


def _fitting(kind: str) -> Callable[[object], bool]:
    """What `by` may be."""
    if kind in ("times", "plus"):
        return _is_number
    if kind in ("power", "rounded"):
        return lambda v: v in (POWERS if kind == "power" else ROUNDED)
    if kind.startswith(("summed", "averaged", "axes", "reversed", "rolled")):
        return _is_wholes
    return lambda v: isinstance(v, str)


def _outcome(where: str, value: object) -> tuple[Key, Outcome]:
    table = Table(where, value, FILE)
    case, path, kind, told = (table.text(key) for key in ("case", "output", "kind", "told"))
    shape = table.take("shape", "whole numbers", _is_wholes, [])
    sums, room = (table.take(key, "numbers", _is_numbers, []) for key in ("sums", "room"))
    table.done()
    if len(sums) != len(room):
        raise SettingsError(
            f"{FILE}: [{where}] of '{case}' has {len(sums)} sums and {len(room)} of room; wanted: as many"
        )
    return (case, path), Outcome(
        kind, told, tuple(shape), tuple(float(v) for v in sums), tuple(float(v) for v in room)
    )


def _is_numbers(value: object) -> bool:
    return isinstance(value, list) and all(map(_is_number, value))


# --- writing -------------------------------------------------------------------------------------------------


def add_mistake(root: Path, mistake: ClassMistake) -> None:
    """Write one more into the file. Raises SettingsError where the file, or this beside what is in it, is not right."""
    read_mistakes(root)
    path = root / FILE
    before = path.read_bytes().decode("utf-8-sig") if path.exists() else ""
    after = with_mistake(before, mistake)
    mistakes_in(after)
    partial = path.with_name(f"{FILE}.partial")
    partial.write_text(after, encoding="utf-8")
    partial.replace(path)


def with_mistake(text: str, mistake: ClassMistake) -> str:
    """The file's text with one more."""
    lines = [
        "",
        "[[mistake]]",
        *(f"{key} = {_text(getattr(mistake, key))}" for key in ("assignment", "check", "name", "advice")),
    ]
    if mistake.relations:
        for path, one in mistake.relations.items():
            by = json.dumps(one.stated.by, ensure_ascii=False)
            lines += [
                "",
                f"[mistake.relations.{_text(path)}]",
                f"kind = {_text(one.stated.kind)}",
                f"by = {by}",
            ]
            lines.append(f"cases = {_texts(one.cases)}")
    else:
        lines += [f"seed = {_text(mistake.seed)}", f"asked = {_text(mistake.asked)}"]
        for (case, path), seen in mistake.fingerprint.items():
            lines += ["", "[[mistake.outcome]]", f"case = {_text(case)}", f"output = {_text(path)}"]
            lines.append(f"kind = {_text(seen.kind)}")
            lines += [f"told = {_text(seen.told)}"] if seen.told else []
            given = {"shape": seen.shape, "sums": seen.sums, "room": seen.room}
            lines += [f"{key} = {list(values)}" for key, values in given.items() if values]
    return (text.rstrip("\n") or FIRST.rstrip("\n")) + "\n" + "\n".join(lines) + "\n"


def _text(text: str) -> str:
    """A TOML string: JSON's are, but for the character 127."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _texts(texts: Sequence[str]) -> str:
    return f"[{', '.join(map(_text, texts))}]"


def as_data(found: Fingerprint) -> list[list[Any]]:
    """A fingerprint for JSON."""
    return [
        [case, path, o.kind, o.told, list(o.shape), list(o.sums), list(o.room)]
        for (case, path), o in found.items()
    ]


def from_data(rows: Sequence[Sequence[Any]]) -> Fingerprint:
    """A fingerprint from JSON."""
    return {
        (case, path): Outcome(kind, told, tuple(shape), tuple(sums), tuple(room))
        for case, path, kind, told, shape, sums, room in rows
    }
