"""What the program says to students, found in its sources: one catalogue for each part of it.

A message is a string of two words and more; the values of an f-string, or of one that `format` fills, stand in braces.
Of what is said in one word, only names of mistakes, cases and corners are messages, and `FURTHER`.
"""

import ast
import re
import tomllib
from collections.abc import Collection, Iterator
from pathlib import Path

from course.languages.catalogue import Entry
from course.languages.code import PLACE, given_to_show, nodes_of, phrases, text_of
from course.languages.instructors import COMMANDS, FOR_INSTRUCTORS, HELPED, THEIR_FURTHER, UNSAID
from course.languages.instructors import SAYING as TOLD
from course.languages.passages import FIELD, JINJA, has_words, of_markdown

GRADER = Path("course/autograder")
TEXTS = {
    "program/release": GRADER / "gradebook/templates/release/README.md",
    "lessons/glossary": Path("course/lessons/glossary.md"),
    "program/site": Path("course/building/pages/index.md.jinja"),
}
CONVENTIONS = Path("course/lessons/conventions.toml")
LINES = Path("course/building/pages/catalogue.toml")  # what the first page says of each lesson
TOPICS = ("warmup", "batch_norm", "dropout", "conv", "normalizers")
PARTS = {
    **{f"mistakes/{topic}": (f"checks/{topic}/*.py",) for topic in TOPICS},
    "program/judge": ("judging/*.py", "checks/language/*.py", "checks/chance/*.py", "checks/formula.py",
                      "judging/templates/*"),
    "program/at_home": ("at_home/*.py", "student.py", "gradebook/templates/release/check_env.py"),
    "program/feedback": ("feedback/*.py", "feedback/templates/*.jinja", "engine/reasons.py", "engine/outputs.py",
                         "engine/ends.py", "engine/timer.py", "engine/progress.py", "engine/session.py",
                         "engine/further.py", "engine/memory.py", "engine/engine.py"),
    "program/intake": ("intake/*.py", "engine/for_a_person.py", "engine/importing.py", "engine/scratch.py", "engine/shell.py",
                       "gradebook/late.py", "grading/marking.py", "grading/gradescope.py", "grading/container.py"),
}  # fmt: skip
TEACHING = "program/teaching"  # what lessons draw and say with
STUDIES = ("figures.py", "reading.py")  # the part of it that shows kept results
# What a release may show: no names of mistakes and no advice.
OPEN = ("program/judge", "program/at_home")
# Words that stand in for a value of a message.
FURTHER = {
    "program/judge": (
        "{axes} is {n} too {long}.", "{axes} are {n} too {long}.", "{axes} is too {long}.", "{axes} are too {long}.",
        "{error} (in {function}, line {line})", "{error} (line {line})",
        "It shows on {k} of {of} cases, first on “{case}”, all but “{other}”.",
        "It shows on {k} of {of} cases, first on “{case}”: {where}.",
        "first", "second", "third", "fourth", "fifth", "last", "later", "earlier", "row", "column", "sample",
        "channel", "kernel", "value", "input channel", "summed", "averaged", "swapped", "rounded", "cut off",
        "long", "short", "infinite", "NaN", "a number", "an integer", "samples", "channels", "rows", "columns",
        "features", "feature", "images", "image", "heights", "widths", "points",
    ),
    "program/release": ("replace this line by your code", "Your answer here.", "The lessons are at <{url}>."),
    # Values of tables, figures and `word`: names of nets, settings and measures by which lessons look something up.
    "program/teaching": (
        "{low} to {high}", "{mean} ({ends})", "*{what}: {done} of {all}, {seconds} s*", "{steps} ({k} of {n} seeds)",
        "biased", "unbiased", "Conv2D 3x3, {inner} to {outer}, padding 1",
        "references on {device} in {dtype}, running variance {kind} there: {reason}", "this Paddle sees no GPU",
        "never", "refused", "A alone", "drop (`p`)", "keep (`p`)", "above", "below", "overlap", "yes", "no",
        "plain", "batch norm", "noisy batch norm", "naive CBN", "Fully connected", "Convolutional", "Gaussian",
        "the article", "log₁₀ |gradient|", "share (%)",
        "parameters", "multiplications", "additions", "MACs", "slowest", "additions inside MACs", "bias additions",
        "all of its arithmetic", "the rest of its arithmetic", "comparisons", "bias additions of convolutions",
        "batch norm, 2 for each value", "average pooling, 1 for each output",
        "all of it", "no batch norm", "neither", "pixels shuffled", "trained", "served",
        "ends the branch", "healthy", "as before", "no gradient", "eval mode",
    ),
    "program/site": ("Figure on: {heading}", "A figure of this lesson", "Answers to exercises", "Show the code",
                     "Hide the code"),
    "program/at_home": ("yours", "yours: {place}", "right: {place}", "axis {k}", "ran", "has been running",
                        "lesson {n}, “{heading}”", "lesson {n}, “{heading}” ({url})", "cell {n} ({name}): {message}",
                        "No such file or directory", "Permission denied"),
    "program/feedback": (
        "right", "wrong", "partly right", "left out", "waits for a person", "Stopped", "cell", "notebook",
    ),
    "program/intake": ("was found in the folder {where}", "{name} ({n} answered)", "{name} (the same)", "damaged",
                       "{name} (nothing is answered in it)", "{names} and {n} more", "{names} and {name}", "{n} day",
                       "{n} days", "{n} hour", "{n} hours", "{n} minute", "{n} minutes", "{n} late day",
                       "{n} late days"),
    **THEIR_FURTHER,
}  # fmt: skip
NAMED = {"Case", "Corner", "Misconception"}  # whose first argument is a name that a student reads
INSTRUCTORS = {
    "answers.py",
    "computing.py",
    "sealing.py",
    "shortening.py",
    "reading.py",
}  # nobody reads what these say
FOR_PROGRAMMERS = {
    "AttributeError",
    "ValueError",
    "TypeError",
    "RuntimeError",
    "KeyError",
    "AssertionError",
    "FrameError",
}
NO_MESSAGE = re.compile(  # markup, styles, patterns, lists of tags, types
    r"<(?!details|code|b>)|\s*[.#]\w+\{|.*(?:\(\?|\\w|\\d|\\s|\[\^)|application/|default-src"
    r"|\w+ \| None|[\w, ]+ = \w+\([^)]*\)$|weakref|<details>\n|upper left|[a-z!][\w-]*(?:\s+[\w-]+){12,}$|alt title width|colspan rowspan"
    r"|import |%%writefile|sqlite:///|postgresql\+|\{(?:ALL|key|row|found|commit)\b"
    r"|(?:SELECT|INSERT|UPDATE|DELETE|CREATE|PRAGMA|REPEATABLE) "
    r"|[\w.]+\[[\w, |.\[\]]+\]$"
    r"|\*\*Notes|\*\(Displayed|@font-face|url\(|attachment:|\{\{\{|###|\{%",
    re.DOTALL,
)
SAYING = {"said", "filled", "tagged"}  # functions whose strings are messages, of one word too
IN_TEMPLATE = re.compile(r"""(?:said|filled|tagged)\(\s*"((?:[^"\\]|\\.)*)\"""")


def entries(root: Path) -> dict[str, list[Entry]]:
    """Every message of the program, by the name of its catalogue."""
    found = {
        name: [*_of_text(root / path), *map(_further, FURTHER.get(name, ()))] for name, path in TEXTS.items()
    }
    lines = tomllib.loads((root / LINES).read_text(encoding="utf-8"))
    for part in ("lesson", "assignment"):
        found["program/site"] += [Entry("", one["line"], "paragraph") for one in lines[part].values()]
    drawn = [e for p in sorted((root / "course/teaching").glob("*.py")) for e in _drawn(p)]
    drawn += [e for name in STUDIES for e in _drawn(root / "course/studies" / name)]
    drawn += map(_further, FURTHER[TEACHING])
    drawn += _of_conventions(root / CONVENTIONS)
    found[TEACHING] = list({entry.text: entry for entry in drawn}.values())
    for name, patterns in (PARTS | FOR_INSTRUCTORS).items():
        paths = [
            path
            for pattern in patterns
            for path in sorted((root / GRADER).glob(pattern))
            if path.name not in (INSTRUCTORS if name in PARTS else UNSAID)
        ]
        saying = SAYING | TOLD if name == COMMANDS else SAYING
        told = [entry for path in paths for entry in _of_file(path, root / GRADER, saying)]
        helps = [*paths, *(root / GRADER / path for path in HELPED)] if name == COMMANDS else []
        told += [entry for path in helps for entry in _helps(path, root / GRADER)]
        told += [_further(text) for text in FURTHER.get(name, ())]
        found[name] = list({entry.text: entry for entry in reversed(told)}.values())[::-1]
    return found


def _of_conventions(path: Path) -> Iterator[Entry]:
    """What other libraries mean by the same words, as lesson 2's table has it."""
    for row in tomllib.loads(path.read_text(encoding="utf-8"))["row"]:
        texts = (text for name, text in row.items() if name not in ("measured", "source"))
        yield from (Entry("", text, "said") for text in texts if has_words(text))


def _further(text: str) -> Entry:
    return Entry("", text, "said with values" if FIELD.search(text) else "said: a word in place of a value")


def _of_text(path: Path) -> list[Entry]:
    found = of_markdown(path.read_text(encoding="utf-8"))
    return [Entry("", one.text, one.kind) for one in found if has_words(JINJA.sub(" ", one.text))]


def _of_file(path: Path, folder: Path, saying: Collection[str]) -> Iterator[Entry]:
    source, place = path.read_text(encoding="utf-8"), path.relative_to(folder).as_posix()
    if path.suffix == ".py":
        for string in _strings(ast.parse(source), path.parent.name in TOPICS, saying):
            yield from _entry(text_of(string), place)
    elif path.suffix in (".jinja", ".html", ".txt"):
        for found in IN_TEMPLATE.findall(source):
            yield from _entry(found.replace('\\"', '"'), place)


def _helps(path: Path, folder: Path) -> Iterator[Entry]:
    """What a module's commands say under `--help`: their docstrings, paragraph by paragraph, and options' help."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in nodes_of(tree):
        calls = getattr(node, "decorator_list", ())
        if any(getattr(getattr(one, "func", one), "attr", "") in ("command", "group") for one in calls):
            assert isinstance(node, ast.FunctionDef)
            for paragraph in (ast.get_docstring(node) or "").split("\n\n"):
                yield from _entry(" ".join(paragraph.split()), path.relative_to(folder).as_posix())
    for string in given_to_show(tree, (), ("help",)):
        yield from _entry(text_of(string), path.relative_to(folder).as_posix())


def _drawn(path: Path) -> Iterator[Entry]:
    """Labels of figures, and sentences around numbers, in what lessons draw and say with."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped = _raised(tree)
    strings = [*given_to_show(tree), *(s for s in phrases(tree, around_values=True) if s not in skipped)]
    for text in dict.fromkeys(map(text_of, strings)):
        yield from _entry(text, f"{path.parent.name}/{path.name}")


def _entry(text: str, place: str) -> Iterator[Entry]:
    text = text.strip()
    if has_words(FIELD.sub(" ", text)) and not NO_MESSAGE.match(text) and not PLACE.fullmatch(text):
        kind = "said with values" if FIELD.search(text) else "said"
        yield Entry("", text, f"{kind}: {place}")


def _raised(tree: ast.Module) -> set[ast.AST]:
    """Everything in an error that is for programmers."""
    return {
        part
        for node in nodes_of(tree)
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call)
        and getattr(node.exc.func, "id", "") in FOR_PROGRAMMERS
        for part in ast.walk(node.exc)
    }  # fmt: skip


def _strings(
    tree: ast.Module, of_checks: bool, saying: Collection[str]
) -> Iterator[ast.Constant | ast.JoinedStr]:
    skipped = _raised(tree)
    for node in nodes_of(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in NAMED and node.args:
            yield from _name(node.args[0])
        elif isinstance(node, ast.Dict) and of_checks:
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(value, (ast.Tuple, ast.Call)) and key is not None:
                    yield from (k for k in _name(key) if " " in text_of(k) or _a_mistake(value))
    yield from given_to_show(tree, saying, ())
    yield from (string for string in phrases(tree, around_values=True) if string not in skipped)


def _name(node: ast.expr) -> Iterator[ast.Constant | ast.JoinedStr]:
    if isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str)):
        yield node


def _a_mistake(value: ast.expr) -> bool:
    """Whether a value of a table is a mistake's: a call or a tuple that holds its advice."""
    first = value.args if isinstance(value, ast.Call) else value.elts if isinstance(value, ast.Tuple) else []
    return any(isinstance(one, ast.Constant) and " " in str(one.value) for one in first)
