"""Every hostile notebook gets nothing for its wrong answer, every honest one full marks, and nothing is left."""

from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from course.autograder import sandbox
from course.autograder.engine import Engine, Limits
from tests.attacks.suite import ASSIGNMENT, Attack, attacks, submission

LIMITS = Limits(cell_seconds=1.0, total_seconds=20.0, memory=2**28, restarts=5)
pytestmark = pytest.mark.skipif(bool(sandbox.missing()), reason="; ".join(sandbox.missing()))


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with Engine(LIMITS) as started:
        yield started


def left_behind(engine: Engine) -> list[str]:
    """Processes still running and files still lying about after a run."""
    template = engine._template
    assert template is not None
    processes = [str(p) for p in psutil.Process(template.process.pid).children(recursive=True)]
    files = [str(p) for p in Path(template.private).rglob("*") if template.scratch in p.parents]
    probes = [str(p) for p in (Path("/tmp/course-attack-was-here"),) if p.exists()]
    return processes + files + probes


@pytest.mark.parametrize(
    "attack", [pytest.param(a, id=f"{a.family}-{a.id}") for a in attacks() if not a.edits]
)
def test_points_are_what_the_answer_is_worth_and_nothing_is_left(attack: Attack, engine: Engine) -> None:
    result = engine.run(submission(attack), assignment=ASSIGNMENT, student_seed=7)
    points = {name: verdict.points for name, verdict in result.ledger.items()}
    assert {name: points.get(name, 0.0) for name in attack.points} == attack.points, result.incidents
    assert left_behind(engine) == []


def test_there_are_enough_of_them() -> None:
    known = attacks()
    assert len({a.id for a in known}) == len(known)
    assert sum(not a.honest for a in known) >= 60
    assert sum(a.honest for a in known) >= 15
