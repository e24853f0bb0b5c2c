"""Whole functions as students write them: usual mistakes, half-remembered formulas, two or three slips at once.

They were written to measure how many wrong answers get a name (docs/grading.md), before anybody looked what the judge
says of them; each stands in one of the folders below, by its assignment, with the names that it gets now, read and found true.
Where there is none, it is rejected.
"""

import tomllib
from pathlib import Path

from course.autograder.checks import find_check
from tests.judging.slips import Slips
from tests.judging.slips.whole_functions import written

FOLDERS = ("usual", "unseen", "unseen_again", "commonest", "by_doing")
SLIPS = Slips()

for path in sorted(path for folder in FOLDERS for path in (Path(__file__).parent / folder).glob("*.toml")):
    for slip in tomllib.loads(path.read_text(encoding="utf-8"))["slip"]:
        space = written(path.stem, slip["source"], [])
        asked = (space[name] for name in find_check(slip["check"]).functions)
        SLIPS.add(slip["about"], slip["check"], *asked, named=tuple(slip["named"]), said=slip.get("said", ""))
