"""The words that only instructors read: pages on a class, and what their commands say."""

from collections.abc import Mapping

# Catalogues and what they are made from, below `course/autograder`: looked up once a command or a page of theirs speaks.
FOR_INSTRUCTORS = {
    "program/insight": ("insight/*.py", "insight/similarity/*.py", "insight/templates/*.jinja"),
    "program/commands": ("cli/*.py",),
    "program/course": (
        "settings/*.py",
        "term/*.py",
        "gradebook/*.py",
        "grading/*.py",
        "grading/cluster/*.py",
        "grading/class_mistakes/*.py",
        "engine/supervisor.py",
        "sandbox/confinement.py",
        "../common/tables.py",
    ),
}
COMMANDS = "program/commands"
# What commands say with; of these the strings are messages, of one word too.
SAYING = {"Sentence", "Table", "add_column", "add_task", "in_words", "say", "status", "warn"}
# Names of columns and cases, a database's own language, and what students are told, which is in their catalogues.
NO_WORDS = {
    "again.py", "container.py", "device_cases.py", "entries.py", "gradescope.py", "history.py", "late.py", "lessons.py",
    "marking.py", "states.py", "worksheet.py",
}  # fmt: skip
FOR_THE_HOUSE = {"demo.py", "sample_class.py"}  # what keeps the house speaks English
UNSAID = NO_WORDS | FOR_THE_HOUSE
# Words that stand in for a value of a message.
THEIR_FURTHER = {
    "program/insight": (
        "theirs", "theirs: {place}", "the mistake: {place}", "“{case}” and “{other}”", "No simple relation.",
        "wrong on {k} of {n} cases, {clause}",
    ),
    "program/commands": (
        "error:", "warning:", "{n} a second", "{n} s each", "graded", "page", "new", "gone", "changed", "open", "opens",
        "due", "waits", "failed", "missing", "removed",
    ),
    "program/course": (
        "{file} is not TOML: {error}, which is {line}",
        "{file} is not TOML: {error}, which is {line}; a time is written with its seconds, as 2026-10-15T23:59:00",
        "{file} is not TOML: {error}, which is {line}; text stands in quotes", "{what}; and {n} more", "a table",
        "Permission denied", "No such file or directory", "No space left on device", "Is a directory",
        "Not a directory", "File exists", "Read-only file system",
    ),
}  # fmt: skip


def for_instructors(language: str) -> Mapping[str, str]:
    """Their English texts with the translations, for `saying.provide`."""
    from course.languages.words import words_in  # here, because it loads Babel, which English does without

    return words_in(language, FOR_INSTRUCTORS)
