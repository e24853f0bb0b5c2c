"""The time of handing in: read whatever saved it, and never guessed."""

from datetime import UTC, datetime

import pytest

from course.autograder.intake.timestamp import HandedInAt, handed_in_at

NOW = datetime(2026, 12, 1, tzinfo=UTC)
SOUND = "2026-11-25 01:45:34"
READ = {
    "as the exchange writes it": f"{SOUND}.123456 UTC".encode(),
    "with a mark": f"\ufeff{SOUND} UTC\r\n".encode(),
    "utf-16 with a mark": f"{SOUND} UTC".encode("utf-16"),
    "utf-16, little": f"{SOUND} UTC\n".encode("utf-16-le"),
    "utf-16, big": f"{SOUND} UTC\n".encode("utf-16-be"),
    "no zone, as nbgrader reads it": SOUND.encode(),
    "iso": SOUND.replace(" ", "T").encode() + b"Z",
    "an offset": b"2026-11-25 09:45:34 +0800",
    "an offset at once": b"2026-11-25T09:45:34+08:00",
    "a zone by name": b"2026-11-25 09:45:34 Asia/Shanghai",
    "blanks around": f"\n  {SOUND}   UTC \n".encode(),
}
UNREAD = {
    "5": "'5', which is no date",
    "yesterday evening": "'yesterday evening', which is no date",
    "1700000000": "which is no date",
    f"{SOUND} PST": "PST', which is no date with a time and a known time zone",
    "2026-11-25": "which is no date with a time",
    "25.11.2026 01:45": "which is no date",
    "2026-13-45 01:45:34 UTC": "which is no date",
    f"{SOUND} +99:99": "known time zone",
    f"{SOUND} ../../etc/passwd": "known time zone",
    "": "is empty",
    "\x00\x1b[31m": "'\\x00\\x1b[31m', which",
    "x" * 500: "is 500 bytes long",
    "1970-01-01 00:00:00 UTC": "when nobody can have handed in",
    "2031-01-01 00:00:00 UTC": "when nobody can have handed in",
    "9999-12-31 23:59:59 -14:00": "which is no date",
}


@pytest.mark.parametrize("how", READ)
def test_a_date_with_a_time_is_read_whatever_wrote_it(how, tmp_path):
    (tmp_path / "timestamp.txt").write_bytes(READ[how])
    found = handed_in_at(tmp_path, NOW)
    assert found.problem == "" and found.utc.startswith(SOUND) and found.utc.endswith(" UTC")


@pytest.mark.parametrize("said", UNREAD)
def test_what_is_no_date_with_a_time_is_said_and_never_guessed(said, tmp_path):
    (tmp_path / "timestamp.txt").write_text(said)
    found = handed_in_at(tmp_path, NOW)
    assert found.utc is None and UNREAD[said] in found.problem


def test_no_file_is_no_problem_and_a_link_is_one(tmp_path):
    assert handed_in_at(tmp_path) == HandedInAt()
    (tmp_path / "timestamp.txt").symlink_to("/etc/hostname")
    assert handed_in_at(tmp_path).problem == "timestamp.txt is no file"
