"""Who may import whom: the contracts in pyproject.toml hold, and a tree that breaks one is caught."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

BROKEN = {
    "a reference that asks the judge": (
        "course/reference/batch_norm.py",
        "from course.autograder.judging.deciding import judge",
        "References know nothing of grading BROKEN",
    ),
    "a check that compares by the judge's hand": (
        "course/autograder/checks/conv/shapes.py",
        "from course.autograder.judging import comparing",
        "Arrows point down the floors BROKEN",
    ),
    "a student's process with a framework": (
        "course/autograder/engine/student_process.py",
        "import paddle",
        "BROKEN",
    ),
    "a sandbox that knows the course": (
        "course/autograder/sandbox/limits.py",
        "from course.common.console import console",
        "The sandbox knows nothing of the course BROKEN",
    ),
    "a driver that the gradebook starts": (
        "course/autograder/gradebook/record.py",
        "from course.autograder.grading import driver",
        "Arrows point down the floors BROKEN",
    ),
}


def lint(folder: Path) -> str:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, env={"COLUMNS": "200"}).stdout


@pytest.fixture(scope="module")
def tree(root, tmp_path_factory):
    copy = tmp_path_factory.mktemp("tree")
    shutil.copyfile(root / "pyproject.toml", copy / "pyproject.toml")
    for path in (root / "course").rglob("*.py"):
        target = copy / path.relative_to(root)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    return copy


def test_arrows_point_one_way(tree):
    told = lint(tree)
    assert "0 broken" in told, told


@pytest.mark.parametrize("broken", BROKEN)
def test_a_broken_contract_is_caught(tree, broken):
    name, line, told = BROKEN[broken]
    before = (tree / name).read_text()
    (tree / name).write_text(before + f"\n{line}\n")
    try:
        assert told in lint(tree)
    finally:
        (tree / name).write_text(before)
