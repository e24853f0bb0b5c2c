"""The words that only instructors read: pages on a class, and what their commands say."""

from collections.abc import Mapping


def for_instructors(language: str) -> Mapping[str, str]:
    """Their English texts with the translations, for `saying.provide`."""
    from course.languages.spoken import FOR_INSTRUCTORS
    from course.languages.words import words_in  # here, because it loads Babel, which English does without

    return words_in(language, FOR_INSTRUCTORS)
