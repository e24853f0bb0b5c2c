"""`python -m course mistakes`: wrong answers that no check has a name for, in groups, and a name for a group."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.box import SIMPLE_HEAD

from course.autograder.cli import options
from course.autograder.cli.told import command, some
from course.common.console import Sentence, Table, console, in_words, plain, progress, say, warn
from course.common.text import printable
from course.languages.saying import listed

if TYPE_CHECKING:
    from course.autograder.insight.finder import Finding
    from course.autograder.insight.groups import Group

MOST_SHOWN = 20
MOST_OUTPUTS = 3
WITH_CODE = 5  # groups whose functions are printed unless one is asked for


@click.group(invoke_without_command=True)
@click.argument("assignment")
@options.no_sandbox
@click.pass_context
def mistakes(context: click.Context, assignment: str, no_sandbox: bool) -> None:
    """Group the wrong answers of ASSIGNMENT that have no name by what came on cases that the whole class shares.

    Hand-ins with such an answer are run once more, locked in; no points change. `show GROUP` prints a group's functions,
    `name GROUP "words" --advice "sentence"` gives it a name.
    """
    context.meta["assignment"] = assignment
    context.meta["isolated"] = not no_sandbox
    if no_sandbox:
        from course.autograder.engine.engine import UNGUARDED

        warn(UNGUARDED)
    if context.invoked_subcommand is None:
        _tell(context.obj, _found(context))


def _found(context: click.Context) -> "Finding":
    from course.autograder.engine.engine import NoIsolation
    from course.autograder.gradebook.course import Course, GradingError
    from course.autograder.insight.finder import find

    assignment = context.meta["assignment"]
    try:
        course = Course(context.obj)
        course.require(assignment)
        with progress() as bar:
            task = bar.add_task(f"{printable(assignment)}, on the class's cases", total=None)
            return find(
                course,
                assignment,
                context.meta["isolated"],
                on_start=lambda n: bar.update(task, total=n),
                on_one=lambda: bar.advance(task),
            )
    except (GradingError, NoIsolation) as error:
        raise Sentence(str(error)) from None
    except OSError as error:
        raise Sentence(f"{error.filename} cannot be written: {error.strerror}") from None


def _tell(root: Path, finding: "Finding") -> None:
    for name in finding.stale:
        warn(f"“{name}” in mistakes.toml was named by cases that are no longer drawn; name its group again")
    if finding.named:
        groups = "1 group has its name" if finding.named == 1 else f"{finding.named} groups have their names"
        say(
            f"{groups} already: {command(root, 'regrade', finding.assignment, '--accept')} gives it to the students"
        )
    if not finding.groups:
        say(f"{finding.assignment}: nothing that is wrong is without a name")
        return
    causes = [group for group in finding.groups if not group.follows]
    shown = [group for group in causes if not group.trace.partly or len(group.students) > 1][:MOST_SHOWN]
    table = Table(
        "group", "students", "check", "what came", "explained by", right=("students",), box=SIMPLE_HEAD
    )
    for column in table.columns:
        column.overflow = "fold"
    for group in shown:
        size, came = str(len(group.students)), "\n".join(_came(group))
        table.add_row(
            group.id, size, plain(group.trace.check), plain(came), plain(_elsewhere(finding, group))
        )
    console.print(table)
    if len(causes) > len(shown):
        say(f"and {len(causes) - len(shown)} smaller groups")
    _tell_what_follows(finding)
    own = [group for group in shown if not group.trace.partly]
    for group in own[:WITH_CODE]:
        _show_functions(finding, group)
    words = ("mistakes", finding.assignment)
    say("")
    if len(own) > WITH_CODE:
        say(f"The functions of another group: {command(root, *words, 'show', own[WITH_CODE].id)}")
    first = (own or finding.groups)[0].id
    say(
        f"To name one: {command(root, *words, 'name', first, in_words('a few words'), '--advice', in_words('One sentence.'))}"
    )


def _came(group: "Group") -> list[str]:
    """What came, a line for each thing that is said, with the outputs that it is said of."""
    outputs: dict[str, list[str]] = {}
    for path, words in group.trace.said.items():
        outputs.setdefault(words, []).append(path)
    lines = []
    for words, paths in outputs.items():
        lines.append(listed((some(paths, MOST_OUTPUTS), in_words(words)), ": "))
    return lines


def _tell_what_follows(finding: "Finding") -> None:
    """Groups whose functions call one that is wrong for all of them: a line for each such function."""
    following: dict[str, list[str]] = {}
    for group in finding.groups:
        if group.follows:
            following.setdefault(group.follows, []).append(group.trace.check)
    for cause, checks in following.items():
        groups = in_words("1 group") if len(checks) == 1 else f"{len(checks)} groups"
        where = ", ".join(dict.fromkeys(checks))
        say(f"Where {cause} is wrong, functions that call it are wrong, too: {groups}, in {where}")


def _elsewhere(finding: "Finding", group: "Group") -> str:
    from course.autograder.insight.elsewhere import explained_by

    if group.trace.partly:
        return in_words(group.trace.partly)
    found = explained_by(group.trace.check, group.trace.fingerprint, finding.seed)
    return in_words(f"“{found[1]}” in the check {found[0]}") if found else ""


def _show_functions(finding: "Finding", group: "Group") -> None:
    from course.autograder.insight.versions import told_apart

    sources = {
        student: finding.seen[student].sources.get(group.trace.check, "") for student in group.students
    }
    versions = told_apart(sources)
    about = "the shortest" if len(versions) == 1 else f"the shortest, and {len(versions) - 1} most unlike it"
    say("")
    if versions:
        say(plain(f"{group.id}  {group.trace.check}: {in_words(about)}", "bold"))
    else:
        say(plain(in_words(f"{group.id}: no function to be read"), "bold"))
    for student, source in versions:
        say(plain(f"# {student}", "dim"))
        say(plain(source))


def _group(finding: "Finding", called: str) -> "Group":
    for group in finding.groups:
        if group.id == called:
            return group
    known = ", ".join(group.id for group in finding.groups[:MOST_SHOWN]) or in_words("there is none")
    raise Sentence(f"{finding.assignment} has no group '{printable(called)}' without a name; groups: {known}")


@mistakes.command()
@click.argument("group")
@click.pass_context
def show(context: click.Context, group: str) -> None:
    """Print three functions of GROUP, and who is in it."""
    finding = _found(context)
    one = _group(finding, group)
    for line in _came(one):
        say(plain(line))
    if found := _elsewhere(finding, one):
        say(f"Explained by {found}.")
    if one.follows:
        say(f"It calls what {one.follows} is about, where all of these students are wrong.")
    say(f"Students: {_listed(one.students)}")
    _tell_of_the_same_function(finding, one)
    _show_functions(finding, one)


def _tell_of_the_same_function(finding: "Finding", group: "Group") -> None:
    """Groups of the very same students in other checks that ask about the same function: a name is for one check."""
    from course.autograder.checks import find_check

    mine = set(find_check(group.trace.check).functions)
    for other in finding.groups:
        same = mine == set(find_check(other.trace.check).functions) and other.students == group.students
        if same and other.id != group.id:
            say(f"The same students are in {other.id}: {other.trace.check} asks about the same function")


def _listed(students: Sequence[str]) -> str:
    return ", ".join(map(printable, students))


@mistakes.command()
@click.argument("group")
@click.argument("words")
@click.option("--advice", required=True, help="One sentence that helps a student with this mistake.")
@click.pass_context
def name(context: click.Context, group: str, words: str, advice: str) -> None:
    """Give GROUP the name WORDS; the next regrade gives it to everyone in the group."""
    from course.autograder.checks import find_check
    from course.autograder.grading.class_mistakes.file import FILE, add_mistake, require_words
    from course.autograder.insight.finder import mistake_of
    from course.autograder.settings import SettingsError

    root: Path = context.obj
    finding = _found(context)
    one = _group(finding, group)
    try:
        require_words("this", find_check(one.trace.check), words, advice)
        mistake = mistake_of(finding, one, words, advice)
        add_mistake(root, mistake)
    except SettingsError as error:
        raise Sentence(str(error)) from None
    except OSError as error:
        raise Sentence(f"{FILE} cannot be written: {error.strerror}") from None
    how = (
        "by its relation, on each student's own cases"
        if mistake.relations
        else "by what it gives on the class's cases"
    )
    say(f"written into {root / FILE}; it is known again {how}")
    _tell_of_the_same_function(finding, one)
    say(f"To give it to the students: {command(root, 'regrade', finding.assignment, '--accept')}")
