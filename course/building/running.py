"""Running lessons, and keeping what came out until the lesson, the course's code or its data change."""

import hashlib
import json
import os
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from course.languages.saying import OWN
from course.teaching.data import data_folder

# What course/teaching reads (narrow.py, sliders.py), written out here because those import matplotlib.
FOR_PAGES = {"COURSE_NARROW_FIGURES": "1", "COURSE_SLIDERS": "no"}

if TYPE_CHECKING:  # imported where they are used: every command would wait for them
    from nbformat import NotebookNode

PROJECT = Path(__file__).parent.parent.parent
CELL_SECONDS = 600
KERNEL = (
    "--InlineBackend.figure_formats={'retina'}",  # twice the pixels at the same size on the page
    "--IPKernelApp.log_level=ERROR",  # without a warning for each lesson that its kernel talks over a local port
)
NOT_FOR_LESSONS = {"autograder", "building", "assignments"}  # parts of the course that no lesson imports
SMALL = 1_000_000  # bytes: a smaller data file is known by its content, a larger one by its size
PACKAGES = ("paddlepaddle", "paddlepaddle-gpu", "numpy", "matplotlib", "ipython", "ipykernel")


@dataclass(frozen=True)
class Run:
    """One lesson that was run.

    Attributes:
        path: the notebook's source.
        executed: where the notebook with its outputs lies; None when the lesson failed.
        seconds: what the run took by the clock, starting Python included.
        failure: one sentence on what went wrong; empty when nothing did.
        kept: whether the outputs are from an earlier run of the same content.
    """

    path: Path
    executed: Path | None
    seconds: float
    failure: str = ""
    kept: bool = False


def lessons(root: Path = PROJECT) -> list[Path]:
    """The lessons' notebooks in their order."""
    return sorted((root / "course" / "lessons").glob("[0-9][0-9]_*.ipynb"))


def answers(root: Path = PROJECT) -> list[Path]:
    """The notebooks with the answers to the lessons' exercises."""
    return sorted((root / "course" / "lessons" / "answers").glob("[0-9][0-9]_*.ipynb"))


def _versions() -> Iterable[str]:
    for name in PACKAGES:
        try:
            yield f"{name} {metadata.version(name)}"
        except metadata.PackageNotFoundError:
            yield f"{name} is not installed"


def _code() -> Iterable[Path]:
    course = PROJECT / "course"
    for path in sorted([*course.rglob("*.py"), *course.rglob("*.toml")]):
        first = path.relative_to(course).parts[0]
        if first not in NOT_FOR_LESSONS and (first, path.suffix) != ("languages", ".toml"):
            yield path


def _data() -> Iterable[Path]:
    for place in sorted({PROJECT / "data", data_folder()}):
        yield from (p for p in sorted(place.rglob("*")) if p.is_file() and "sample_class" not in p.parts)


def fingerprint(path: Path) -> str:
    """What a lesson's outputs depend on, as 16 hex digits: its source, the course's code, data, versions."""
    digest = hashlib.sha256(path.read_bytes())
    for used in (*_code(), *_data()):
        size = used.stat().st_size
        digest.update(f"{used.name} {size} ".encode())
        digest.update(used.read_bytes() if size < SMALL else b"")
    for line in (*_versions(), os.environ.get("COURSE_DEVICE", "")):
        digest.update(line.encode())
    return digest.hexdigest()[:16]


def run(path: Path, folder: Path, again: bool = False, language: str = "en") -> Run:
    """Run a notebook from its own folder, unless `folder` holds its outputs already.

    Args:
        path: the notebook.
        folder: where executed notebooks are kept.
        again: run also what was kept.
        language: of what the course's own code says and draws.
    """
    kept = folder / f"{path.parent.name}-{path.stem}-{fingerprint(path)}.ipynb"
    if kept.is_file() and not again:
        return Run(path, kept, json.loads(kept.read_text("utf-8"))["metadata"]["seconds"], kept=True)
    import nbformat

    notebook = nbformat.read(path, as_version=4)
    start = time.perf_counter()
    failure = _execute(notebook, path.parent, language)
    seconds = time.perf_counter() - start
    if failure:
        return Run(path, None, seconds, failure)
    notebook.metadata["seconds"] = seconds
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob(f"{path.parent.name}-{path.stem}-*.ipynb"):
        old.unlink()
    nbformat.write(notebook, kept)
    return Run(path, kept, seconds)


def _execute(notebook: "NotebookNode", folder: Path, language: str) -> str:
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    paths = os.pathsep.join(filter(None, (str(PROJECT), os.environ.get("PYTHONPATH", ""))))
    client = NotebookClient(
        notebook,
        timeout=CELL_SECONDS,
        kernel_name="python3",
        extra_arguments=list(KERNEL),
        resources={"metadata": {"path": str(folder)}},
    )
    try:
        client.execute(env={**os.environ, "PYTHONPATH": paths, **FOR_PAGES, OWN: language})
    except CellExecutionError as error:
        return f"cell {_stopped_in(notebook)}: {error.ename}: {_plain(error.evalue)}"
    except CellTimeoutError:
        return f"cell {_stopped_in(notebook)} took longer than {CELL_SECONDS} seconds"
    except DeadKernelError:
        return f"cell {_stopped_in(notebook)} ended Python itself"
    return ""


def _stopped_in(notebook: "NotebookNode") -> str:
    """The id of the cell that a run ended in: the first with an error, else the last that began."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for cell in code:
        if any(output.output_type == "error" for output in cell.outputs):
            return cell.id
    begun = [cell for cell in code if cell.get("metadata", {}).get("execution")]
    return (begun or code)[-1].id


def _plain(text: str) -> str:
    lines = re.sub(r"\x1b\[[0-9;]*m", "", text).strip().splitlines()
    return lines[0] if lines else ""
