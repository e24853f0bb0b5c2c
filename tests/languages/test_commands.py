"""Whatever a command says goes through what looks it up: a sentence that is printed past it stays English for ever."""

import ast

import pytest

from course.common import console
from course.languages.code import text_of
from course.languages.instructors import COMMANDS, FOR_THE_HOUSE, SAYING
from course.languages.passages import FIELD, has_words
from course.languages.saying import Words

FOR_PEOPLE = {
    "GitError", "GradingError", "NoIsolation", "NoJson", "NotebookError", "PagesMissing", "Sentence", "SettingsError",
    "ShardError", "SourceError", "TableError", "Unreadable",
}  # fmt: skip
PAST = {"ClickException", "Text", "UsageError", "echo", "plain", "print"}  # these say a text as it is


def called(node):
    return getattr(node.func, "attr", getattr(node.func, "id", ""))


def texts_in(node, stop=()):
    """Texts with words below a node; not those in a call of one of the functions to stop at."""
    if isinstance(node, ast.Call) and called(node) in stop:
        return
    string = isinstance(node, ast.Constant) and isinstance(node.value, str)
    if (string or isinstance(node, ast.JoinedStr)) and has_words(FIELD.sub(" ", text_of(node))):
        yield node
    for child in ast.iter_child_nodes(node) if not isinstance(node, ast.JoinedStr) else ():
        yield from texts_in(child, stop)


def escaping(source):
    """What a module says past the catalogue, and what it composes so that no entry fits."""
    for call in (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)):
        name = called(call)
        if name in PAST:
            yield from (
                text_of(t) for one in call.args[:1] for t in texts_in(one, {*SAYING, "command", "dumps"})
            )
        elif name in SAYING:
            for one in call.args:
                if isinstance(one, ast.BinOp) and any(texts_in(one)):
                    yield ast.unparse(one)


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('click.echo("It is done.")', True),
        ('console.print(f"{n} are done")', True),
        ('say(Text("failed: "), why)', True),
        ('say(f"{n} are done" + more)', True),
        ('say(plain(in_words("failed: ")), f"{n} are done")', False),
        ('say(plain(f"  {name}: "))', False),
    ],
)
def test_what_escapes_is_found(source, found):
    assert bool(list(escaping(source))) == found


def test_nothing_that_a_command_says_escapes(root):
    folder = root / "course" / "autograder" / "cli"
    files = [path for path in sorted(folder.glob("*.py")) if path.name not in FOR_THE_HOUSE]
    assert {path.name: found for path in files if (found := list(escaping(path.read_text("utf-8"))))} == {}


def test_no_error_for_people_is_without_an_entry(root, texts):
    """A new room whose errors no catalogue is made from would say them in English."""
    known = {entry.text for name, found in texts.items() if name.startswith("program/") for entry in found}
    raised = {
        text_of(text).strip()
        for room in ("autograder", "common")
        for path in sorted((root / "course" / room).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and called(node.exc) in FOR_PEOPLE
        for one in node.exc.args
        for text in texts_in(one)
    }
    assert len(raised) > 150
    assert {text for text in raised if " " in FIELD.sub("", text).strip()} - known == set()


def test_what_a_command_says_is_found_in_its_catalogue(texts, monkeypatch):
    """With values in it: each template is found again from a sentence that it makes."""
    entries = [entry.text for entry in texts[COMMANDS]]
    words = Words.of_pairs({text: f"译{FIELD.sub('', text)}" for text in entries})
    monkeypatch.setattr(console, "_spoken", [words.of])
    missed = [
        text for text in entries if not console.in_words(f"  {FIELD.sub('7', text)}").startswith("  译")
    ]
    assert set(missed) <= {"{n} of {all}", "{got} of {most}"}  # looked up as they stand, by `filled`
