"""Each hostile notebook gets nothing for its wrong answer, each honest one full marks; nothing is left."""

from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from course.autograder.engine.engine import Engine
from course.autograder.sandbox import confinement
from tests.attacks.suite import ASSIGNMENT, ORDINARY, STRICT, Attack, attacks, taken_in

pytestmark = [
    pytest.mark.skipif(bool(confinement.missing()), reason="; ".join(confinement.missing())),
    pytest.mark.xdist_group("attacks"),
]


@pytest.fixture(scope="module")
def engines() -> Iterator[dict[bool, Engine]]:
    """Little time for those who waste it, plenty for the rest, so that a busy machine fails nobody."""
    with Engine(STRICT) as strict, Engine(ORDINARY) as ordinary:
        yield {True: strict, False: ordinary}


def left_behind(engine: Engine) -> list[str]:
    """Processes still running and files still lying about after a run."""
    zygote = engine._zygote
    assert zygote is not None
    processes = [str(p) for p in psutil.Process(zygote.process.pid).children(recursive=True)]
    files = [str(p) for p in Path(zygote.private).rglob("*") if zygote.scratch in p.parents]
    probes = [str(p) for p in (Path("/tmp/course-attack-was-here"),) if p.exists()]
    return processes + files + probes


@pytest.mark.slow
@pytest.mark.parametrize("attack", [pytest.param(a, id=f"{a.family}-{a.id}") for a in attacks()])
def test_points_are_what_the_answer_is_worth_and_nothing_is_left(
    attack: Attack, engines: dict[bool, Engine]
) -> None:
    engine = engines[attack.family == "denial"]
    result = engine.run(taken_in(attack), assignment=ASSIGNMENT, student_seed=7)
    points = {name: verdict.points for name, verdict in result.ledger.items()}
    assert {name: points.get(name, 0.0) for name in attack.points} == attack.points, result.incidents
    assert left_behind(engine) == []


def test_there_are_enough_of_them() -> None:
    known = attacks()
    assert len({a.id for a in known}) == len(known)
    assert sum(not a.honest for a in known) >= 60
    assert sum(a.honest for a in known) >= 15
