"""Archives are read within bounds, and nothing of them is ever unpacked onto the disk."""

import bz2
import gzip
import io
import lzma
import stat
import struct
import tarfile
import zipfile

import pytest

from course.autograder.intake import archives, find, tars
from course.autograder.intake.archives import members
from tests.intake.small import EXACT, NAME, all_right, handed, put


def zipped(files, how=zipfile.ZIP_DEFLATED):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", how) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return made.getvalue()


def tarred(files, mode="w"):
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode=mode) as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return made.getvalue()


@pytest.fixture
def content(written):
    return written.encode()


@pytest.mark.parametrize(
    ("name", "packed"),
    [
        (f"{NAME}.zip", lambda text: zipped({EXACT: text})),
        ("Archive.zip", lambda text: zipped({EXACT: text, f"__MACOSX/._{EXACT}": b"\0\5\x16\7", ".DS_Store": b"x"})),
        ("hw.ZIP", lambda text: zipped({f"Users/alice/{NAME}/": b"", f"Users/alice/{NAME}/{EXACT}": text})),
        ("windows.zip", lambda text: zipped({f"{NAME}\\{EXACT}": text})),
        ("stored.zip", lambda text: zipped({EXACT: text}, zipfile.ZIP_STORED)),
        ("lzma.zip", lambda text: zipped({EXACT: text}, zipfile.ZIP_LZMA)),
        (EXACT, lambda text: zipped({EXACT: text})),
        ("all.zip", lambda text: zipped({"mine.zip": zipped({EXACT: text})})),
        (f"{NAME}.tar", lambda text: tarred({f"./{NAME}/{EXACT}": text})),
        (f"{NAME}.tar.gz", lambda text: tarred({EXACT: text, f"._{EXACT}": b"\0\5\x16\7"}, "w:gz")),
        (f"{NAME}.tgz", lambda text: tarred({EXACT: text}, "w:gz")),
        (f"{NAME}.tar.bz2", lambda text: tarred({EXACT: text}, "w:bz2")),
        (f"{NAME}.tar.xz", lambda text: tarred({EXACT: text}, "w:xz")),
        (f"{EXACT}.gz", gzip.compress),
        (f"{EXACT}.bz2", bz2.compress),
        (f"{EXACT}.xz", lzma.compress),
        ("tar.zip", lambda text: zipped({"a.tar.gz": tarred({EXACT: text}, "w:gz")})),
    ],
)  # fmt: skip
def test_a_notebook_in_an_archive_is_found_and_said(name, packed, place, release, content):
    intake = handed(place, release, **{name: packed(content)})
    (note,) = intake.notes
    assert all_right(intake) and note.startswith(f"The notebook was found as {name}/")
    assert [path.name for path in place.iterdir()] == [name]


def entry(name, **about):
    made = zipfile.ZipInfo(name, (2026, 11, 26, 1, 45, 34))
    for key, value in about.items():
        setattr(made, key, value)
    return made


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("../../evil.ipynb", "leads out of it"),
        ("/etc/evil.ipynb", "leads out of it"),
        ("C:\\evil.ipynb", "leads out of it"),
        ("a\\..\\..\\evil.ipynb", "leads out of it"),
        ("x" * 600 + ".ipynb", "has a name that is too long"),
        (entry("link.ipynb", external_attr=(stat.S_IFLNK | 0o777) << 16), "is a link"),
    ],
)
def test_what_leads_out_of_a_zip_is_left_out_and_the_rest_counts(name, said, place, release, content):
    intake = handed(place, release, **{"a.zip": zipped({name: content, EXACT: content})})
    assert all_right(intake) and any(note.endswith(f"in it {said}.") for note in intake.notes)
    assert not any("notebooks were handed in" in note for note in intake.notes)


def test_what_is_encrypted_is_said_and_waits_for_a_person(place, release, content):
    packed = bytearray(zipped({EXACT: content}))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        packed[packed.index(mark) + offset] |= 1
    intake = handed(place, release, **{"a.zip": bytes(packed)})
    assert "Of the archive a.zip: ps9_small.ipynb in it is encrypted." in intake.notes
    assert "is encrypted" in intake.needs_person[0] and not intake.readable


@pytest.mark.parametrize("method", [9, 93, 98])
def test_what_is_packed_in_a_way_that_is_not_opened_is_not_called_encrypted(method, place, release, content):
    """Deflate64, as Windows has it; Zstandard; PPMd."""
    packed = bytearray(zipped({EXACT: content}))
    for mark, offset in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        packed[packed.index(mark) + offset] = method
    intake = handed(place, release, **{"a.zip": bytes(packed)})
    said = "ps9_small.ipynb in it is packed in a way that is not opened here"
    assert f"Of the archive a.zip: {said}." in intake.notes and said in intake.needs_person[0]


def test_a_damaged_entry_is_said_and_the_others_count(place, release, content):
    packed = bytearray(zipped({"other.ipynb": content, EXACT: content}, zipfile.ZIP_STORED))
    packed[200] ^= 0xFF
    intake = handed(place, release, **{"a.zip": bytes(packed)})
    assert all_right(intake) and "Of the archive a.zip: other.ipynb in it is damaged." in intake.notes


@pytest.mark.parametrize(
    "damage",
    [
        lambda packed: packed[:-30],
        lambda packed: packed[: len(packed) // 2],
        lambda packed: b"PK\x03\x04" + b"\0" * 100,
        lambda packed: gzip.compress(packed)[:50],
        lambda packed: b"BZh91AY&SY" + b"\0" * 50,
        lambda packed: b"\xfd7zXZ\0" + b"\0" * 50,
        lambda packed: packed.replace(EXACT.encode(), b"\0" * len(EXACT)),
    ],
)
def test_a_damaged_archive_is_said_and_waits_for_a_person(damage, place, release, content):
    intake = handed(place, release, **{"a.zip": damage(zipped({EXACT: content}))})
    assert not intake.readable and intake.needs_person


def test_an_entry_without_a_name_is_said(content):
    packed = zipped({"1.ipynb": content, ".": content, EXACT: content}).replace(b"1.ipynb", b"\0.ipynb")
    found, told = members(packed)
    assert [one.name for one in found] == [EXACT] and told == ["an entry in it has no name"]


def test_an_archive_with_nothing_in_it_waits_for_a_person(place, release):
    intake = handed(place, release, **{"a.zip": zipped({f"__MACOSX/._{EXACT}": b"\0\5\x16\7"})})
    said = "The archive a.zip is empty, but for what programs leave behind."
    assert said in intake.notes and said.rstrip(".") in intake.needs_person[0]


def test_more_bytes_than_a_hand_in_may_have_are_not_unpacked(monkeypatch, content):
    monkeypatch.setattr(archives, "RATIO_FROM", 1000)
    found, told = members(zipped({"zeros.ipynb": b"\0" * 10**6, EXACT: content}))
    assert [one.name for one in found] == [EXACT] and told == [
        "zeros.ipynb in it unpacks to far more than it is"
    ]
    found, told = members(zipped({"a": b"x" * 900, "b": b"y" * 900}, zipfile.ZIP_STORED), most=1000)
    assert [one.name for one in found] == ["a"] and told == ["b in it is too large"]
    assert tars.unpacked(gzip.compress(b"\0" * 10**6), "a.gz", most=1000) == (
        [],
        ["it unpacks to more than 0 MB"],
    )


def test_an_entry_that_is_larger_than_the_archive_says_is_left_out():
    packed = bytearray(zipped({EXACT: b"x" * 1000}, zipfile.ZIP_STORED))
    for mark, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", packed, packed.index(mark) + offset, 10)
    assert members(bytes(packed))[0] == []


def test_archives_in_archives_share_one_bound(place, release, monkeypatch):
    """Ten small files in each of ten small archives, in one that is small: no more than the bound is ever held."""
    monkeypatch.setattr(find, "MOST_OF_ALL", 3_000_000)
    monkeypatch.setattr(
        find.Handed, "__init__", lambda self: self.__dict__.update(files=[], told=[], left=[], room=3_000_000)
    )
    inner = zipped({f"{k}.ipynb": b"\0" * 200_000 for k in range(10)})
    put(place / "a.zip", zipped({f"{k}.zip": inner for k in range(10)}))
    handed_in = find.look_through([place])
    assert sum(file.size for file in handed_in.files) <= 3_000_000 and handed_in.told


def test_too_many_files_are_said_once(place, monkeypatch):
    monkeypatch.setattr(find, "MOST_FILES", 5)
    put(place / "a.zip", zipped({f"{k}.ipynb": b"x" for k in range(30)}))
    handed_in = find.look_through([place])
    assert len(handed_in.files) == 5 and handed_in.told == [find.TOO_MANY]


def test_an_archive_in_an_archive_in_an_archive_is_not_opened(place, release, content):
    deep = zipped({"3.zip": zipped({"2.zip": zipped({"1.zip": zipped({EXACT: content})})})})
    intake = handed(place, release, **{"4.zip": deep})
    assert "lies three archives deep, and was not opened." in intake.notes[0]
    assert intake.needs_person


def test_office_documents_are_no_archives(place, release, content):
    intake = handed(place, release, **{EXACT: content, "essay.docx": zipped({"word/document.xml": b"<x/>"})})
    assert intake.notes == () and all_right(intake)


def test_a_tar_gives_no_link_and_no_device(content):
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for name, kind in (
            ("link.ipynb", tarfile.SYMTYPE),
            ("hard.ipynb", tarfile.LNKTYPE),
            ("pipe", tarfile.FIFOTYPE),
        ):
            one = tarfile.TarInfo(name)
            one.type, one.linkname = kind, "/etc/passwd"
            archive.addfile(one)
        for name in ("../out.ipynb", "/etc/out.ipynb"):
            one = tarfile.TarInfo(name)
            one.size = 1
            archive.addfile(one, io.BytesIO(b"x"))
    found, told = tars.unpacked(made.getvalue(), "a.tar")
    assert (
        found == []
        and [clause.rpartition(" in it ")[2] for clause in told]
        == ["is no file"] * 3 + ["leads out of it"] * 2
    )


def test_links_beside_a_notebook_are_not_followed(place, release, content, tmp_path):
    put(tmp_path / "elsewhere.ipynb", content)
    (place / EXACT).symlink_to(tmp_path / "elsewhere.ipynb")
    intake = handed(place, release)
    assert not intake.readable and intake.notes[0] == f"{EXACT} is a link, not a file, and was not followed."
    assert intake.needs_person
