"""The words that only instructors read: pages on a class, and what their commands say."""

from collections.abc import Mapping

# Catalogues and what they are made from, below `course/autograder`: looked up once a command or a page of theirs speaks.
FOR_INSTRUCTORS = {
    "program/insight": ("insight/*.py", "insight/similarity/*.py", "insight/templates/*.jinja"),
    "program/commands": ("cli/*.py",),
}
COMMANDS = "program/commands"
# What commands say with; of these the strings are messages, of one word too.
SAYING = {"Sentence", "Table", "add_column", "add_task", "in_words", "say", "status", "warn"}
FOR_THE_HOUSE = {"demo.py", "sample_class.py"}  # what keeps the house speaks English
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
}  # fmt: skip


def for_instructors(language: str) -> Mapping[str, str]:
    """Their English texts with the translations, for `saying.provide`."""
    from course.languages.words import words_in  # here, because it loads Babel, which English does without

    return words_in(language, FOR_INSTRUCTORS)
