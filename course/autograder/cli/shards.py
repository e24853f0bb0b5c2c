"""`grade --shard`, which grades a part of a class into a file."""

import sys
from pathlib import Path

from rich.text import Text

from course.autograder.cli.told import command
from course.common.console import Sentence, plain, progress, say, warn
from course.common.text import printable

INTERRUPTED = 130


def part(
    root: Path, assignment: str, shard: str, folder: Path, jobs: int, force: bool, no_sandbox: bool
) -> None:
    """Grade a part of a class into a file, with a bar, and say how to enter it; ends with 1 where one failed."""
    from course.autograder.engine.engine import UNGUARDED
    from course.autograder.gradebook.course import GradingError
    from course.autograder.gradebook.marks import Marked
    from course.autograder.grading.driver import Plan
    from course.autograder.grading.shards import Shard, grade_shard

    if no_sandbox:
        warn(UNGUARDED)
    came: list[Marked] = []
    bar = progress()
    try:
        which, plan = Shard.named(shard), Plan(jobs=jobs, force=force, isolated=not no_sandbox)
        with bar:
            step = bar.add_task(f"grading {printable(assignment)}, part {which}", total=None)

            def begun(to_do: int, done: int) -> None:
                bar.update(step, total=to_do)
                if done:
                    say(f"{done} are graded and unchanged; --force grades them again", to=bar.console)

            def told(marked: Marked) -> None:
                came.append(marked)
                bar.advance(step)
                if marked.failure:
                    name = f"  {printable(marked.student):<12} "
                    say(name, Text("failed: ", style="red"), marked.failure, to=bar.console)

            path = grade_shard(root, assignment, which, folder, plan, on_start=begun, on_marked=told)
    except GradingError as error:
        raise Sentence(str(error)) from None
    except OSError as error:
        raise Sentence(f"{folder}: {error.strerror}; {len(came)} are graded and kept") from None
    except KeyboardInterrupt:
        say(
            plain("interrupted: ", style="yellow"),
            f"{len(came)} are graded and kept; the same command goes on",
        )
        sys.exit(INTERRUPTED)
    failed = sum(bool(one.failure) for one in came)
    say(f"{len(came) - failed} graded, {failed} failed, into {path}; nothing is entered yet:")
    say(f"  {command(root, 'record', str(folder))}")
    sys.exit(1 if failed else 0)
