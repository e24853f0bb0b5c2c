"""The forgeries that name no function of ps1, in the whole notebook of each other assignment: nobody gains a point."""

from collections.abc import Iterator

import nbformat
import pytest
from nbformat import NotebookNode

from course.autograder.checks import find_check, list_checks
from course.autograder.engine.engine import Engine
from course.autograder.judging import answers
from course.autograder.sandbox import confinement
from tests.attacks.suite import ORDINARY, Attack, attacks

pytestmark = [
    pytest.mark.skipif(bool(confinement.missing()), reason="; ".join(confinement.missing())),
    pytest.mark.xdist_group("every-assignment"),
]
OTHERS = [name for name in answers.assignments_with_a_bank() if name != "ps1_batchnorm"]
PS1_NAMES = ("normalize", "batch_moments")


def carried(attack: Attack) -> bool:
    """Whether its cells make sense in another notebook."""
    code = attack.before + attack.between + attack.after
    travels = attack.family in ("forged", "honest") and not attack.edits and not attack.door
    return travels and bool(code) and not any(name in code for name in PS1_NAMES)


CARRIED = [attack for attack in attacks() if carried(attack)]


def with_cells(assignment: str, attack: Attack | None) -> NotebookNode:
    """The instructor's answers but for the first function, which is blank, and the attack's cells around its test."""
    path = answers.PROJECT / "course" / "assignments" / assignment / f"{assignment}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    first = find_check(list_checks(assignment)[0])
    blank = answers.cell_of(first.functions[0])
    cells: list[NotebookNode] = []
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if name == blank:
            cell.source = f"def {first.functions[0]}(*arguments):\n    raise NotImplementedError()"
        own = nbformat.v4.new_code_cell
        if attack and name == first.grade_id:
            cells += [own(text) for text in (attack.before, attack.between) if text] + [cell]
            cells += [own(attack.after)] if attack.after else []
        else:
            cells.append(cell)
    notebook.cells = cells
    return notebook


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with Engine(ORDINARY) as engine:
        yield engine


@pytest.fixture(scope="module")
def undisturbed(engine: Engine) -> dict[str, dict[str, float]]:
    """By assignment: what each check earns when nobody attacks."""
    return {name: points(engine, name, None) for name in OTHERS}


def points(engine: Engine, assignment: str, attack: Attack | None) -> dict[str, float]:
    result = engine.run(with_cells(assignment, attack), assignment=assignment, student_seed=7)
    return {name: verdict.points for name, verdict in result.ledger.items()}


def test_enough_attacks_travel() -> None:
    assert len([attack for attack in CARRIED if not attack.honest]) >= 15
    assert len([attack for attack in CARRIED if attack.honest]) >= 3


# One assignment after another: the judge keeps the cases of one, and would draw them anew for each attack.
@pytest.mark.slow
@pytest.mark.parametrize("attack", [pytest.param(a, id=f"{a.family}-{a.id}") for a in CARRIED])
@pytest.mark.parametrize("assignment", OTHERS)
def test_a_forgery_gains_nothing_and_noise_costs_nothing(
    attack: Attack, assignment: str, engine: Engine, undisturbed: dict[str, dict[str, float]]
) -> None:
    before = undisturbed[assignment]
    assert before[find_check(list_checks(assignment)[0]).grade_id] == 0.0
    after = points(engine, assignment, attack)
    assert all(after.get(name, 0.0) <= worth for name, worth in before.items())
    if attack.honest:
        assert after == before
