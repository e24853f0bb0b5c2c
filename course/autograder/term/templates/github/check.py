"""Runs the notebook from top to bottom in a fresh kernel, and says what its checks say: on GitHub, or on your own machine.

    python .github/check.py

Writes `result.json` as Classroom 50 reads it (its scores are whole numbers: hundredths of a point), and a summary of the job.
Cases are those that everyone has. Marks that count are made by your instructor, from cases that are drawn for you alone.
The exit code is 0 whenever the notebook could be run, whatever it is worth.
"""

import datetime
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ASSIGNMENT = "{{ assignment }}"
NOTEBOOK = Path(ASSIGNMENT) / f"{ASSIGNMENT}.ipynb"
VERDICT = "application/vnd.paddle-course.verdict+json"
CELL_SECONDS = 120
PARTS = 100  # of a point


def install() -> None:
    """What the notebook needs, on a machine that has nothing yet."""
    try:
        import nbclient  # noqa: F401
        import numpy  # noqa: F401

        from course.autograder import check  # noqa: F401
    except ImportError:
        done = subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "-r", "requirements.txt"])
        if done.returncode:
            sys.exit("requirements.txt could not be installed; the course needs Python 3.11, 3.12 or 3.13")


def executed(path: Path) -> tuple[Any, str]:
    """The notebook with its outputs, and a sentence where not all of it was run."""
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import DeadKernelError

    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = []
    client = NotebookClient(
        notebook,
        timeout=CELL_SECONDS,
        interrupt_on_timeout=True,
        allow_errors=True,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
    )
    try:
        client.execute()
    except DeadKernelError:
        return (
            notebook,
            "The kernel died, perhaps because memory ran out: what stands below that cell was not run.",
        )
    return notebook, ""


def tests_of(notebook: Any) -> list[dict[str, Any]]:
    """A row for each check, in the notebook's order; one that was not reached, or whose cell failed, has no points."""
    rows = []
    for cell in notebook.cells:
        about = cell.metadata.get("nbgrader", {})
        if not about.get("grade") or about.get("solution"):
            continue
        verdicts = [out["data"][VERDICT] for out in cell.get("outputs", []) if VERDICT in out.get("data", {})]
        said = verdicts[-1] if verdicts else {}
        most = float(about.get("points") or said.get("max_points") or 0)
        points = min(most, float(said.get("points") or 0))
        findings = said.get("findings", [])
        named = dict.fromkeys(one["misconception"] for one in findings if one.get("misconception"))
        first = findings[0].get("message", "") if findings else "" if said else "There is no verdict."
        rows.append(
            {
                "test-name": about["grade_id"],
                "passed": bool(said.get("passed")),
                "score": round(points * PARTS),
                "max-score": round(most * PARTS),
                "named": list(named),
                "message": first,
            }
        )
    return rows


def committed() -> str:
    """When the commit that is checked out was made, as Classroom 50 writes it; now, where there is none."""
    told = subprocess.run(["git", "show", "-s", "--format=%ct"], capture_output=True, text=True)
    seconds = told.stdout.strip()
    known = told.returncode == 0 and seconds.isdecimal()
    at = datetime.datetime.fromtimestamp(int(seconds), datetime.UTC) if known else None
    return (at or datetime.datetime.now(datetime.UTC)).strftime("%Y-%m-%dT%H:%M:%SZ")


def result_of(tests: list[dict[str, Any]]) -> dict[str, Any]:
    """`classroom50/result/v1`; where no Classroom 50 runs this, its names are made from GitHub's own."""
    known = os.environ.get
    here = (
        f"{known('GITHUB_SERVER_URL', 'https://github.com')}/{known('GITHUB_REPOSITORY', 'nobody/nothing')}"
    )
    commit = known("COMMIT_URL") or f"{here}/commit/{known('GITHUB_SHA', 'none')}"
    return {
        "schema": "classroom50/result/v1",
        "classroom": known("CLASSROOM") or "none",
        "assignment": known("ASSIGNMENT") or ASSIGNMENT,
        "submission": known("SUBMISSION_TAG") or known("GITHUB_REF_NAME") or "none",
        "commit": commit,
        "release": known("RELEASE_URL") or commit,
        "review": known("REVIEW_URL") or commit,
        "datetime": committed(),
        "score": sum(test["score"] for test in tests),
        "max-score": sum(test["max-score"] for test in tests),
        "tests": tests,
    }


def summary_of(result: dict[str, Any], told: str) -> str:
    """The job's summary, as Markdown."""
    reached, most = result["score"] / PARTS, result["max-score"] / PARTS
    lines = [f"## {ASSIGNMENT}: {reached:g} of {most:g} points by machine", ""]
    lines += [told, ""] if told else []
    lines += ["| check | points | |", "|---|---|---|"]
    for test in result["tests"]:
        said = ", ".join(test["named"]) or test["message"]
        said = " ".join(said.replace("|", "\\|").replace("<", "&lt;").split())
        sign = "✓" if test["passed"] else "✗"
        lines.append(
            f"| {sign} `{test['test-name']}` | {test['score'] / PARTS:g} of {test['max-score'] / PARTS:g} | {said} |"
        )
    lines += [
        "",
        "These are the cases that everyone has. Your instructor grades with others, and reads what you wrote.",
    ]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Run, and write down what came of it."""
    if not NOTEBOOK.is_file():
        print(
            f"there is no {NOTEBOOK} here; leave the notebook where it was, under its own name",
            file=sys.stderr,
        )
        return 1
    install()
    notebook, told = executed(NOTEBOOK)
    result = result_of(tests_of(notebook))
    Path("result.json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    summary = summary_of(result, told)
    if page := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(page).open("a", encoding="utf-8") as file:
            file.write(summary)
    print(summary)
    return 0


if __name__ == "__main__":
    sys.exit(main())
