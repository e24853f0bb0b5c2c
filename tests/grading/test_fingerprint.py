"""What is graded stays graded while the code that marks depend on stays, and not a day longer."""

import ast
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from course.autograder.grading.fingerprint import COUNTED, PACKAGE, counted_files, course_version, fingerprint


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The package, copied."""
    target = tmp_path / "course"
    for name in ("autograder", "reference", "teaching", "common"):
        shutil.copytree(PACKAGE / name, target / name, ignore=shutil.ignore_patterns("__pycache__"))
    return target


@pytest.mark.parametrize(
    "name",
    [
        "autograder/checks/language/tolerances.py",
        "autograder/engine/session.py",
        "autograder/intake/repair.py",
        "autograder/judging/verdict.py",
        "autograder/judging/templates/verdict.txt",
        "autograder/sandbox/limits.py",
        "autograder/student.py",
        "common/quiet.py",
    ],
)
def test_an_edit_of_what_marks_depend_on_shows(copy: Path, name: str) -> None:
    before = fingerprint(copy)
    with (copy / name).open("a") as file:
        file.write("\n")
    assert fingerprint(copy) != before


@pytest.mark.parametrize(
    "name",
    [
        "autograder/cli/commands.py",
        "autograder/feedback/pages.py",
        "autograder/gradebook/release.py",
        "autograder/checks/README.md",
    ],
)
def test_an_edit_of_anything_else_does_not(copy: Path, name: str) -> None:
    before = fingerprint(copy)
    with (copy / name).open("a") as file:
        file.write("\n")
    (copy / "autograder" / "engine" / "__pycache__").mkdir()
    (copy / "autograder" / "engine" / "__pycache__" / "session.cpython-311.pyc").write_bytes(b"compiled")
    assert fingerprint(copy) == before


def test_a_file_that_is_added_removed_or_renamed_shows(copy: Path) -> None:
    seen = {fingerprint(copy)}
    added = copy / "autograder" / "checks" / "another.py"
    added.write_text("")
    seen.add(fingerprint(copy))
    added.rename(added.with_name("renamed.py"))
    seen.add(fingerprint(copy))
    (copy / "common" / "quiet.py").unlink()
    seen.add(fingerprint(copy))
    assert len(seen) == 4


def test_other_versions_of_the_libraries_show() -> None:
    assert course_version() != fingerprint(versions=["numpy 2.0.0"]) != fingerprint(versions=["numpy 2.1.0"])


@pytest.mark.slow
def test_whatever_counted_code_imports_of_ours_counts_too() -> None:
    counted = set(counted_files())
    inits = {path for path in PACKAGE.rglob("__init__.py") if "reference" not in path.parts}
    inits |= {
        PACKAGE / "languages" / name for name in ("words.py", "catalogue.py")
    }  # no mark hangs on a translation
    left_out = {
        (path.relative_to(PACKAGE).as_posix(), name)
        for path in counted
        if path.suffix == ".py"
        for name in _imported(path)
        if (file := _file_of(name)) is not None and file not in counted | inits
    }
    assert left_out == set()
    assert all((PACKAGE / name).exists() for name in COUNTED)


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def _file_of(module: str) -> Path | None:
    if not module.startswith("course."):
        return None
    path = PACKAGE.parent / module.replace(".", "/")
    return next((p for p in (path.with_suffix(".py"), path / "__init__.py") if p.exists()), None)
