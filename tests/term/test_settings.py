"""course.toml: what it says is read, and each mistake in it is one sentence."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from course.autograder.settings import FollowUpSettings, LatePolicy, Settings, SettingsError, read

KNOWN = ["ps1_batchnorm", "ps2_dropout"]
WHOLE = """
[course]
id = "dl-autumn"
time_zone = "Europe/Berlin"
not_handed_in = "zero"

[late]
policy = "late_days"
budget = 5
percent = 20
grace_minutes = 10
last_days = 7

[grader]
cell_seconds = 20
memory_mb = 512

[follow_up]
own_gradient_percent = 50
stand_ins = false

[assignments.ps1_batchnorm]
opens = 2026-10-01T08:00:00
due = 2026-10-15T23:59:00
canvas = "ps1 (12345)"

[assignments.ps2_dropout]
due = 2026-11-05T23:59:00+00:00
late = { policy = "none" }
"""


def written(folder, text):
    (folder / "course.toml").write_text(text, encoding="utf-8")
    return folder


def test_without_the_file_all_is_default(tmp_path):
    assert read(tmp_path, KNOWN) == Settings()


def test_the_whole_file_is_read(tmp_path):
    settings = read(written(tmp_path, WHOLE), KNOWN)
    assert settings.id == "dl-autumn" and settings.time_zone == ZoneInfo("Europe/Berlin")
    ps1 = settings.assignment("ps1_batchnorm")
    assert ps1.due.astimezone(dt.UTC) == dt.datetime(2026, 10, 15, 21, 59, tzinfo=dt.UTC)
    assert ps1.canvas == "ps1 (12345)"
    assert settings.late_policy("ps1_batchnorm") == LatePolicy("late_days", 20, 10, 5, 7)
    assert settings.late_policy("ps2_dropout").policy == "none"
    assert settings.grader.memory_mb == 512 and settings.grader.total_seconds is None
    assert settings.follow_up == FollowUpSettings(50, False) and Settings().follow_up == FollowUpSettings(
        80, True
    )


def test_a_byte_order_mark_means_nothing(tmp_path):
    (tmp_path / "course.toml").write_bytes(b"\xef\xbb\xbf[course]\nid = 'x'\n")
    assert read(tmp_path).id == "x"


def test_an_hour_that_comes_twice_means_the_second(tmp_path):
    text = "[course]\ntime_zone = 'Europe/Berlin'\n[assignments.ps1_batchnorm]\ndue = 2026-10-25T02:30:00\n"
    due = read(written(tmp_path, text), KNOWN).assignment("ps1_batchnorm").due
    assert due.astimezone(dt.UTC) == dt.datetime(2026, 10, 25, 1, 30, tzinfo=dt.UTC)


MISTAKES = {
    "[course]\ntimezone = 'Europe/Berlin'": "timezone is no known key; did you mean time_zone?",
    "[corse]\nid = 'x'": "corse is no known key; did you mean course?",
    "[course]\ntime_zone = 'Europe/Berln'": "did you mean Europe/Berlin?",
    "[course]\nid = 3": "id is 3; wanted: text in quotes",
    "[course]\nnot_handed_in = 'nothing'": "wanted: one of blank, zero",
    "course = 3": "course is 3; wanted: a table",
    "[late]\npolicy = 'per_day'\npercent = -5": "percent is -5; wanted: a number from 0 to 100",
    "[late]\npolicy = 'late_days'": "late_days without a budget",
    "[late]\npolicy = 'per_day'\nbudget = 3": "budget is for policy",
    "[late]\nbudget = 1.5": "wanted: a whole number",
    "[late]\ngrace_minutes = true": "grace_minutes is True; wanted: a number",
    "[assignments.ps1_batchnorm]\ndue = 2026-10-15T23:59:00": "has no time zone",
    "[assignments.ps1_batchnorm]\ndue = 2026-10-15": "wanted: a date with a time",
    "[assignments.ps1_batchnorm]\ndue = '2026-10-15'": "wanted: a date with a time and without quotes",
    "[assignments.ps1_batchnrm]": "did you mean ps1_batchnorm?",
    "[assignments.ps1_batchnorm]\nopens = 2026-10-02T00:00:00Z\ndue = 2026-10-01T00:00:00Z": "which is not before due",
    "[assignments.ps1_batchnorm]\npoints = 3": "points is 3; wanted: a table",
    "[assignments.ps1_batchnorm]\nwithdrawn = 'normalize'": "withdrawn is 'normalize'; wanted: a table",
    "[assignments.ps1_batchnorm.withdrawn]\nnormalize = true": "wanted: one of full points, out of the sum",
    "[assignments.ps1_batchnorm.points]\nnormalize = -1": "wanted: a number, at least 0",
    "[assignments.ps1_batchnorm.points]\nnormalize = 0": 'say normalize = "out of the sum" under [assignments.ps1',
    "[assignments.ps1_batchnorm.late]\npolicy = 'late_days'\nbudget = 2": "say it in [late]",
    "[grader]\ncell_seconds = 0": "wanted: a number from 0.1 to 604800",
    "[grader]\nmemory_mb = inf": "memory_mb is inf; wanted: a number from 64 to 999999",
    "[grader]\ntotal_seconds = 1e300": "wanted: a number from 0.1 to 604800",
    "[late]\ngrace_minutes = inf": "wanted: a number from 0 to 527040",
    "[late]\nlast_days = 1e300": "wanted: a number from 0 to 3660",
    "[assignments.ps1_batchnorm.points]\nnormalize = inf": "wanted: a number, at least 0",
    "[assignments.ps1_batchnorm]\ndue = 2026-10-10T24:00:00": "a day ends at 23:59:59",
    "[course]\nroster = ''": "roster is ''; wanted: the name of a file",
    "[course]\nlessons_url = 'lessons.example.org'": "wanted: an address that begins with http:// or https://",
    "[follow_up]\nown_gradient_percent = 101": "wanted: a number from 0 to 100",
    "[follow_up]\nstand_ins = 1": "wanted: true or false",
    "[follow_up]\ngradient = 3": "gradient is no known key",
    "[course\nid = 3": "course.toml is not TOML",
    "[course]\nid = x": "at line 2, column 6), which is 'id = x'; text stands in quotes",
    "[assignments.ps1_batchnorm]\ndue = 2026-10-10T20:00": "with its seconds, as 2026-10-15T23:59:00",
    "[assignments.ps1_batchnorm]\ndue = 2026-10-10 20:00+02:00 # late": "with its seconds, as 2026-10-15T23:59:00",
    "[course]\ntime_zone = 'Europe/Berlin'\n[assignments.ps1_batchnorm]\ndue = 2026-03-29T02:30:00": "summer time skips",
}


@pytest.mark.parametrize("text", MISTAKES)
def test_a_mistake_is_one_sentence(tmp_path, text):
    with pytest.raises(SettingsError) as caught:
        read(written(tmp_path, text), KNOWN)
    told = str(caught.value)
    assert MISTAKES[text] in told and told.startswith("course.toml") and "\n" not in told


def test_bytes_that_are_no_text_are_said_so(tmp_path):
    (tmp_path / "course.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match="UTF-8"):
        read(tmp_path)
