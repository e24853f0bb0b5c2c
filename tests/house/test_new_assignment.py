"""docs/new_assignment.md, followed to the letter in a copy of the project that has no such assignment."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import nbformat
import pytest

from course.common.notebooks import canonical

NAME = "ps0_warmup"
CATALOGUE = "course/building/pages/catalogue.toml"
PLACES = (
    f"course/assignments/{NAME}",
    "course/reference/warmup.py",
    "course/autograder/checks/warmup",
    f"data/sample_class/{NAME}",
)


class Block(NamedTuple):
    """A fenced block of the page: its language, what stands behind that, and its text."""

    language: str
    about: dict[str, str]
    text: str


def blocks(page: Path) -> list[Block]:
    found = re.findall(r"^```(\w+)([^\n]*)\n(.*?)^```$", page.read_text("utf-8"), re.M | re.S)
    return [Block(a, dict(re.findall(r'(\w+)="([^"]*)"', b)), text.rstrip("\n")) for a, b, text in found]


def write_cell(path: Path, block: Block) -> None:
    """What a person does in an editor: write in a cell, or put a new one under another."""
    notebook = nbformat.read(path, as_version=4)
    name, text = block.about["cell"], block.text
    ids = [cell["id"] for cell in notebook.cells]
    if "after" in block.about:
        make = nbformat.v4.new_markdown_cell if block.language == "markdown" else nbformat.v4.new_code_cell
        tags = block.about.get("tags", "").split()
        cell = make(text, id=name, metadata={"tags": tags} if tags else {})
        notebook.cells.insert(ids.index(block.about["after"]) + 1, cell)
    else:
        notebook.cells[ids.index(name)].source = text
    path.write_text(canonical(notebook), encoding="utf-8")


@pytest.fixture
def bare(root, tmp_path):
    """A copy of the project without the assignment."""
    listed = subprocess.run(["git", "ls-files"], cwd=root, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    for name in listed.stdout.splitlines():
        if not name.startswith(PLACES) and (root / name).is_file():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, tmp_path / name)
            for compiled in (root / name).parent.glob(f"__pycache__/{Path(name).stem}.*.pyc"):
                (tmp_path / name).parent.joinpath("__pycache__").mkdir(exist_ok=True)
                shutil.copy2(compiled, (tmp_path / name).parent / "__pycache__")
    catalogue = (tmp_path / CATALOGUE).read_text("utf-8")
    (tmp_path / CATALOGUE).write_text(
        catalogue[: catalogue.index(f"\n[assignment.{NAME}]")], encoding="utf-8"
    )
    return tmp_path


@pytest.mark.slow
def test_the_page_makes_the_assignment_that_ships(root, bare):
    environment = {**os.environ, "PYTHONPATH": str(bare)}
    environment.pop("PYTEST_XDIST_WORKER", None)
    notebook = f"course/assignments/{NAME}/{NAME}.ipynb"
    commands = 0
    for block in blocks(root / "docs" / "new_assignment.md"):
        if block.language == "console":
            for line in block.text.splitlines():
                words = [sys.executable if word == "python" else word for word in shlex.split(line)]
                done = subprocess.run(words, cwd=bare, env=environment, capture_output=True, text=True)
                assert done.returncode == 0, f"{line}\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
                assert "no tests ran" not in done.stdout
                commands += 1
        elif "cell" in block.about:
            write_cell(bare / notebook, block)
        elif "file" in block.about:
            path = bare / block.about["file"]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text + "\n", encoding="utf-8")
        elif "append" in block.about:
            with (bare / block.about["append"]).open("a", encoding="utf-8") as file:
                file.write(f"\n{block.text}\n")
    assert commands >= 3
    assert (bare / CATALOGUE).read_text("utf-8") == (root / CATALOGUE).read_text("utf-8")
    made = {str(p.relative_to(bare)) for place in PLACES for p in [bare / place, *(bare / place).rglob("*")]}
    ships = {str(p.relative_to(root)) for place in PLACES for p in [root / place, *(root / place).rglob("*")]}
    kept = {name for name in made if (bare / name).is_file() and "__pycache__" not in name}
    assert kept == {name for name in ships if (root / name).is_file() and "__pycache__" not in name}
    for name in kept:
        assert (bare / name).read_bytes() == (root / name).read_bytes(), f"{name} differs from the page"
