"""Where a check is asked, and which section of a lesson teaches it, or the mistake that was named: said on its card."""

import functools
import hashlib
import html
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from course.autograder.judging.sealed import FOLDER

FILE = "to_read.json"  # beside the sealed answers


def key(mistake: str) -> str:
    """What stands for a mistake's name in the file, in which the names themselves cannot be read."""
    return hashlib.blake2b(mistake.encode(), digest_size=6).hexdigest()


@dataclass(frozen=True)
class ToRead:
    """What a release says of its questions.

    Attributes:
        headings: by check, the heading of the notebook that it stands under.
        sections: as they are cited ("lesson 1, “Epsilon”"), each with its page and place.
        taught: by check, and by assignment and the `key` of a mistake ("ps1_batchnorm/0123456789ab"): places in `sections`.
        url: where the lessons' pages are; '' where the course does not say.
    """

    headings: Mapping[str, str] = field(default_factory=dict)
    sections: tuple[tuple[str, str], ...] = ()
    taught: Mapping[str, int] = field(default_factory=dict)
    url: str = ""

    def as_json(self) -> str:
        """The file for a release."""
        return json.dumps(vars(self), indent=1, ensure_ascii=False) + "\n"

    def told(self, assignment: str, check: str, mistakes: Iterable[str]) -> tuple[list[str], list[str]]:
        """The lines of a card: as plain text, and as markup.

        Args:
            assignment, check: which.
            mistakes: those that were named.
        """
        lines, markup = [], []
        if heading := self.headings.get(check):
            lines.append(f"The question stands under “{heading}”.")
            place = html.escape(heading.replace(" ", "-"))
            markup.append(f'The question: <a href="#{place}">{html.escape(heading)}</a>')
        wanted = [f"{assignment}/{key(mistake)}" for mistake in mistakes] or [check]
        for number in dict.fromkeys(self.taught.get(one, self.taught.get(check, -1)) for one in wanted):
            if number >= 0:
                cited, place = self.sections[number]
                lines.append(f"To read: {cited}{f' ({self.url}{place})' if self.url else ''}.")
                shown = html.escape(cited)
                markup.append(
                    f'To read: <a href="{html.escape(self.url + place)}" target="_blank" rel="noopener">{shown}</a>'
                    if self.url
                    else f"To read: {shown}"
                )
        return lines, markup


@functools.cache
def read(folder: Path = FOLDER) -> ToRead:
    """What the release says; nothing where there is no such file."""
    try:
        about = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return ToRead(
            about["headings"], tuple(map(tuple, about["sections"])), about["taught"], str(about["url"])
        )
    except (OSError, ValueError, KeyError, TypeError):
        return ToRead()
