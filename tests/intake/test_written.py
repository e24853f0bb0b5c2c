"""Answers in prose: wherever they were written they are shown where a person marks them, with their pictures."""

import base64
import copy

import nbformat
import pytest

from tests.intake.small import (
    ANSWERS,
    EXACT,
    NAME,
    all_right,
    at,
    cell,
    changed,
    code,
    handed,
    marked,
    put,
    unmarked,
    written_in,
)

STUB = "*Your answer here.*"
WHY = ANSWERS["why"]
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
DATA = base64.b64encode(PNG).decode()


def text(source):
    return nbformat.v4.new_markdown_cell(source)


def new_cell_below(made):
    made.cells.insert(at(made, "why") + 1, text(WHY))
    cell(made, "why").source = STUB


def new_cell_above(made):
    made.cells.insert(at(made, "why"), text(WHY))
    cell(made, "why").source = STUB


def retyped(made):
    made.cells[at(made, "why")] = text(WHY)


def retyped_with_its_heading(made):
    made.cells[at(made, "why")] = text(f"### Answer to question 2.1\n\n{WHY}")


def in_a_raw_cell(made):
    made.cells[at(made, "why")] = nbformat.v4.new_raw_cell(WHY)


def marked_and_raw(made):
    made.cells[at(made, "why")] = marked("raw", WHY, "why", grade=True, solution=True, points=3)


def marked_and_code(made):
    made.cells[at(made, "why")] = marked("code", WHY, "why", grade=True, solution=True, points=3)


def in_a_comment(made):
    made.cells.insert(at(made, "why") + 1, code(f"# {WHY}"))
    cell(made, "why").source = STUB


def in_a_string(made):
    made.cells.insert(at(made, "why") + 1, code(f'"""\n{WHY}\n"""'))
    cell(made, "why").source = STUB


def printed(made):
    made.cells.insert(at(made, "why") + 1, code(f'print("{WHY}")'))
    cell(made, "why").source = STUB


def in_the_questions_cell(made):
    made.cells[at(made, "why") - 1].source += f"\n\n{WHY}"
    cell(made, "why").source = STUB


def between_the_questions_lines(made):
    question = made.cells[at(made, "why") - 1]
    head, blank, rest = question.source.partition("\n\n")
    question.source = f"{head}{blank}{rest}\n{WHY}"
    cell(made, "why").source = STUB


def under_the_stub(made):
    cell(made, "why").source = f"{STUB}\n\n{WHY}"


def over_the_stub(made):
    cell(made, "why").source = f"{WHY}\n\n{STUB}"


def by_number_at_the_end(made):
    made.cells.append(text(f"**2.1** {WHY}"))
    cell(made, "why").source = STUB


def by_number_at_the_top(made):
    made.cells.insert(0, text(f"Q2.1: {WHY}"))
    cell(made, "why").source = STUB


def by_the_questions_words(made):
    made.cells.append(text(f"> **2.1** *(3 points)* Why may the two numbers be swapped?\n\n{WHY}"))
    cell(made, "why").source = STUB


def both_in_one_cell(made):
    cell(made, "why").source = f"2.1 {WHY}\n\n2.2 {ANSWERS['when']}"
    cell(made, "when").source = STUB


def both_in_one_new_cell(made):
    made.cells.append(text(f"**2.1** {WHY}\n\n**2.2** {ANSWERS['when']}"))
    cell(made, "why").source = cell(made, "when").source = STUB


def in_two_cells(made):
    half = WHY.index("addition")
    cell(made, "why").source = WHY
    made.cells.insert(at(made, "why") + 1, text(f"And besides: {WHY[half:]}"))


def an_empty_cell_deleted(made):
    made.cells.insert(at(made, "why") + 1, text(WHY))
    del made.cells[at(made, "why")]


def the_question_deleted_too(made):
    place = at(made, "why")
    made.cells[place - 1 : place + 1] = [text(f"2.1\n\n{WHY}")]


def twice_with_the_same_id(made):
    place = at(made, "why")
    made.cells.insert(place, copy.deepcopy(made.cells[place]))
    made.cells[place].source = STUB


def in_html(made):
    made.cells[at(made, "why")] = text(f"<div align='left'>{WHY}</div>")


CHANGES = [
    new_cell_below, new_cell_above, retyped, retyped_with_its_heading, in_a_raw_cell, marked_and_raw, marked_and_code,
    in_a_comment, in_a_string, printed, in_the_questions_cell, between_the_questions_lines, under_the_stub, over_the_stub,
    by_number_at_the_end, by_number_at_the_top, by_the_questions_words, both_in_one_cell, both_in_one_new_cell,
    in_two_cells, an_empty_cell_deleted, the_question_deleted_too, twice_with_the_same_id, in_html,
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
@pytest.mark.parametrize("metadata", ["kept", "stripped"])
def test_an_answer_is_shown_where_it_is_marked(change, metadata, place, release, solved):
    intake = handed(place, release, **{EXACT: changed(solved, change, metadata)})
    said = written_in(intake.notebook)
    assert WHY in said["why"] and ANSWERS["when"] in said["when"]
    assert all(
        one.cell_type == "markdown"
        for one in intake.notebook.cells
        if "solution" in str(one.metadata) and one.metadata["nbgrader"]["grade_id"] in said
    )
    # Whether what looks like code is an answer says a person.
    assert (
        intake.needs_person == ()
        or change is printed
        or (change is marked_and_code and metadata == "stripped")
    )


@pytest.mark.parametrize(
    "change",
    [new_cell_below, in_the_questions_cell, by_number_at_the_end],
    ids=lambda change: change.__name__,
)
def test_the_other_question_gets_nothing_of_it(change, place, release, solved):
    change(solved)
    assert written_in(handed(place, release, **{EXACT: solved}).notebook)["when"] == ANSWERS["when"]


def test_a_text_that_answers_nothing_for_sure_is_shown_where_there_is_no_answer_and_a_person_says(
    place, release, solved
):
    """Above the first question of all: by no number, and in no place."""
    cell(solved, "why").source = STUB
    solved.cells.insert(1, text("They may be swapped since the sum is the same."))
    intake = handed(place, release, **{EXACT: solved})
    said = written_in(intake.notebook)["why"]
    assert "the sum is the same" in said and "may be it" in said
    assert intake.needs_person == (
        "No answer to why stands in its place, but there is something else that may be one; look at what is shown there, and "
        "give points by hand.",
    )


@pytest.mark.parametrize("tagged", [True, False])
def test_a_prediction_answers_nothing_unless_it_names_the_question(tagged, place, release, solved):
    room = text("*Your prediction (nobody marks it):*\n\n...")
    room.metadata["tags"], room["id"] = ["prediction"], "predict"
    for notebook in (release, solved):
        notebook.cells.insert(2, copy.deepcopy(room))
    cell(solved, "why").source = STUB
    own = solved.cells[2]
    own.source = own.source.replace("...", "It goes up, and then down again.")
    if not tagged:
        own.metadata = nbformat.from_dict({})
    intake = handed(place, release, **{EXACT: solved})
    assert written_in(intake.notebook)["why"] == STUB and intake.needs_person == ()
    own.source = "2.1 Addition commutes."
    assert "commutes" in written_in(handed(place, release, **{EXACT: solved}).notebook)["why"]


def test_without_any_text_an_answer_is_blank_as_released(place, release, solved):
    for stub in (STUB, "", "  \n", "*Your answer here.*  \r\n"):
        cell(solved, "why").source = stub
        intake = handed(place, release, **{EXACT: solved})
        assert written_in(intake.notebook)["why"] == STUB and intake.needs_person == ()


def test_an_answer_in_a_file_beside_the_notebook_is_named_where_it_is_missing(place, release, solved):
    cell(solved, "why").source = STUB
    for name, content in (
        ("answers.docx", b"PK\x03\x04"),
        ("photo of 2.1.HEIC", b"x"),
        ("written.pdf", b"%PDF"),
        ("answers.txt", b"so"),
    ):
        put(place / name, content)
        intake = handed(place, release, **{EXACT: solved})
        assert f"`{name}`" in written_in(intake.notebook)["why"] and intake.needs_person, name
        (place / name).unlink()


def test_of_a_hand_in_without_a_notebook_the_files_are_named_where_answers_are_marked(place, release):
    intake = handed(place, release, **{"answers.pdf": b"%PDF-1.7"})
    assert "`answers.pdf`" in written_in(intake.notebook)["why"] and intake.needs_person


# --- pictures ---------------------------------------------------------------------------------------------------------


def attached(source, name="image.png", mime="image/png", data=DATA):
    made = text(source)
    made["attachments"] = {name: {mime: data}}
    return made


def attachments_of(intake, name="why"):
    return dict(cell(intake.notebook, name).get("attachments", {}))


@pytest.mark.parametrize(
    "name", ["image.png", "Bildschirmfoto 2026-11-26 um 10.00.png", "图.png", "a(1).png"]
)
def test_a_picture_among_an_answers_attachments_stays(name, place, release, solved):
    shown = name.replace(" ", "%20").replace("(", "%28").replace(")", "%29")
    cell(solved, "why").source = f"{WHY}\n\n![so](attachment:{shown})"
    cell(solved, "why")["attachments"] = {name: {"image/png": DATA}}
    intake = handed(place, release, **{EXACT: solved})
    assert all_right(intake) and attachments_of(intake) == {name: {"image/png": DATA}}
    nbformat.validate(intake.notebook)


def test_a_picture_alone_is_an_answer(place, release, solved):
    for source in ("![so](attachment:image.png)", "", STUB, f"{STUB}\n![so](attachment:image.png)"):
        solved.cells[at(solved, "why")] = marked(
            "markdown", source, "why", grade=True, solution=True, points=3
        )
        cell(solved, "why")["attachments"] = {"image.png": {"image/png": DATA}}
        intake = handed(place, release, **{EXACT: solved})
        assert "(attachment:image.png)" in written_in(intake.notebook)["why"] and attachments_of(intake), (
            source
        )


def test_a_picture_in_a_new_cell_moves_with_its_answer(place, release, solved):
    cell(solved, "why").source = STUB
    solved.cells.insert(at(solved, "why") + 1, attached("![so](attachment:image.png)"))
    intake = handed(place, release, **{EXACT: solved})
    assert attachments_of(intake) == {"image.png": {"image/png": DATA}}


def test_two_pictures_of_the_same_name_both_stay(place, release, solved):
    other = base64.b64encode(PNG + b"x").decode()
    cell(solved, "why").source = f"{WHY} ![1](attachment:image.png)"
    cell(solved, "why")["attachments"] = {"image.png": {"image/png": DATA}}
    solved.cells.insert(at(solved, "why") + 1, attached("![2](attachment:image.png)", data=other))
    intake = handed(place, release, **{EXACT: solved})
    kept = attachments_of(intake)
    assert sorted(one["image/png"] for one in kept.values()) == sorted([DATA, other])
    assert all(f"(attachment:{name})" in written_in(intake.notebook)["why"] for name in kept)


def test_a_picture_in_a_cell_of_ones_own_stays(place, release, solved):
    solved.cells.append(attached("My drawing: ![so](attachment:image.png)"))
    intake = handed(place, release, **{EXACT: solved})
    assert any(one.get("attachments") and "My drawing" in one.source for one in intake.notebook.cells)


def test_a_picture_beside_the_notebook_is_attached_where_it_is_shown(place, release, solved):
    put(place / "pictures/my sum.png", PNG)
    for shown in (
        "![so](pictures/my%20sum.png)",
        "![so](./pictures/my%20sum.png)",
        '<img src="pictures/my%20sum.png">',
    ):
        cell(solved, "why").source = f"{WHY} {shown}"
        intake = handed(place, release, **{EXACT: solved})
        ((name, data),) = attachments_of(intake).items()
        assert data == {"image/png": DATA} and f"attachment:{name}" in written_in(intake.notebook)["why"]
        assert all_right(intake)


def test_a_picture_that_was_not_handed_in_is_said(place, release, solved):
    cell(solved, "why").source = f"{WHY} ![so](sum.png) ![again](attachment:gone.png)"
    intake = handed(place, release, **{EXACT: solved})
    assert intake.notes == ("Pictures that the notebook shows were not handed in: sum.png and gone.png.",)


def test_a_picture_as_a_data_address_stays_in_its_text(place, release, solved):
    cell(solved, "why").source = f"{WHY} ![so](data:image/png;base64,{DATA})"
    assert DATA in written_in(handed(place, release, **{EXACT: solved}).notebook)["why"]


def test_a_picture_that_a_cell_of_ones_own_displayed_is_shown_under_it(place, release, solved):
    """`display(Image("sum.png"))`, of a file that only the student has."""
    shows = code('from IPython.display import Image\nImage("sum.png")')
    shows.outputs = [
        nbformat.v4.new_output("display_data", data={"image/png": DATA, "text/plain": "<Image>"})
    ]
    cell(solved, "why").source = STUB
    solved.cells.insert(at(solved, "why") + 1, shows)
    intake = handed(place, release, **{EXACT: solved})
    kept = [data for one in intake.notebook.cells for data in one.get("attachments", {}).values()]
    assert {"image/png": DATA} in kept
    assert "displayed" in written_in(intake.notebook)["why"] or intake.needs_person


def test_what_is_attached_and_no_picture_is_said(place, release, solved):
    cell(solved, "why")["attachments"] = {
        "work.xlsx": {"application/vnd.ms-excel": DATA},
        "image.png": {"image/png": DATA},
    }
    intake = handed(place, release, **{EXACT: solved})
    assert list(attachments_of(intake)) == ["image.png"]
    assert "what is attached as work.xlsx is no picture" in intake.needs_person[0]


@pytest.mark.parametrize(
    "raw",
    [
        [],
        "x",
        3,
        {"image.png": []},
        {"image.png": {"image/png": 3}},
        {"image.png": {"image/png": "<b>"}},
        {3: {}},
    ],
)
def test_attachments_that_are_none_cost_nothing(raw, place, release, solved):
    import json

    made = json.loads(nbformat.writes(solved))
    next(one for one in made["cells"] if one["id"] == "why")["attachments"] = raw
    intake = handed(place, release, **{f"{NAME}.ipynb": json.dumps(made)})
    assert WHY in written_in(intake.notebook)["why"]
    nbformat.validate(intake.notebook)


def test_a_question_whose_first_lines_are_other_than_released_is_known_by_a_long_one(place, release, solved):
    """Of an earlier version of the assignment, say, and without the marks of the release."""
    question = release.cells[at(release, "why") - 1]
    question.source = f"## New here\n\n{question.source} Say it in one or two sentences, and give an example of such numbers."
    solved.cells[at(solved, "why") - 1].source = f"## Old\n\n{question.source.partition(chr(10) * 2)[2]}"
    solved.cells = [unmarked(one) for one in solved.cells]
    intake = handed(place, release, **{EXACT: solved})
    assert all_right(intake)
