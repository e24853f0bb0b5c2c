"""Sixty people with each platform: roster, collect, grade, export, and everyone has their own points."""

import csv
import io
import json
import shutil
import zipfile

import pytest
from click.testing import CliRunner

from course.__main__ import main
from course.autograder.cli.sample_class import expected, make_class
from course.autograder.grading import driver
from course.autograder.sandbox import confinement
from course.autograder.term.roster import read_roster
from tests.term import class60
from tests.term.class60 import CLASS, PRESENT, PS0

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(confinement.missing()), reason="; ".join(confinement.missing())),
    pytest.mark.xdist_group("term"),
]
DUE = f'[course]\nnot_handed_in = "zero"\n[assignments.{PS0}]\ndue = 2026-10-15T22:00:00Z\n'
GIVEN = {
    "canvas": (class60.canvas_csv, class60.canvas_zip),
    "moodle": (class60.worksheet, class60.moodle_zip),
    "gradescope": (class60.gradescope_csv, class60.gradescope_zip),
    "csv": (class60.gradescope_csv, class60.exchange),
}


def run(root, *words, code=0):
    done = CliRunner().invoke(main, ["--root", str(root), *map(str, words)], input="y\n")
    assert done.exit_code == code, done.output
    return " ".join(done.output.split())


def taken_in(root, folder, platform, books):
    """Roster and hand-ins of one platform, by the commands of a term."""
    roster, submissions = GIVEN[platform]
    folder.mkdir(exist_ok=True)
    (folder / "class.csv").write_bytes(roster())
    (root / "course.toml").write_text(DUE)
    run(root, "roster", "import", folder / "class.csv")
    return run(root, "collect", PS0, submissions(folder / "in.zip", books))


@pytest.fixture(scope="module")
def books(released_alone, tmp_path_factory):
    root = tmp_path_factory.mktemp("books") / "root"
    shutil.copytree(released_alone(PS0).root, root)
    make_class(root, PS0)
    return {p.parents[1].name: p.read_bytes() for p in (root / "submitted").glob(f"*/*/{PS0}.ipynb")}


@pytest.fixture(scope="module")
def graded(released_alone, books, marked_here, tmp_path_factory):
    """Taken in from Gradescope, and graded once."""
    root = tmp_path_factory.mktemp("sixty") / "root"
    shutil.copytree(released_alone(PS0).root, root)
    taken_in(root, root / "given", "gradescope", books)
    rows = driver.grade(root, PS0, None, driver.Plan(marking=marked_here))
    assert len(rows) == len(PRESENT)
    return root


@pytest.fixture(scope="module")
def points():
    worth = {row.student: row.points for row in expected(PS0)}
    return {one.id: worth[one.like] if one in PRESENT else 0 for one in CLASS}


def placed(root):
    top = root / "submitted"
    return {p.relative_to(top).as_posix(): p.read_bytes() for p in sorted(top.rglob("*.ipynb"))}


@pytest.fixture(params=GIVEN)
def there(request, graded, books, tmp_path):
    """The graded course, with roster and hand-ins taken in anew from a platform."""
    root = tmp_path / "root"
    shutil.copytree(graded, root, ignore=shutil.ignore_patterns("submitted", "roster.csv", "given"))
    told = taken_in(root, tmp_path / "given", request.param, books)
    return request.param, root, told, tmp_path / "given" / "class.csv"


def test_everyone_has_their_own_points_there_and_back(there, graded, points):
    platform, root, told, given = there
    assert placed(root) == placed(graded)  # two of one name, s005 and s006, among them
    assert {one.id for one in read_roster(root / "roster.csv")} >= set(points)
    assert "handed in nothing here: s058, s059, s060" in told and "nobody" not in told
    if platform == "canvas":
        late = [one.id for one in PRESENT if one.late]
        assert f"{len(late)} came late, and when is not said: {', '.join(late)}" in told
        refused = run(root, "export", PS0, "--to", "canvas", "--into", given, code=1)
        assert "nobody has said when (late_marks.csv)" in refused
        marks = root / "late_marks.csv"
        marks.write_text(
            "".join(
                f"{line}\n" if n == 0 else f"{line}in time\n"
                for n, line in enumerate(marks.read_text().splitlines())
            )
        )
    into = ("--into", given) if platform in ("canvas", "moodle") else ()
    run(root, "export", PS0, "--to", platform, *into)
    assert EXPORTED[platform](root / "exports") == {id: f"{worth:g}" for id, worth in points.items()}


def rows_of(path):
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"))))


def from_canvas(exports):
    data = (exports / f"{PS0}-canvas.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbfStudent,ID,") and data.count(b"\r\n") == data.count(b"\n")
    rows = rows_of(exports / f"{PS0}-canvas.csv")
    column = "ps0 warm-up (31)"
    assert list(rows[0])[-1] == column and rows[1][column] == "10.00"  # the blank row means nothing to Canvas
    assert [row[column] for row in rows[-2:]] == ["", "N/A"]
    return {row["SIS User ID"]: row[column] for row in rows if row["SIS User ID"].startswith("s")}


def from_moodle(exports):
    rows = rows_of(exports / f"{PS0}-moodle.csv")
    with zipfile.ZipFile(exports / f"{PS0}-moodle.feedback.zip") as archive:
        folders = {name.split("/")[0] for name in archive.namelist()}
    wanted = {f"{p.name.replace('_', ' ')}_{p.number}_assignsubmission_file" for p in PRESENT}
    assert folders == wanted
    return {row["ID number"]: row["Grade"] for row in rows}


def from_gradescope(exports):
    found = {
        p.stem: json.loads(p.read_text())["score"] for p in (exports / f"{PS0}-gradescope").glob("*.json")
    }
    return {id: f"{score:g}" for id, score in found.items()} | {
        one.id: "0" for one in CLASS if one not in PRESENT
    }


def from_csv(exports):
    return {row["student"]: row["points"] for row in rows_of(exports / f"{PS0}.csv")}


EXPORTED = {"canvas": from_canvas, "moodle": from_moodle, "gradescope": from_gradescope, "csv": from_csv}
