"""A hand-in that travels: everything its marks depend on as bytes and plain data. Nothing is pickled.

The course's secret is not in it: what draws this one student's cases is.
"""

import json
import zlib
from dataclasses import asdict
from pathlib import Path

from course.autograder.gradebook.errors import GradingError
from course.autograder.grading.class_mistakes.file import mistakes_in, with_mistake
from course.autograder.grading.task import Opened, Task
from course.autograder.intake.find import File, Handed
from course.autograder.intake.timestamp import HandedInAt
from course.autograder.judging.rules import Counting, ExtraCredit, Rules

FORMAT = 2  # of what travels; a worker that has another one takes no part
MOST_BYTES = 256 * 2**20  # of one hand-in
NOWHERE = Path()


def carried(one: Opened) -> bytes:
    """A hand-in for another machine. Raises GradingError where it is too large, OSError where a file cannot be read."""
    if (size := sum(file.size for file in one.handed.files)) > MOST_BYTES:
        raise GradingError(
            f"{size >> 20} MB were handed in, and {MOST_BYTES >> 20} MB can travel to another machine; "
            "grade it on this one"
        )
    contents = [file.read() for file in one.handed.files]
    task = one.task
    about = {
        "student": task.student,
        "assignment": task.assignment,
        "noted": task.noted,
        "rules": asdict(task.rules),
        "counting": [asdict(each) for each in task.counting],
        "extra": asdict(task.extra),
        "language": task.language,
        "class_mistakes": _mistakes(task),
        "at": asdict(one.at),
        "seed": str(one.seed),
        "digest": one.digest,
        "told": one.handed.told,
        "left": one.handed.left,
        "released": len(one.released),
        "files": [
            [file.name, file.size, file.modified, len(content)]
            for file, content in zip(one.handed.files, contents, strict=True)
        ],
    }
    head = json.dumps(about).encode()
    return zlib.compress(b"".join([len(head).to_bytes(4, "big"), head, one.released, *contents]), 1)


def _mistakes(task: Task) -> str:
    """As in mistakes.toml."""
    text = ""
    for mistake in task.class_mistakes:
        text = with_mistake(text, mistake)
    return text


def brought(content: bytes) -> Opened:
    """What `carried` was given."""
    content = zlib.decompress(content)
    start = 4 + int.from_bytes(content[:4], "big")
    about = json.loads(content[4:start])

    def take(size: int) -> bytes:
        nonlocal start
        start += size
        return content[start - size : start]

    released = take(about["released"])
    files = [
        File(name, size, modified, Path(name), take(length))
        for name, size, modified, length in about["files"]
    ]
    task = Task(
        about["student"],
        about["assignment"],
        NOWHERE,
        NOWHERE,
        "",
        noted=tuple(about["noted"]),
        class_mistakes=mistakes_in(about["class_mistakes"]),
        rules=Rules(**about["rules"]),
        counting=tuple(Counting(**each) for each in about["counting"]),
        extra=ExtraCredit.of_data(about["extra"]),
        language=about["language"],
    )
    handed, at = Handed(files, about["told"], about["left"]), HandedInAt(**about["at"])
    return Opened(task, handed, at, released, int(about["seed"]), about["digest"])
