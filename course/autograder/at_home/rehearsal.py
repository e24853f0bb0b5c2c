"""Runs a notebook's cells in a fresh process, top to bottom, with what grading has: started by `preflight`.

It reads the cells from standard input as JSON, and writes a line of JSON for each: what stopped it, what was left undone,
and what its check said. Anything that the cells write themselves goes nowhere.
"""

import importlib.abc
import json
import os
import sys
import traceback
from typing import Any


class _Refuses(importlib.abc.MetaPathFinder):
    """Refuses what grading does not have."""

    def __init__(self, missing: set[str]) -> None:
        self.missing = missing

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        """Nothing for the other finders to find."""
        if name.partition(".")[0] in self.missing:
            raise ModuleNotFoundError(f"No module named '{name}' while grading", name=name)


def main() -> None:
    """Run what standard input says."""
    job = json.loads(sys.stdin.read())
    sink, report = open(os.devnull, "w"), os.fdopen(os.dup(1), "w", encoding="utf-8")  # noqa: PTH123, SIM115
    os.dup2(sink.fileno(), 1)
    sys.stdin = open(os.devnull)  # noqa: PTH123, SIM115
    sys.meta_path.insert(0, _Refuses(set(job["missing"])))
    from course.autograder.at_home.lone_shell import LoneShell
    from course.autograder.at_home.stand_ins import stand_in
    from course.autograder.judging.verdict import VERDICT

    told: list[dict[str, Any]] = []
    left: list[str] = []

    class Shell(LoneShell):
        def leave(self, what: str) -> None:
            left.append(what)

    shell = Shell.instance()
    shell.enable_matplotlib("inline")
    stand_in(left.append)
    shell.display_pub.publish = lambda data, *_, **__: told.extend([data[VERDICT]] if VERDICT in data else [])
    shell._showtraceback = lambda *_: None  # type: ignore[method-assign]
    sys.stdout = sys.stderr = sink
    for number, source in job["cells"]:
        report.write(json.dumps({"starts": number}) + "\n")
        report.flush()
        told.clear()
        left.clear()
        done = shell.run_cell(source, store_history=True)
        error = done.error_before_exec or done.error_in_exec
        line = {"cell": number, "error": _sentence(error) if error else "", "left": left, "verdicts": told}
        report.write(json.dumps(line) + "\n")
        report.flush()


def _sentence(error: BaseException) -> str:
    lines = traceback.format_exception_only(type(error), error)
    return lines[-1].strip()[:300]


if __name__ == "__main__":
    main()
