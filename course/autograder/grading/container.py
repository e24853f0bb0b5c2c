"""What Gradescope's container runs for each submission: from `submission/` to `results/results.json`, whatever happens.

Laid out as Gradescope has it: `source/` is what `python -m course gradescope` packed, `submission/` what was handed in,
`submission_metadata.json` says whose it is. Where submissions cannot be locked in, nothing is run: code that runs unlocked
could read the hidden cases that lie in `source/`, and write marks of its own.
"""

import json
import sys
import warnings
from pathlib import Path
from typing import Any

import nbformat

from course.autograder.engine.engine import Engine
from course.autograder.grading.gradescope import results
from course.autograder.intake.take_in import take_in
from course.autograder.judging import seed_for
from course.autograder.judging.rules import Counting, Rules
from course.autograder.sandbox import confinement
from course.languages.saying import filled

ABOUT, SECRET = "autograder.json", "secret.txt"
LOCKED_OUT = (
    "Nothing was run: this container does not let a submission be locked in ({lacks}), and the cases that grading asks "
    "about lie in it. Your hand-in is kept, and your instructor grades it elsewhere."
)
FAULT = (
    "The grader itself failed ({fault}); your hand-in is kept. Tell your instructor, who can run it again."
)


def nothing(told: str) -> dict[str, Any]:
    """Results of a submission that was not graded."""
    return {"score": 0.0, "output": told, "output_format": "text", "visibility": "visible", "tests": []}


def whose(place: Path) -> str:
    """Whose cases are drawn: the first submitter's e-mail address or id, or '' where nothing is said."""
    try:
        users = json.loads((place / "submission_metadata.json").read_text(encoding="utf-8"))["users"]
        return str(users[0].get("email") or users[0].get("id") or "")
    except (OSError, ValueError, KeyError, IndexError, TypeError, AttributeError):
        return ""


def grade(place: Path) -> dict[str, Any]:
    """Grade what lies in `place/submission`.

    Args:
        place: the container's `/autograder`.

    Returns:
        Plain data for `results.json`.
    """
    source = place / "source"
    about = json.loads((source / ABOUT).read_text(encoding="utf-8"))
    if lacks := "; ".join(confinement.missing()):
        return nothing(filled(LOCKED_OUT, lacks=lacks))
    assignment = about["assignment"]
    released = nbformat.read(source / "released.ipynb", as_version=4)
    intake = take_in([place / "submission"], released, assignment)
    seed = seed_for((source / SECRET).read_text(encoding="utf-8").strip(), whose(place), assignment)
    with warnings.catch_warnings(), Engine() as engine:
        warnings.simplefilter("ignore")
        rules = Rules(**about["rules"])
        run = engine.run(intake.notebook, assignment=assignment, student_seed=seed, rules=rules)
    counting = [Counting(**one) for one in about["counting"]]
    return results(released, intake, run, about["visibility"], counting)


def main(place: Path) -> int:
    """Write `results/results.json`; there is one whatever happens. Returns the exit code."""
    try:
        found, code = grade(place), 0
    except Exception as error:
        print(
            f"{type(error).__name__}: {error}", file=sys.stderr
        )  # for the instructor, who sees the run's output
        found, code = nothing(filled(FAULT, fault=type(error).__name__)), 1
    (place / "results").mkdir(exist_ok=True)
    partial = place / "results" / "results.json.partial"
    partial.write_text(
        json.dumps({**found, "stdout_visibility": "hidden"}, indent=1) + "\n", encoding="utf-8"
    )
    partial.replace(place / "results" / "results.json")
    return code


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
