"""Which language a course speaks: `language` in its course.toml."""

import tomllib
from pathlib import Path

from course.autograder.settings import FILE
from course.languages.saying import ENGLISH, choose


def speak_as(root: Path) -> None:
    """Speak the language that course.toml names, English where it names none or cannot be read: others say that."""
    try:
        about = tomllib.loads((root / FILE).read_text(encoding="utf-8-sig")).get("course", {})
        choose(str(about.get("language", ENGLISH)))
    except (OSError, ValueError, AttributeError):
        choose(ENGLISH)
