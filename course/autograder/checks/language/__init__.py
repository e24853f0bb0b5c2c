"""What a check is made of, and the words it is written in. Nothing here imports a framework."""

from course.autograder.checks.language.calls import call
from course.autograder.checks.language.protocol import Call, Put
from course.autograder.checks.language.seen import Flaw
from course.autograder.checks.language.spec import (
    Answers,
    Arrays,
    Case,
    Check,
    Corner,
    Inputs,
    Misconception,
    Mistake,
    Mistakes,
    Output,
    check,
)
from course.autograder.checks.language.stand_ins import Seeded, Strided
from course.autograder.checks.language.tolerances import (
    BATCH_NORM,
    CANCELLING,
    CONVOLUTION,
    DROPOUT,
    EXACT,
    RUNNING,
)

__all__ = [
    "BATCH_NORM", "CANCELLING", "CONVOLUTION", "DROPOUT", "EXACT", "RUNNING", "Answers", "Arrays", "Call", "Case", "Check", "Corner",
    "Flaw", "Inputs", "Misconception", "Mistake", "Mistakes", "Output", "Put", "Seeded", "Strided", "call", "check",
]  # fmt: skip
