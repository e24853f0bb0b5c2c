"""Whether a wrong gradient rests on a forward pass that is wrong already."""

from course.autograder.checks.language.spec import Check
from course.autograder.judging.comparing import compare
from course.autograder.judging.tally import Tally

WRONG_GROUND = (
    "{}'s own output is not right here either: put that right first; this is computed from its cache."
)


def on_wrong_ground(check: Check, tally: Tally, case: str) -> bool:
    """Whether what this case's gradient was computed from is not right either."""
    if check.rests_on is None or case not in tally.grounds:
        return False
    asked, got = tally.grounds[case]
    right = asked.ground
    return (
        right is not None
        and compare(check.rests_on.outputs[0], asked.case, asked.inputs, got, right) is not None
    )
