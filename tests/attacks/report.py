"""Runs every entry here and under stock nbgrader, and writes docs/security.md from what came of it.

python -m tests.attacks.report [--stock results.json]    (results of `python -m tests.attacks.stock`, run before)
"""

import json
import platform
import sys
from datetime import date
from pathlib import Path

from jinja2 import Environment, FileSystemLoader

from course.autograder.engine.engine import Engine
from course.autograder.sandbox import landlock
from tests.attacks.stock import fooled, run_stock
from tests.attacks.suite import ASSIGNMENT, FAMILIES, ORDINARY, POINTS, STRICT, Attack, attacks, taken_in

FOLDER = Path(__file__).parent
TITLES = {
    "forged": "Forged scores, in code",
    "notebook": "Forged scores, in the notebook file",
    "beside": "Files handed in beside the notebook",
    "stolen": "Stolen answers, and doors out",
    "denial": "Denial",
    "honest": "Honest, and noisy",
}


def run_ours(chosen: list[Attack]) -> dict[str, str]:
    """What this engine makes of each, in the same words as `run_stock`."""
    results = {}
    with Engine(STRICT) as strict, Engine(ORDINARY) as ordinary:
        for attack in chosen:
            engine = strict if attack.family == "denial" else ordinary
            ledger = engine.run(taken_in(attack), assignment=ASSIGNMENT, student_seed=7).ledger
            points = {name: ledger[name].points if name in ledger else 0.0 for name in attack.points}
            results[attack.id] = ", ".join(f"{n} {p:g} of {POINTS[n]:g}" for n, p in points.items())
    return results


def _short(attack: Attack, result: str) -> str:
    """A result as it stands in the table."""
    if result.startswith("not run"):
        return f"*{result}*"
    words = result.replace("batch_moments 5 of 5, ", "").replace("normalize ", "")
    return f"**{words}**" if fooled(attack, result) else words


def write(ours: dict[str, str], stock: dict[str, str], path: Path) -> None:
    """The document."""
    known = attacks()
    families = []
    for family in FAMILIES:
        members = [a for a in known if a.family == family]
        rows = [(a, _short(a, ours[a.id]), _short(a, stock.get(a.id, "not run: no result"))) for a in members]
        tried = [a for a in members if fooled(a, stock.get(a.id, "not run")) is not None]
        families.append(
            {
                "title": TITLES[family],
                "rows": rows,
                "count": len(members),
                "ours": sum(bool(fooled(a, ours[a.id])) for a in members),
                "tried": len(tried),
                "stock": sum(bool(fooled(a, stock[a.id])) for a in tried),
            }
        )
    environment = Environment(loader=FileSystemLoader(FOLDER), trim_blocks=True, lstrip_blocks=True)
    kernel = f"Linux {'.'.join(platform.release().split('.')[:2])}, Landlock {landlock.version()}"
    text = environment.get_template("security.md.jinja").render(
        families=families, day=date.today().isoformat(), kernel=kernel, python=platform.python_version()
    )
    path.write_text(text.rstrip() + "\n")


if __name__ == "__main__":
    given = sys.argv[2] if sys.argv[1:2] == ["--stock"] else ""
    found = json.loads(Path(given).read_text()) if given else run_stock(attacks())
    write(run_ours(attacks()), found, FOLDER.parent.parent / "docs" / "security.md")
