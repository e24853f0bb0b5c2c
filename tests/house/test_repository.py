"""The house: what must agree agrees, and what must not be there is not."""

import ast
import os
import re
import subprocess
import sys
import tomllib
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from course.common.notebooks import EXTRA, MINUTES, canonical, is_practice, notebooks


def tracked(root):
    listed = subprocess.run(["git", "ls-files"], cwd=root, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [root / line for line in listed.stdout.splitlines() if (root / line).is_file()]


def lock(root):
    lines = (root / "requirements.lock").read_text().splitlines()
    return {re.split(r"==", x)[0]: re.split(r"==|[; ]", x)[1] for x in lines if "==" in x and x[0] != "#"}


def test_notebooks_are_canonical(root):
    for path in notebooks(root):
        assert canonical(nbformat.read(path, as_version=4)) == path.read_text("utf-8"), (
            f"run `make tidy`: {path.name}"
        )


def test_code_is_tidy(root):
    for command in (["format", "--check", "."], ["check", "."]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command], cwd=root, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.slow
def test_types_hold(root):
    done = subprocess.run([sys.executable, "-m", "mypy"], cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:]


def imported(path):
    """Each module that a file imports, or imports from, wherever in it."""
    for line in re.findall(r"(?m)^\s*((?:from|import) .*)", path.read_text("utf-8")):
        first, *names = re.findall(r"[\w.]+", line)[1:]
        yield from (first, *(f"{first}.{name}" if line.startswith("from") else name for name in names))


def test_the_course_imports_nothing_whose_types_are_not_read(root):
    """Paddle apart: names from there would be of any type, and no mistake with them would be found."""
    overrides = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["mypy"]["overrides"]
    skipped = [name for one in overrides if one["follow_imports"] == "skip" for name in one["module"]]
    unread = tuple(name.removesuffix("*") for name in skipped if not name.startswith("paddle"))
    assert len(unread) > 10 and all(name.endswith(".") for name in unread)
    for path in (root / "course").rglob("*.py"):
        found = [name for name in imported(path) if f"{name}.".startswith(unread)]
        assert not found, f"{path.relative_to(root)}: {found}"


def test_the_lock_meets_pyproject(root):
    from packaging.requirements import Requirement

    locked = lock(root)
    project = tomllib.loads((root / "pyproject.toml").read_text())
    for line in [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]:
        requirement = Requirement(line)
        assert requirement.specifier.contains(locked[requirement.name]), line


def test_readme_commands_are_the_makefiles(root):
    targets = set(re.findall(r"^([a-z-]+):", (root / "Makefile").read_text(), re.M))
    named = set(re.findall(r"\bmake ([a-z-]+)", (root / "README.md").read_text()))
    assert {"demo", "test"} <= named <= targets
    first_screen = "\n".join((root / "README.md").read_text().splitlines()[:40])
    assert set(re.findall(r"^make ([a-z-]+)", first_screen, re.M)) == {"demo", "test"}


def test_make_alone_prints_help(root):
    done = subprocess.run(["make", "-s"], cwd=root, capture_output=True, text=True)
    assert done.returncode == 0
    for target in (
        "setup",
        "demo",
        "test",
        "lint",
        "tidy",
        "release",
        "grade",
        "feedback",
        "lab",
        "lessons",
        "site",
        "data",
        "gpu-check",
        "clean",
    ):
        assert f"make {target} " in done.stdout


# The pieces are spelled apart, so that this file keeps the rule as well.
REGISTRIES = r"(?:py(?:pi)|python(?:hosted)|ana(?:conda)|paddle(?:paddle))\.(?:org|com|io|cn)\b|https?://\S+/(?:simple|whl)/"


def of_a_machine(root: Path) -> re.Pattern[str]:
    """What names this checkout, somebody's home or a package registry's host."""
    places = [re.escape(str(root)) + r"(?![\w-])", r"/(?:home|Users)/\w"]
    if Path.home() != Path("/"):
        places.append(re.escape(f"{Path.home()}/"))
    return re.compile(rf"(?<![\w.])(?:{'|'.join(places)})|{REGISTRIES}")


def test_nothing_of_a_machine_or_a_registry_stands_in_the_tree(root):
    for path in tracked(root):
        if path.suffix not in {".gz", ".png", ".npz"}:
            text = path.read_text("utf-8", "replace")
            if path.name == "environment.yml":
                text = re.sub(
                    r"(?m)^      - --extra-index-url \S+$", "", text
                )  # Paddle's own, for its GPU builds
            found = of_a_machine(root).search(text)
            assert not found, f"{path.relative_to(root)}: {found.group()}"


def test_names_of_a_machine_or_a_registry_are_noticed(root):
    registry = ".".join(("files", "python" + "hosted", "org"))
    for line in (
        f"see {root}/data",
        f"cd {Path.home()}/x",
        "/".join(("", "home", "ann", "x")),
        f"from {registry}",
    ):
        assert of_a_machine(root).search(line), line
    assert not of_a_machine(root).search("tests/test_repository.py, numpy.org, a/home page, PyPI")


def test_arrows_point_one_way(root):
    """reference knows nothing of grading; the student's side imports no framework."""
    for path in (root / "course" / "reference").glob("*.py"):
        assert "course.autograder" not in path.read_text(), path.name
    code = "import sys, course.autograder.student; sys.exit('paddle' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=root).returncode == 0


def test_assignments_are_worth_100_points_and_checks_match_their_cells(root):
    from course.autograder.checks import find_check, list_checks

    for path in sorted(root.glob("course/assignments/*/*.ipynb")):
        cells = [
            c for c in nbformat.read(path, as_version=4).cells if c.metadata.get("nbgrader", {}).get("grade")
        ]
        assert sum(c.metadata.nbgrader.points for c in cells) == (10 if is_practice(path) else 100)
        by_machine = {c.metadata.nbgrader.grade_id: c for c in cells if not c.metadata.nbgrader.solution}
        names = list_checks(path.stem)
        assert [find_check(n).grade_id for n in names] == list(by_machine)
        for name in names:
            check, cell = find_check(name), by_machine[find_check(name).grade_id]
            points = (0, check.points) if check.extra else (check.points, None)
            assert (cell.metadata.nbgrader.points, cell.metadata.get(EXTRA)) == points
            call = f'check("{name}", {", ".join(check.functions)})'
            assert cell.source == f"from course.autograder import check\n\n{call}"


def test_points_are_said_above_each_question_and_a_prediction_has_room(root):
    for path in sorted(root.glob("course/assignments/*/*.ipynb")):
        above: dict[tuple[str, str], list[NotebookNode]] = {}
        cells = nbformat.read(path, as_version=4).cells
        said = ("", "")
        for cell, after in pairwise(cells):
            mark = cell.metadata.get("nbgrader", {})
            if mark.get("grade"):
                above.setdefault(said, []).append(
                    {**mark, "points": cell.metadata.get(EXTRA, mark["points"])}
                )
            elif cell.cell_type == "markdown" and "prediction" not in cell.metadata.get("tags", ()):
                said = (cell.id, cell.source.splitlines()[-1])
            if "**Predict" in cell.source:
                assert after.metadata.tags == ["prediction"], (path, cell.id)
        assert cells[-1].source.endswith("check_notebook()") and cells[-1].metadata.tags == ["not-graded"]
        asks = [cell.metadata.get("tags") for cell in cells[-2:-1]] == [[MINUTES]]
        assert asks == (path.stem != "ps0_warmup") and f"`{path.name}`" in cells[-2 - asks].source
        for (_, said), marks in above.items():
            assert said.startswith(f"*{sum(mark['points'] for mark in marks):g} point"), (path, said)
            assert len(marks) == 1 or all(f"` {mark['points']:g}" in said for mark in marks), (path, said)


@pytest.mark.slow
def test_make_lab_asks_nobody_about_news(root):
    """With the configuration that `make lab` names, JupyterLab's question about news and its look for updates are off."""
    place = re.search(
        r"^lab: export JUPYTER_CONFIG_PATH := \$\(CURDIR\)/(\S+?):", (root / "Makefile").read_text(), re.M
    )
    code = (
        "import sys, course\n"  # first, as it shortens the start of what JupyterLab is made of
        "from jupyterlab_server.settings_utils import _get_overrides\n"
        "print(_get_overrides(sys.argv[1]))"
    )
    environment = os.environ | {"JUPYTER_CONFIG_PATH": str(root / place[1])}
    done = subprocess.run([sys.executable, "-c", code, root], env=environment, capture_output=True, text=True)
    overrides, error = ast.literal_eval(done.stdout)
    said = overrides["@jupyterlab/apputils-extension:notification"]
    assert said == {"fetchNews": "false", "checkForUpdates": False} and not error
