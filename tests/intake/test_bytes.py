"""Whatever bytes a notebook is written in, it is read, and what is lost of a damaged one is said."""

import base64
import json
import re

import nbformat
import pytest

from course.autograder.intake import read as reading
from course.autograder.intake.decode import decode
from course.autograder.intake.mend import NoJson, read_json
from course.autograder.intake.merges import sides
from tests.intake.small import ANSWERS, EXACT, all_right, cell, handed, play, solved_of, written_in

ODD = "Because addition commutes. – naïve, “yes”, 中文"
IN_PART = f"{EXACT} could be read in part only: "


def odd(written, text=ODD):
    return written.replace(ANSWERS["why"], text)


@pytest.mark.parametrize(
    ("encoding", "said"),
    [
        ("utf-8", None),
        ("utf-8-sig", None),
        ("utf-16", "it is UTF-16 text"),
        ("utf-16-le", "it is UTF-16-LE text"),
        ("utf-16-be", "it is UTF-16-BE text"),
        ("utf-32", "it is UTF-32 text"),
        ("utf-32-le", "it is UTF-32-LE text"),
        ("gb18030", "it is not UTF-8; it was read as gb18030"),
    ],
)
def test_a_notebook_in_any_encoding_is_read_letter_by_letter(encoding, said, place, release, written):
    intake = handed(place, release, **{EXACT: odd(written).encode(encoding)})
    assert all_right(intake) and ODD in written_in(intake.notebook)["why"]
    assert intake.notes == (() if said is None else (f"{EXACT} is not as Jupyter writes it: {said}.",))


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1252", "Because addition commutes. Größer, naïve café – “yes”."),
        ("cp1252", "Because addition commutes. Größer – naïve."),
        ("cp1250", "Because addition commutes. Zażółć gęślą jaźń, więc właśnie dlatego."),
        ("cp1251", "Because addition commutes. Потому что сложение коммутативно, это так."),
        ("cp932", "Because addition commutes. 足し算は交換可能だからです。"),
        ("euc_kr", "Because addition commutes. 덧셈은 교환법칙이 성립하기 때문입니다."),
        ("gbk", "Because addition commutes. 因为加法满足交换律，所以这两个数可以互换。"),
    ],
)
def test_what_an_old_editor_saved_is_guessed_from_its_letters(encoding, text, place, release, written):
    intake = handed(place, release, **{EXACT: odd(written, text).encode(encoding)})
    assert all_right(intake) and text in written_in(intake.notebook)["why"]
    assert "it is not UTF-8; it was read as" in intake.notes[0]


def test_a_few_wrong_bytes_cost_no_more_than_themselves():
    text, said = decode("naïve café 中文, naïve café 中文, ".encode() + b"caf\xe9")
    assert text.endswith("café") and "中文" in text and said == "some of its letters are not UTF-8"


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_line_ends_mean_nothing(end, place, release, written):
    raw = json.loads(written)
    for one in raw["cells"]:
        one["source"] = "".join(one["source"]).replace("\n", end)
    intake = handed(place, release, **{EXACT: json.dumps(raw, indent=1).replace("\n", end)})
    assert all_right(intake) and intake.notes == ()


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_no_line_end_but_one_is_left_in_any_cell(end, place, release, written):
    raw = json.loads(written)
    for one in raw["cells"]:
        one["source"] = "".join(one["source"]).replace("\n", end)
    intake = handed(place, release, **{EXACT: json.dumps(raw)})
    assert not any("\r" in one.source for one in intake.notebook.cells)


def test_lines_that_are_listed_without_their_ends_are_lines(place, release, written):
    raw = json.loads(written)
    for one in raw["cells"]:
        one["source"] = "".join(one["source"]).split("\n")
    intake = handed(place, release, **{EXACT: json.dumps(raw)})
    assert all_right(intake) and intake.notes == ()


@pytest.mark.slow
@pytest.mark.parametrize(
    "output",
    [
        {"output_type": "stream", "name": "stdout", "text": ['\\"]} ' * 20 + "\n"] * 250_000},
        {"output_type": "stream", "name": "stdout", "text": "x" * 30_000_000},
        {"output_type": "display_data", "metadata": {}, "data": {"text/html": ["<div>[[[{{"] * 1000}},
    ],
    ids=["30 MB of lines", "30 MB in a line", "brackets"],
)
def test_saved_outputs_are_dropped_before_size_counts(output, place, release, written, monkeypatch):
    monkeypatch.setattr(reading, "MOST_OF_THE_REST", 2**20)
    raw = json.loads(written)
    raw["cells"][3]["outputs"] = [output]
    intake = handed(place, release, **{EXACT: json.dumps(raw)})
    assert all_right(intake) and intake.notes == ()


def test_what_is_too_large_without_its_outputs_is_said(place, release, written, monkeypatch):
    monkeypatch.setattr(reading, "MOST_OF_THE_REST", 1000)
    intake = handed(place, release, **{EXACT: written})
    assert "MB large without its outputs; the limit is" in intake.notes[0] and intake.needs_person


def json_of(written, how):
    """The file, damaged."""
    return {
        "a comma too many": re.sub(r"(\})(\s*\])", r"\1,\2", written),
        "a comma missing": written.replace('"metadata": {},\n', '"metadata": {}\n'),
        "two at once": re.sub(r"(\})(\s*\])", r"\1,\2", written).replace('"metadata": {},\n', '"metadata": {}\n'),
        "zeros behind it": written + "\0" * 4096,
        "zeros before it": "\0" * 512 + written,
        "twice in one file": written + written,
        "a blank one before it": nbformat.writes(nbformat.v4.new_notebook()) + written,
        "something behind it": f"{written}\n}}\n]\n",
        "something before it": f"HTTP/1.1 200 OK\nname: x\n\n{written}",
        "a number too long": written.replace('"execution_count": null', '"execution_count": ' + "1" * 5000),
        "NaN": written.replace('"execution_count": null', '"execution_count": NaN'),
        "a line end in a string": written.replace("    return x / 2", "    return x / 2\n"),
        "a control character": written.replace("commutes.", "commutes.\x01"),
        "a single backslash": written.replace("commutes.", r"commutes. $\sum \alpha \mathbf{x}$"),
        "no end": written.rstrip().rstrip("}"),
        "nothing behind the cells": written[: written.rindex("]") + 1],
        "a bracket before it": "{" + written,
        "curly quotes": written.replace('"cells"', "“cells”"),
        "in a JSON string": json.dumps(written),
        "as a server tells it": json.dumps({"name": EXACT, "format": "json", "content": json.loads(written)}),
        "as base64": json.dumps({"encoding": "base64", "content": base64.b64encode(written.encode()).decode()}),
        "in a list": json.dumps([json.loads(written)]),
        "its cells alone": json.dumps(json.loads(written)["cells"]),
    }[how]  # fmt: skip


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("a comma too many", "commas were missing or too many in it"),
        ("a comma missing", "commas were missing or too many in it"),
        ("two at once", "commas were missing or too many in it"),
        ("zeros behind it", ""),
        ("zeros before it", ""),
        ("twice in one file", "there are 2 documents in one file"),
        ("a blank one before it", "there are 2 documents in one file"),
        ("something behind it", "something follows the notebook in the file, and was left out"),
        ("something before it", "something stands before the notebook in the file"),
        ("a number too long", ""),
        ("NaN", ""),
        ("a line end in a string", ""),
        ("a control character", ""),
        ("a single backslash", "backslashes in it stood alone that JSON wants twice"),
        ("no end", "it is damaged outside of its cells"),
        ("nothing behind the cells", "it is damaged outside of its cells"),
        ("a bracket before it", "it is damaged outside of its cells"),
        ("curly quotes", "it is damaged outside of its cells"),
        ("in a JSON string", ""),
        ("as a server tells it", ""),
        ("as base64", ""),
        ("in a list", ""),
        ("its cells alone", ""),
    ],
)
def test_damage_that_costs_nothing_is_mended(how, said, place, release, written):
    intake = handed(place, release, **{EXACT: json_of(written, how)})
    assert all_right(intake)
    assert intake.notes == ((f"{EXACT} is not as Jupyter writes it: {said}.",) if said else ())


def test_of_a_file_that_was_cut_off_every_cell_counts_that_can_be_read(place, release, written):
    cut = written[: written.index("Whenever")]
    intake = handed(place, release, **{EXACT: cut})
    assert play(intake.notebook) == {"double", "half", "mix"}
    assert written_in(intake.notebook)["why"] == ANSWERS["why"]
    lost = f"{IN_PART}the file is cut off; 16 cells could be read, one cell is there in part"
    assert lost in intake.notes[0]
    assert f"{lost}; ask for the file again." in intake.needs_person


def test_of_a_cell_that_was_cut_off_the_whole_lines_count(place, release, written):
    raw = json.loads(written)
    raw["cells"][3]["source"] = ["def double(x):\n", "    return add(x, x)\n", "\n", "# and this line is lo"]
    text = json.dumps(raw)
    intake = handed(place, release, **{EXACT: text[: text.index("is lo")]})
    assert play(intake.notebook) == {"double"} and "one cell is there in part" in intake.needs_person[0]


def test_of_a_file_that_is_broken_in_the_middle_both_ends_count(place, release, written):
    middle = written.index("def half")
    intake = handed(place, release, **{EXACT: written[:middle] + '\x10"""' + written[middle + 40 :]})
    assert play(intake.notebook) == {"double"}  # `mix` calls `half`
    assert written_in(intake.notebook)["when"] == ANSWERS["when"]
    assert "the file is damaged; 16 cells could be read" in intake.needs_person[0]


def test_what_may_have_stood_between_two_cells_is_put_before_a_person(place, release, written):
    intake = handed(place, release, **{EXACT: written.replace("  },\n  {\n", "  }, \x00@@ {\n", 1)})
    assert (
        play(intake.notebook) == {"double", "half", "mix"} and "the file is damaged" in intake.needs_person[0]
    )


def test_zero_bytes_in_its_text_are_put_before_a_person(place, release, written):
    """As a disk leaves them that lost its power; it is sound JSON all the same."""
    middle = written.index("def half")
    intake = handed(place, release, **{EXACT: written[:middle] + "\0" * 8 + written[middle + 8 :]})
    assert f"{IN_PART}zero bytes stand where text of it was; ask for the file again." in intake.needs_person


def test_the_second_half_of_a_file_counts(place, release, written):
    intake = handed(place, release, **{EXACT: written[written.index("def half") - 400 :]})
    assert (
        written_in(intake.notebook)["why"] == ANSWERS["why"]
        and "the file is damaged" in intake.needs_person[0]
    )


def merged(ours, theirs):
    """The file as git leaves it when both sides changed the same line."""
    lines = []
    for one, other in zip(ours.split("\n"), theirs.split("\n"), strict=True):
        same = one == other
        lines += [one] if same else ["<<<<<<< HEAD", one, "=======", other, ">>>>>>> 4f2a91c (more)"]
    return "\n".join(lines)


def test_marks_of_a_merge_that_changed_nothing_but_ids_and_outputs_mean_nothing(place, release, written):
    other = written.replace('"execution_count": null', '"execution_count": 7')
    intake = handed(place, release, **{EXACT: merged(other, written)})
    assert all_right(intake)
    assert intake.notes == (
        f"{EXACT} is not as Jupyter writes it: it has the marks of a merge, and both sides say the same.",
    )


@pytest.mark.parametrize("turned", [False, True])
def test_of_a_merge_the_side_with_more_answers_is_taken_and_a_person_is_told(turned, place, release, written):
    less = nbformat.writes(solved_of(release))
    lines = less.replace('"    return x / 2"', '"    raise NotImplementedError()"')
    sides_of_it = (written, lines) if turned else (lines, written)
    intake = handed(place, release, **{EXACT: merged(*sides_of_it)})
    assert play(intake.notebook) == {"double", "half", "mix"}
    (why,) = intake.needs_person
    assert why == (
        f"{IN_PART}it has the marks of a merge that was not resolved, and the side with more answers was taken; "
        "ask for the file again."
    )


def test_a_merge_with_the_common_ancestor_shown_has_two_sides():
    text = b"{\n<<<<<<< ours\n1\n||||||| base\n2\n=======\n3\n>>>>>>> theirs\n}\n"
    assert sides(text) == (b"{\n1\n}\n", b"{\n3\n}\n")
    assert sides(b"a ======= b\n") == (b"a ======= b\n",)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [("def half(x):\n    return x / 2", "def half(x):\n    raise NotImplementedError()"),
     ("def half(x):", "def half(x):\n    return x / 2"),
     ("def half(x):\n    return x / 2", "")],
)  # fmt: skip
@pytest.mark.parametrize("turned", [False, True])
def test_marks_of_a_merge_in_a_cell_leave_the_side_that_can_be_run(
    ours, theirs, turned, place, release, solved
):
    ours, theirs = (theirs, ours) if turned else (ours, theirs)
    cell(solved, "code-half").source = f"<<<<<<< local\n{ours}\n=======\n{theirs}\n>>>>>>> remote"
    intake = handed(place, release, **{EXACT: solved})
    assert play(intake.notebook) == {"double", "half", "mix"}
    assert "the marks of a merge that was not resolved stand in a cell" in intake.needs_person[0]


def test_a_byte_order_mark_inside_of_a_cell_is_no_text(place, release, solved):
    for name in ("setup", "code-half", "half", "why"):
        cell(solved, name).source = "\ufeff" + cell(solved, name).source
    intake = handed(place, release, **{EXACT: solved})
    assert all_right(intake) and intake.notes == ()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "it is empty"),
        ("\n \r\n", "it is empty"),
        ("\0" * 100, "it is empty"),
        ("%PDF-1.7\n%", "it is a PDF; a PDF cannot be run"),
        ("<!DOCTYPE html><html>", "it is a web page"),
        (b"\x89PNG\r\n\x1a\n", "it is a picture"),
        ("7z\xbc\xaf".encode("latin-1"), "it is packed in a way that is not opened here; a zip is"),
        ("version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "it is a pointer of git LFS"),
        ('{"cells": 3}', "it is JSON, but no notebook: it has no list of cells"),
        ("null", "it is JSON, but no notebook: it has no list of cells"),
        ("[1, 2]", "it is JSON, but no notebook: it has no list of cells"),
        ('{"a":' * 50_000, "it is not JSON (nested too deep)"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_says_why_and_waits_for_a_person(content, why, place, release):
    intake = handed(place, release, **{EXACT: content})
    assert intake.notes[0].startswith(f"{EXACT} cannot be read: {why}") and intake.notes[0].endswith(
        "; graded as blank."
    )
    assert not intake.readable and play(intake.notebook) == set()
    assert intake.needs_person[0].startswith(
        f"Graded as blank, but something was handed in: {EXACT} cannot be read: {why}"
    )


@pytest.mark.parametrize(
    "text",
    ['{"cells": [' + '{"cell_type": ' * 20_000, '{"cells": [' + '{"cell_type": "code", "source": ["' * 5_000,
     '{"cell_type": "code"' + '\\"' * 200_000, '"cells"' + "\\" * 200_001, '{"cells":' + " [{" * 3_000 + '"cell_type"'],
    ids=["cells in cells", "lines that do not end", "quotes", "backslashes", "brackets"],
)  # fmt: skip
def test_hostile_json_ends_soon(text, place, release, soon):
    handed(place, release, **{EXACT: text})


def test_json_that_is_none_says_why():
    for text, why in (("{'cells': 1}", "not JSON"), ("nothing", "not JSON"), ("\ufeff", "empty")):
        with pytest.raises(NoJson, match=why):
            read_json(text)
