"""`python -m course roster`: shows what changes before it writes, and names nobody unless asked."""

import pytest
from click.testing import CliRunner

from course.__main__ import main
from course.autograder.term.roster import read_roster

FILE = "id,name,email\njm12,Jana Müller,jm12@uni.example\nll34,李雷,ll34@uni.example\n"


@pytest.fixture
def run(tmp_path):
    def go(*words, **more):
        return CliRunner().invoke(main, ["--root", str(tmp_path), "roster", *map(str, words)], **more)

    return go


def test_an_import_shows_what_changes_then_asks_then_writes(run, tmp_path):
    (tmp_path / "in.csv").write_text(FILE)
    refused = run("import", tmp_path / "in.csv", input="n\n")
    assert refused.exit_code == 1 and "jm12" in refused.output and not (tmp_path / "roster.csv").exists()
    done = run("import", tmp_path / "in.csv", input="y\n")
    assert done.exit_code == 0 and [s.id for s in read_roster(tmp_path / "roster.csv")] == ["jm12", "ll34"]
    assert "nothing changes" in run("import", tmp_path / "in.csv").output


def test_a_dry_run_writes_nothing(run, tmp_path):
    (tmp_path / "in.csv").write_text(FILE)
    assert run("import", tmp_path / "in.csv", "--dry-run").exit_code == 0
    assert not (tmp_path / "roster.csv").exists()


def test_names_are_shown_only_when_asked_for(run, tmp_path):
    (tmp_path / "in.csv").write_text(FILE)
    told = run("import", tmp_path / "in.csv", "--yes").output + run("show").output
    assert "Jana" not in told and "@" not in told
    assert "Jana" in run("show", "--names").output


def test_a_file_that_is_no_roster_is_one_sentence(run, tmp_path):
    (tmp_path / "in.csv").write_text("a,b\n1,2\n")
    done = run("import", tmp_path / "in.csv")
    assert done.exit_code == 1 and "is no roster" in done.output and "Traceback" not in done.output
    assert "there is no roster" in run("show").output


def test_whoever_is_on_the_roster_is_in_the_gradebook(run, tmp_path):
    from course.autograder.gradebook.course import Course

    (tmp_path / "in.csv").write_text(FILE)
    assert run("import", tmp_path / "in.csv", "--yes").exit_code == 0
    with Course(tmp_path).gradebook() as gradebook:
        known = {one.id: (one.first_name, one.last_name) for one in gradebook.students}
    assert known == {"jm12": ("Jana", "Müller"), "ll34": (None, "李雷")}
