"""Hand-ins come in from each platform; nothing that lies there is lost, and a hostile zip costs nobody else's."""

import io
import os
import stat
import struct
import zipfile
from pathlib import Path

import pytest

from course.autograder.term import sources
from course.autograder.term.match import Matcher
from course.autograder.term.people import Student
from course.autograder.term.platforms import _canvas, recognise
from course.autograder.term.roster import write_roster
from course.autograder.term.sources import SourceError, ZipSource, open_source, safe_name
from tests.term.small import PS1, collect, course_of

BOOK = b'{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'
ROSTER = [
    Student("jm12", "Jana Müller", "jm12@u.example", canvas_id="1001", moodle_id="501", github="jana-m"),
    Student("ll34", "李 雷", "ll34@u.example", canvas_id="1002", moodle_id="502", github="lilei"),
]


def zipped(path, files):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items() if isinstance(files, dict) else files:
            archive.writestr(name, content)
    return path


FORMATS = {
    "Canvas": {
        "müllerjana_1001_2001_ps1_batchnorm-1.ipynb": BOOK,
        "李雷_LATE_1002_2002_ps1_batchnorm.ipynb": BOOK,
        "李雷_LATE_1002_2003_notes_with_1_2_numbers.txt": b"x",
    },
    "Moodle": {
        "Jana Müller_501_assignsubmission_file/ps1_batchnorm.ipynb": BOOK,
        "李 雷_502_assignsubmission_file_/sub/ps1_batchnorm.ipynb": BOOK,
        "李 雷_502_assignsubmission_onlinetext/onlinetext.html": b"<p>hi</p>",
    },
    "nbgrader": {
        "jm12+ps1_batchnorm+2026-10-15 21:00:00.123456 UTC+abc_DEF-9/ps1_batchnorm.ipynb": BOOK,
        "ll34+ps1_batchnorm+2026-10-14 21:00:00.123456 UTC/ps1_batchnorm.ipynb": b"old",
        "ll34+ps1_batchnorm+2026-10-16 21:00:00.123456 UTC/ps1_batchnorm.ipynb": BOOK,
    },
    "Gradescope": {
        "assignment_9_export/submission_metadata.yml": (
            "submission_1:\n  :submitters:\n  - :name: Jana Müller\n    :email: jm12@u.example\n"
            "  :created_at: 2026-10-15 20:00:00.000000000 Z\n"
            "submission_2:\n  :submitters:\n  - :name: 李 雷\n    :email: ll34@u.example\n"
            "  :created_at: 2026-10-16 20:00:00 +0000\n"
        ).encode(),
        "assignment_9_export/submission_1/ps1_batchnorm.ipynb": BOOK,
        "assignment_9_export/submission_2/ps1_batchnorm.ipynb": BOOK,
    },
    "Blackboard": {
        "PS 1_jm12_attempt_2026-10-15-21-59-00_ps1_batchnorm.ipynb": BOOK,
        "PS 1_jm12_attempt_2026-10-15-21-59-00.txt": b"Name: Jana Mueller (jm12)",
        "PS 1_ll34_attempt_2026-10-16-08-00-00_my_ps1_batchnorm.ipynb": BOOK,
    },
    "Brightspace": {
        "12-34 - Jana Müller - Oct 15, 2026 959 PM/ps1_batchnorm.ipynb": BOOK,
        "56-78 - 李 雷 - Oct 16, 2026 1105 AM - ps1_batchnorm.ipynb": BOOK,
    },
    "Sakai": {
        "PS 1/grades.csv": b"Display ID,ID,Last Name,First Name,grade",
        "PS 1/Müller, Jana(jm12)/timestamp.txt": b"2026-10-15T20:00:00.123Z",
        "PS 1/Müller, Jana(jm12)/Submission attachment(s)/ps1_batchnorm.ipynb": BOOK,
        "PS 1/Müller, Jana(jm12)/comments.txt": b"",
        "PS 1/Müller, Jana(jm12)/Feedback Attachment(s)/seen.pdf": b"from the teacher",
        "PS 1/李, 雷(ll34)/timestamp.txt": b"20261016200000123",
        "PS 1/李, 雷(ll34)/Submission attachment(s)/my work.ipynb": BOOK,
        "PS 1/李, 雷(ll34)/Submission attachment(s)/comments.txt": b"the student's own",
        "PS 1/李, 雷(ll34)/李, 雷(ll34)_submissionText.html": b"<p>hi</p>",
    },
    "ILIAS": {
        "Mueller_Jana_jm12_4711/ps1_batchnorm.ipynb": BOOK,
        "Li_Lei_ll34_4712/Late Submission - ps1_batchnorm.ipynb": BOOK,
    },
    "a plain folder": {"class/jm12/ps1_batchnorm.ipynb": BOOK, "class/lilei/ps1_batchnorm/x.ipynb": BOOK},
}


@pytest.fixture
def course(tmp_path, root):
    return course_of(tmp_path / "course", root, ROSTER)


def placed(course):
    top = course / "submitted"
    return {
        p.relative_to(top).as_posix() for p in top.rglob("*") if p.is_file() and p.name != "timestamp.txt"
    }


@pytest.mark.parametrize("kind", FORMATS)
def test_each_format_is_known_and_placed(course, tmp_path, kind):
    path = zipped(tmp_path / "in.zip", FORMATS[kind])
    dry = collect(course, path, "--dry-run")
    assert dry.exit_code == 0 and f"is {kind}" in dry.output and not (course / "submitted").exists()
    done = collect(course, path)
    assert done.exit_code == 0, done.output
    assert {name.split("/")[0] for name in placed(course)} == {"jm12", "ll34"}
    assert (course / "submitted" / "jm12" / PS1).joinpath("ps1_batchnorm.ipynb").read_bytes() == BOOK
    again = collect(course, path)
    assert "0 placed" in again.output and not (course / "attempts" / "ll34").exists()


def test_sakai_gives_times_in_utc_and_people_who_hand_in_together_get_the_same(course, tmp_path):
    together = {"PS 1/Müller, Jana(jm12); 李, 雷(ll34)/Submission attachment(s)/a.ipynb": BOOK}
    assert collect(course, zipped(tmp_path / "g.zip", together)).exit_code == 0
    assert placed(course) == {f"jm12/{PS1}/a.ipynb", f"ll34/{PS1}/a.ipynb"}
    done = collect(course, zipped(tmp_path / "in.zip", FORMATS["Sakai"]))
    stamps = [(course / "submitted" / who / PS1 / "timestamp.txt").read_text() for who in ("jm12", "ll34")]
    assert stamps == ["2026-10-15 20:00:00.123000 UTC", "2026-10-16 20:00:00.000000 UTC"]
    assert "seen.pdf" not in str(placed(course)) and f"ll34/{PS1}/comments.txt" in placed(course)
    assert "is not named as Sakai" not in done.output


def test_sakai_without_folders_and_in_another_language(course, tmp_path):
    flat = {
        "PS 1/Müller, Jana(jm12)_Submission attachment(s)_my_ps1_batchnorm.ipynb": BOOK,
        "PS 1/李, 雷(ll34)_Submission attachment(s)_ps1_batchnorm.ipynb": BOOK,
    }
    assert "is Sakai" in collect(course, zipped(tmp_path / "flat.zip", flat)).output
    assert placed(course) == {f"jm12/{PS1}/my_ps1_batchnorm.ipynb", f"ll34/{PS1}/ps1_batchnorm.ipynb"}
    spanish = {"PS 1/Müller, Jana(jm12)/Adjuntos a la entrega/ps1_batchnorm.ipynb": b"newer"}
    assert "is Sakai" in collect(course, zipped(tmp_path / "es.zip", spanish)).output
    assert (course / "submitted" / "jm12" / PS1 / "ps1_batchnorm.ipynb").read_bytes() == b"newer"


def test_ilias_says_who_was_late_and_a_folder_that_looks_like_its_own_is_still_its_student_s(
    course, tmp_path
):
    done = collect(course, zipped(tmp_path / "in.zip", FORMATS["ILIAS"]), "--dry-run")
    assert "yes; when is not said" in done.output
    write_roster(course / "roster.csv", [Student("first_last_group_3", "First Last")])
    own = {"first_last_group_3/ps1_batchnorm.ipynb": BOOK}
    assert collect(course, zipped(tmp_path / "own.zip", own)).exit_code == 0
    assert placed(course) == {f"first_last_group_3/{PS1}/ps1_batchnorm.ipynb"}


def test_what_is_known_of_time_is_kept_and_lateness_told(course, tmp_path):
    done = collect(course, zipped(tmp_path / "in.zip", FORMATS["Gradescope"]))
    stamp = (course / "submitted" / "ll34" / PS1 / "timestamp.txt").read_text()
    assert stamp == "2026-10-16 20:00:00.000000 UTC" and "22 h" in done.output
    assert (
        "yes; when is not said"
        in collect(course, zipped(tmp_path / "c.zip", FORMATS["Canvas"]), "--dry-run").output
    )


def test_an_earlier_attempt_is_kept_when_a_newer_one_comes(course, tmp_path):
    collect(course, zipped(tmp_path / "one.zip", {"jm12/a.ipynb": b"one"}))
    collect(course, zipped(tmp_path / "two.zip", {"jm12/a.ipynb": b"two"}))
    assert (course / "submitted" / "jm12" / PS1 / "a.ipynb").read_bytes() == b"two"
    assert [p.read_bytes() for p in (course / "attempts").rglob("a.ipynb")] == [b"one"]


def test_an_older_attempt_never_takes_the_place_of_a_newer(course, tmp_path):
    collect(course, zipped(tmp_path / "in.zip", FORMATS["nbgrader"]))
    old = {"ll34+ps1_batchnorm+2026-10-01 21:00:00.1 UTC/ps1_batchnorm.ipynb": b"very old"}
    done = collect(course, zipped(tmp_path / "old.zip", old))
    assert "is older" in done.output
    assert (course / "submitted" / "ll34" / PS1 / "ps1_batchnorm.ipynb").read_bytes() == BOOK


def test_who_is_not_on_the_roster_is_told_with_the_nearest_and_a_mapping_settles_it(course, tmp_path):
    path = zipped(tmp_path / "in.zip", {"Jana Muller_77_assignsubmission_file/x.ipynb": BOOK})
    done = collect(course, path)
    assert done.exit_code == 1 and "Jana Muller (77) is nobody" in done.output and "jm12" in done.output
    assert not placed(course)
    (course / "matches.csv").write_text("called,id\nJana Muller (77),jm12\n")
    assert collect(course, path).exit_code == 0 and placed(course) == {f"jm12/{PS1}/x.ipynb"}


def hostile(kind: str) -> bytes:
    """A zip of Moodle's with one bad entry beside a good one."""
    good = "Jana Müller_501_assignsubmission_file/ps1.ipynb"
    bad = "李 雷_502_assignsubmission_file/ps1.ipynb"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(good, BOOK)
        entry = zipfile.ZipInfo(
            {"climbs": f"../{bad}", "absolute": f"/etc/{bad}", "drive": f"C:/{bad}"}.get(kind, bad)
        )
        entry.compress_type = zipfile.ZIP_DEFLATED
        if kind == "link":
            entry.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(entry, b"\0" * (20 * 2**20) if kind == "bomb" else BOOK)
        if kind == "alike":
            archive.writestr(good.replace("Jana", "JANA"), b"other")
    data = bytearray(packed.getvalue())
    if kind == "encrypted":  # the flag, in both of the entry's headers
        local = data.index(b"PK\x03\x04", 10)
        central = data.index(b"PK\x01\x02", data.index(b"PK\x01\x02") + 10)
        data[local + 6] |= 1
        data[central + 8] |= 1
    if kind == "damaged":
        local = data.index(b"PK\x03\x04", 10)
        start = local + 30 + struct.unpack("<H", data[local + 26 : local + 28])[0]
        data[start : start + 4] = b"\xff\xff\xff\xff"
    return bytes(data)


HOSTILE = {
    "climbs": "leads out of the zip", "absolute": "leads out of the zip", "drive": "leads out of the zip",
    "link": "is a link", "bomb": "unpack to far more than it is", "encrypted": "is encrypted", "damaged": "is damaged",
    "alike": "has the name of another entry",
}  # fmt: skip


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_bad_entry_gets_one_sentence_and_the_rest_comes_in(course, tmp_path, kind):
    (tmp_path / "in.zip").write_bytes(hostile(kind))
    done = collect(course, tmp_path / "in.zip")
    told = " ".join(done.output.split())
    assert HOSTILE[kind] in told and "Traceback" not in told
    assert (course / "submitted" / "jm12" / PS1 / "ps1.ipynb").read_bytes() == BOOK
    assert not any(p.is_symlink() for p in course.rglob("*") if "assignments" not in p.parts)


def test_ten_thousand_entries_come_in_and_far_more_do_not(tmp_path, monkeypatch):
    path = zipped(tmp_path / "in.zip", {f"s{n}/x.ipynb": b"" for n in range(10_000)})
    assert len(ZipSource(path).names()) == 10_000
    monkeypatch.setattr(sources, "MOST_ENTRIES", 9_999)
    with pytest.raises(SourceError, match="10000 entries"):
        ZipSource(path)


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"hello", b"PK\x05\x06" + b"\0" * 10])
def test_what_is_no_zip_is_one_sentence(course, tmp_path, data):
    (tmp_path / "in.zip").write_bytes(data)
    done = collect(course, tmp_path / "in.zip")
    assert (
        done.exit_code == 1 and "is no zip that can be read" in done.output and "Traceback" not in done.output
    )


@pytest.mark.parametrize(
    "name", ["../../x", "a\\..\\b.ipynb", "CON.ipynb", "\x1b[31m.ipynb", "", "...", "é" * 300 + ".ipynb"]
)
def test_a_file_gets_a_name_that_every_system_holds(name):
    safe = safe_name(name)
    assert safe and "/" not in safe and safe.isprintable() and len(safe.encode()) <= 200
    assert safe.partition(".")[0].casefold() != "con"


def test_a_folder_is_looked_through_without_following_links(tmp_path):
    (tmp_path / "in" / "jm12").mkdir(parents=True)
    (tmp_path / "in" / "jm12" / "a.ipynb").write_bytes(BOOK)
    (tmp_path / "in" / "jm12" / "._a.ipynb").write_bytes(b"x")
    (tmp_path / "in" / "link").symlink_to("/etc")
    source = open_source(tmp_path / "in")
    assert source.names() == ["jm12/a.ipynb"] and "is a link" in source.refused[0]


@pytest.mark.parametrize(
    "name, called, user, late, original",
    [
        ("doejane2_1001_2001_ps1.ipynb", "doejane2", "1001", False, "ps1.ipynb"),
        ("a_b_LATE_1001_2001_my_1_2_x-3.ipynb", "a_b", "1001", True, "my_1_2_x.ipynb"),
        ("李雷_1002_2002_ps1-7d3f0a1b-1111-2222-3333-444455556666.ipynb", "李雷", "1002", False, "ps1.ipynb"),
        ("1001_2001_ps1.ipynb", "user 1001", "1001", False, "ps1.ipynb"),
    ],
)
def test_names_of_canvas_are_read_field_by_field(name, called, user, late, original):
    piece = _canvas(name)
    assert (piece.called, piece.by["canvas_id"], piece.late, piece.original) == (called, user, late, original)


def test_anonymous_hand_ins_are_told_apart(tmp_path):
    path = zipped(
        tmp_path / "in.zip", {"anon_Ab3x9_2002_ps1.ipynb": BOOK, "LATE_anon_Zz_2003_ps1.ipynb": BOOK}
    )
    found = recognise(open_source(path), PS1)
    assert [p.called for p in found.pieces] == ["anonymous Ab3x9", "anonymous Zz"] and found.pieces[1].late
    assert Matcher(ROSTER).find(found.pieces[0].called, **found.pieces[0].by).student is None


@pytest.mark.parametrize("text", ["- 1", "a: [", "submission_1: 3\n", "&a [*a, *a]"])
def test_gradescope_metadata_that_is_none_is_told(course, tmp_path, text):
    files = {"submission_metadata.yml": text, "submission_1/x.ipynb": BOOK}
    done = collect(course, zipped(tmp_path / "in.zip", files))
    assert "Traceback" not in done.output and (done.exit_code == 1 or "no submitters" in done.output)
    assert isinstance(done.exception, SystemExit | None.__class__)


def test_a_place_that_cannot_be_written_is_one_sentence(course, tmp_path, monkeypatch):
    def refuse(self: Path, *args: object, **more: object) -> None:
        raise PermissionError(13, "Permission denied")

    path = zipped(tmp_path / "in.zip", FORMATS["Moodle"])
    monkeypatch.setattr(Path, "rename", refuse)
    done = collect(course, path)
    assert done.exit_code == 1 and "could not be placed: Permission denied" in done.output


def test_a_number_of_moodle_says_nothing_by_itself(course, tmp_path):
    """501 was Jana's in another assignment; here it is Li Lei's."""
    path = zipped(tmp_path / "in.zip", {"李 雷_501_assignsubmission_file/x.ipynb": b"Li Lei's"})
    assert collect(course, path).exit_code == 0 and placed(course) == {f"ll34/{PS1}/x.ipynb"}
    blind = zipped(tmp_path / "blind.zip", {"Participant_501_assignsubmission_file/x.ipynb": BOOK})
    done = collect(course, blind)
    assert done.exit_code == 1 and "Participant (501) is nobody on the roster" in done.output
    (tmp_path / "sheet.csv").write_text(
        "Identifier,Full name,Email address,Grade,Maximum Grade\nParticipant 501,,jm12@u.example,,100\n"
    )
    assert collect(course, blind, "--worksheet", tmp_path / "sheet.csv").exit_code == 0
    assert placed(course) == {f"ll34/{PS1}/x.ipynb", f"jm12/{PS1}/x.ipynb"}


def test_a_number_tells_two_of_one_name_apart(course, tmp_path):
    twins = [Student("k1", "Kim Lee", moodle_id="7"), Student("k2", "Kim Lee", moodle_id="8")]
    write_roster(course / "roster.csv", twins)
    path = zipped(tmp_path / "in.zip", {"Kim Lee_8_assignsubmission_file/x.ipynb": BOOK})
    assert collect(course, path).exit_code == 0 and placed(course) == {f"k2/{PS1}/x.ipynb"}


def test_canvas_is_matched_by_name_where_no_id_is_known_and_never_against_an_id(course, tmp_path):
    write_roster(course / "roster.csv", [Student("a", "Jane van Doe"), Student("b", "Max Po", canvas_id="9")])
    files = {"doejanevan_1001_2001_x.ipynb": BOOK, "pomax_1002_2002_x.ipynb": BOOK}
    done = collect(course, zipped(tmp_path / "in.zip", files))
    assert placed(course) == {f"a/{PS1}/x.ipynb"} and "pomax is nobody on the roster" in done.output


def test_late_without_a_time_is_asked_for_and_answered(course, tmp_path):
    path = zipped(tmp_path / "c.zip", FORMATS["Canvas"])
    done = " ".join(collect(course, path).output.split())
    assert "1 came late, and when is not said: ll34. Write it into late_marks.csv" in done
    marks = course / "late_marks.csv"
    assert marks.read_text() == f"assignment,student,at\n{PS1},ll34,\n"
    marks.write_text(marks.read_text().replace("ll34,", "ll34,tomorrow"))
    done = collect(course, path)
    assert done.exit_code == 1 and "late_marks.csv, ll34: at is 'tomorrow'" in " ".join(done.output.split())
    marks.write_text(marks.read_text().replace("tomorrow", "2026-10-16 12:00"))
    assert "came late" not in collect(course, path).output
    assert (course / "submitted" / "ll34" / PS1 / "timestamp.txt").read_text().startswith("2026-10-16 12:00")


def test_late_may_turn_out_to_be_in_time_or_be_handed_in_anew(course, tmp_path):
    path = zipped(tmp_path / "c.zip", FORMATS["Canvas"])
    (course / "late_marks.csv").write_text(f"assignment,student,at\n{PS1},ll34,In time\n")
    assert "came late" not in collect(course, path).output
    (course / "late_marks.csv").write_text(f"assignment,student,at\n{PS1},jm12,\n")
    collect(course, path)
    assert "jm12" not in (course / "late_marks.csv").read_text()  # handed in again, and not late


def test_a_dry_run_on_a_folder_of_rubbish_says_so_and_brings_the_rest(course, tmp_path):
    folder = tmp_path / "in"
    (folder / "jm12").mkdir(parents=True)
    (folder / "jm12" / f"{PS1}.ipynb").write_bytes(BOOK)
    os.mkfifo(folder / "fifo")
    (folder / "loop").symlink_to(folder)
    (folder / "passwd.ipynb").symlink_to("/etc/passwd")
    for name in (
        "CON.ipynb",
        "empty.zip",
        "x\x1b[31mred.ipynb",
        ".DS_Store",
        "._a.ipynb",
        "  .ipynb",
        "a" * 200,
    ):
        (folder / name).write_bytes(b"")
    zipped(folder / "evil.zip", {"../../evil.ipynb": BOOK, "/abs.ipynb": BOOK})
    zipped(folder / "zips.zip", {"evil.zip": (folder / "evil.zip").read_bytes()})
    (folder / "many").mkdir()
    for number in range(300):
        (folder / "many" / str(number)).touch()
    before = set(folder.rglob("*"))
    told = collect(course, folder, "--dry-run")
    assert told.exit_code == 0 and "jm12" in told.output and "\x1b[31m" not in told.output
    for called in (
        "passwd.ipynb is a link",
        "loop is a link",
        "CON is nobody",
        "evil is nobody",
        "many is nobody",
    ):
        assert called in told.output, told.output
    assert len(told.output.splitlines()) < 40
    assert not (course / "submitted").exists() and not (tmp_path / "evil.ipynb").exists()
    assert set(folder.rglob("*")) == before


def test_what_is_packed_otherwise_is_not_called_encrypted(course, tmp_path):
    path = zipped(tmp_path / "a.zip", {"jm12/ps1_batchnorm.ipynb": BOOK, "ll34/ps1_batchnorm.ipynb": BOOK})
    packed = bytearray(path.read_bytes())
    packed[8] = packed[packed.index(b"PK\x01\x02") + 10] = 9
    path.write_bytes(bytes(packed))
    said = collect(course, path).output
    assert "jm12/ps1_batchnorm.ipynb cannot be opened here; pack it again" in " ".join(said.split())
    assert placed(course) == {"ll34/ps1_batchnorm/ps1_batchnorm.ipynb"}


def test_what_is_no_file_is_said(course, tmp_path):
    (tmp_path / "given" / "jm12").mkdir(parents=True)
    os.mkfifo(tmp_path / "given" / "jm12" / "ps1_batchnorm.ipynb")
    assert (
        "jm12/ps1_batchnorm.ipynb is no file; it was left out" in collect(course, tmp_path / "given").output
    )


@pytest.mark.parametrize(
    "names",
    [
        ["Jana Müller - ps1_batchnorm.ipynb", "李 雷 - PS1 Batchnorm (2).ipynb"],
        ["ps1_batchnorm - Jana Müller.ipynb", "Copy of ps1_batchnorm_ll34.ipynb"],
        ["jm12_ps1_batchnorm.ipynb", "ll34-ps1-batchnorm-final.zip"],
        ["Group 1-Jana Müller_5_assignsubmission_file/x.ipynb", "A-B-李 雷_6_assignsubmission_file/x.ipynb"],
    ],
)  # fmt: skip
def test_names_with_more_in_them_than_the_student_are_read(names, course, tmp_path):
    """Google Classroom's copies of a template, what people call their files, Moodle's groups."""
    collect(course, zipped(tmp_path / "a.zip", dict.fromkeys(names, BOOK)))
    assert {name.partition("/")[0] for name in placed(course)} == {"jm12", "ll34"}


def test_times_of_a_platform_without_a_zone_are_the_courses(tmp_path, root):
    made = course_of(tmp_path / "course", root, ROSTER, '[course]\ntime_zone = "Europe/Berlin"\n')
    files = {
        "PS 1_jm12_attempt_2026-10-15-21-30-00_ps1_batchnorm.ipynb": b"old",
        "PS 1_jm12_attempt_2026-10-15-21-59-00_ps1_batchnorm.ipynb": BOOK,
        "PS 1_jm12_attempt_2026-10-15-21-59-00.txt": b"Name: Jana (jm12)",
    }
    said = collect(made, zipped(tmp_path / "a.zip", files)).output
    assert "Blackboard gives times without a zone; they are read as in Europe/Berlin" in said
    stamp = made / "submitted" / "jm12" / PS1 / "timestamp.txt"
    assert stamp.read_text() == "2026-10-15 19:59:00.000000 UTC"
    assert (stamp.parent / "ps1_batchnorm.ipynb").read_bytes() == BOOK
