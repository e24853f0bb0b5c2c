"""`python -m course term`: one row an assignment, by the dates of course.toml."""

import datetime as dt

import pytest
from click.testing import CliRunner

from course.__main__ import main
from course.autograder.cli.term import state_of
from course.autograder.term.people import Student
from course.autograder.term.roster import write_roster

NOW = dt.datetime(2026, 10, 10, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


@pytest.mark.parametrize(
    "opens, due, state",
    [
        (None, None, "open"),
        (NOW + DAY, None, "opens later"),
        (NOW - DAY, NOW + DAY, "open"),
        (None, NOW - DAY, "past due"),
    ],
)
def test_where_an_assignment_stands(opens, due, state):
    assert state_of(opens, due, NOW) == state


def test_the_table_has_a_row_for_each_assignment(released, tmp_path, monkeypatch):
    root = tmp_path / "root"
    root.mkdir()
    (root / "course").symlink_to(released.root / "course")
    (root / "release").symlink_to(released.root / "release")
    write_roster(root / "roster.csv", [Student("a"), Student("b")])
    (root / "course.toml").write_text(
        "[course]\ntime_zone = 'Asia/Shanghai'\n[assignments.ps0_warmup]\ndue = 2020-01-01T12:00:00\n"
    )
    done = CliRunner().invoke(main, ["--root", str(root), "term"])
    assert done.exit_code == 0, done.output
    row = next(line for line in done.output.splitlines() if "ps0_warmup" in line)
    assert "past due" in row and "2020-01-01" in row and row.split()[-1] == "2"
    assert "Asia/Shanghai" in done.output


def test_a_mistake_in_the_file_is_one_sentence(tmp_path):
    (tmp_path / "course.toml").write_text("[course]\nzone = 'x'\n")
    done = CliRunner().invoke(main, ["--root", str(tmp_path), "term"])
    assert done.exit_code == 1 and "zone is no known key" in done.output
