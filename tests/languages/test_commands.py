"""Whatever a command says goes through what looks it up: a sentence that is printed past it stays English for ever."""

import ast
import re

import click
import pytest
from click.testing import CliRunner
from rich.cells import cell_len

from course.__main__ import main
from course.autograder.cli.spoken_help import Context, folded
from course.common import console
from course.languages.code import text_of
from course.languages.instructors import COMMANDS, FOR_THE_HOUSE, SAYING
from course.languages.matching import Words
from course.languages.passages import FIELD, has_words
from tests.english import english_in

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


@pytest.mark.slow
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


@pytest.mark.slow
def test_what_a_command_says_is_found_in_its_catalogue(texts, monkeypatch):
    """With values in it: each template is found again from a sentence that it makes."""
    entries = [entry.text for entry in texts[COMMANDS]]
    words = Words.of_pairs({text: f"译{FIELD.sub('', text)}" for text in entries})
    monkeypatch.setattr(console, "_spoken", [words.of])
    missed = [
        text for text in entries if not console.in_words(f"  {FIELD.sub('7', text)}").startswith("  译")
    ]
    assert set(missed) <= {"{n} of {all}", "{got} of {most}"}  # looked up as they stand, by `filled`


# --- help, and what is wrong with a command line ---------------------------------------------------------------


def helped(group, path=("course",)):
    """Every command's help."""
    context = Context(group, info_name=path[-1])
    yield path, group.get_help(context)
    for name in group.list_commands(context) if isinstance(group, click.Group) else ():
        yield from helped(group.get_command(context, name), (*path, name))


def test_help_is_in_chinese_and_names_stay(monkeypatch):
    monkeypatch.setenv("COURSE_LANG", "zh")
    shown = dict(helped(main))
    assert len(shown) > 30 and all(text.startswith("用法：") for text in shown.values())
    assert "给提交了 ASSIGNMENT 的所有人评分" in shown["course", "grade"]
    assert "--no-sandbox                不隔离地运行提交。" in shown["course", "grade"]
    left = {
        path: found for path, text in shown.items() if (found := english_in(re.sub(r"[A-Z]{2,}|<", "", text)))
    }
    names = {"Classroom", "Ctrl", "Dask", "Formgrader", "SQLite"}
    assert {
        path: found for path, found in left.items() if not all(set(f.split()) & names for f in found)
    } == {}
    assert max(cell_len(line) for text in shown.values() for line in text.splitlines()) <= 80
    monkeypatch.setenv("COURSE_LANG", "en")
    assert "Grade everyone who submitted ASSIGNMENT" in dict(helped(main))["course", "grade"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["xyzzy"], "错误：没有命令“xyzzy”。"),
        (["grade"], "错误：缺少参数“ASSIGNMENT”。"),
        (["grade", "ps1", "--jobs", "x"], "错误：'--jobs' / '-j' 的值无效：“x”不是整数。"),
        (
            ["grade", "ps1", "--resume", "--force"],
            "错误：--resume 跳过已评分的，--force 重新评分；两者只能选一个",
        ),
    ],
)
def test_what_is_wrong_with_a_command_line_is_said_in_chinese(words, said, monkeypatch):
    monkeypatch.setenv("COURSE_LANG", "zh")
    done = CliRunner().invoke(main, words)
    assert said in done.output.replace("\n", "") and done.exit_code in (1, 2)


def test_the_course_says_which_language_and_a_reader_otherwise(tmp_path, monkeypatch):
    monkeypatch.delenv("COURSE_LANG", raising=False)
    monkeypatch.setenv("COURSE_LANG_OF_COURSE", "en")
    (tmp_path / "course.toml").write_text('[course]\nlanguage = "zh"\n', encoding="utf-8")
    call = ["--root", str(tmp_path), "checks", "none"]
    assert CliRunner().invoke(main, call).output.startswith("错误：没有“none”的检查")
    monkeypatch.setenv("COURSE_LANG", "en")
    assert CliRunner().invoke(main, call).output.startswith("error: there are no checks of 'none'")


@pytest.mark.parametrize(
    ("file", "text", "words", "told"),
    [
        ("course.toml", '[late]\npolicy = "often"', ["term"], "错误：course.toml：[late] policy 是 'often'；应为以下之一"),
        ("course.toml", "[late]\npercnt = 3", ["term"], "错误：course.toml：[late] percnt 不是已知的键"),
        ("course.toml", "[assignments.x]\ndue = 3", ["term"], "错误：course.toml：[assignments.x] due 是 3；应为"),
        ("roster.csv", "id\nx\nx\n", ["roster", "show"], "都会成为“x”（x、x）"),
        ("none", "", ["preflight", "none.ipynb"], "none.ipynb 无法读取：没有这个文件或文件夹。"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_file_is_said_in_chinese(file, text, words, told, tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_LANG", "zh")
    monkeypatch.chdir(tmp_path)
    (tmp_path / file).write_text(text, encoding="utf-8")
    done = CliRunner().invoke(main, ["--root", str(tmp_path), *words])
    assert told in done.output.replace("\n", "") and done.exit_code in (1, 2)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("给提交评分。", ["给提交评", "分。"]),
        ("写出成绩，再看", ["写出成", "绩，再看"]),
        ("用 --jobs 说", ["用", "--jobs", "说"]),
    ],
)
def test_lines_of_chinese_are_as_wide_as_the_terminal(text, lines):
    assert folded(text, 8) == lines
