"""Tries the notebook as grading would run it, and says what its checks say: on GitHub, or on your own machine.

    python .github/check.py

It is `python -m course preflight`, with a summary of the job and `result.json` as Classroom 50 reads it (its scores are whole
numbers: hundredths of a point). Cases are those that everyone has. Marks that count are made by your instructor, from
cases that are drawn for you alone. The exit code is 0 whenever the notebook could be tried, whatever it is worth.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ASSIGNMENT = "{{ assignment }}"
NOTEBOOK = Path(ASSIGNMENT) / f"{ASSIGNMENT}.ipynb"
CELL_SECONDS = 120.0
PARTS = 100  # of a point
EXTRA = " (extra credit)"


def install() -> None:
    """What the checks need, on a machine that has nothing yet; the course is the one that lies here."""
    sys.path.insert(0, str(Path.cwd()))
    try:
        import IPython  # noqa: F401
        import numpy  # noqa: F401

        from course.autograder import check  # noqa: F401
    except ImportError:
        done = subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "-r", "requirements.txt"])
        if done.returncode:
            sys.exit("requirements.txt could not be installed; the checks need Python 3.10 or newer")


def tried(path: Path) -> tuple[list[dict[str, Any]], list[str]]:
    """A row for each check, in the notebook's order, and what grading would take off; one not reached has no points."""
    from course.autograder.at_home.preflight import preflight
    from course.autograder.judging.bank import bank_here

    found, bank = preflight(path, seconds=CELL_SECONDS), bank_here()
    return [
        row(name, bank.points(name), found.verdicts.get(name, {}), bank.extra(name))
        for name in bank.names(ASSIGNMENT)
    ], found.remarks


def row(name: str, most: float, said: dict[str, Any], extra: bool = False) -> dict[str, Any]:
    """What one check came to; an optional one's points are no part of the sum."""
    findings = said.get("findings", [])
    named = dict.fromkeys(one["misconception"] for one in findings if one.get("misconception"))
    first = findings[0].get("message", "") if findings else "" if said else "There is no verdict."
    return {
        "test-name": f"{name.replace('.', '-')}{EXTRA if extra else ''}",
        "passed": bool(said.get("passed")),
        "score": round(min(most, float(said.get("points") or 0)) * PARTS),
        "max-score": round(most * PARTS),
        "named": list(named),
        "message": first,
    }


def committed() -> str:
    """When the commit that is checked out was made, as Classroom 50 writes it; now, where there is none."""
    told = subprocess.run(["git", "show", "-s", "--format=%ct"], capture_output=True, text=True)
    seconds = told.stdout.strip()
    at = int(seconds) if told.returncode == 0 and seconds.isdecimal() else None
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))


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
        "score": sum(test["score"] for test in tests if not test["test-name"].endswith(EXTRA)),
        "max-score": sum(test["max-score"] for test in tests if not test["test-name"].endswith(EXTRA)),
        "tests": tests,
    }


def summary_of(result: dict[str, Any], remarks: list[str]) -> str:
    """The job's summary, as Markdown."""
    reached, most = result["score"] / PARTS, result["max-score"] / PARTS
    extra = [test for test in result["tests"] if test["test-name"].endswith(EXTRA)]
    more, top = (sum(test[key] for test in extra) / PARTS for key in ("score", "max-score"))
    apart = f", and {more:g} of {top:g} extra" if extra else ""
    lines = [f"## {ASSIGNMENT}: {reached:g} of {most:g} points by machine{apart}", ""]
    if remarks:
        lines += ["What would be lost in grading:", "", *(f"- {plain(remark)}" for remark in remarks), ""]
    lines += ["| check | points | |", "|---|---|---|"]
    for test in result["tests"]:
        said = plain(", ".join(test["named"]) or test["message"])
        sign = "✓" if test["passed"] else "✗"
        lines.append(
            f"| {sign} `{test['test-name']}` | {test['score'] / PARTS:g} of {test['max-score'] / PARTS:g} | {said} |"
        )
    lines += [
        "",
        "These are the cases that everyone has. Your instructor grades with others, and reads what you wrote.",
    ]
    return "\n".join(lines) + "\n"


def plain(text: str) -> str:
    """In one line that Markdown takes for text and not for a table's end or a tag."""
    return " ".join(text.replace("|", "\\|").replace("<", "&lt;").split())


def main() -> int:
    """Run, and write down what came of it."""
    if not NOTEBOOK.is_file():
        print(
            f"there is no {NOTEBOOK} here; leave the notebook where it was, under its own name",
            file=sys.stderr,
        )
        return 1
    install()
    from course.autograder.at_home.told import NotebookError

    try:
        tests, remarks = tried(NOTEBOOK)
    except NotebookError as error:
        print(error, file=sys.stderr)
        return 1
    result = result_of(tests)
    Path("result.json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    summary = summary_of(result, remarks)
    if page := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(page).open("a", encoding="utf-8") as file:
            file.write(summary)
    print(summary)
    return 0


if __name__ == "__main__":
    sys.exit(main())
