"""What students do to cells of code: their own code runs in their own order, released text is put back, tests follow what they test."""

import copy

import nbformat
import pytest

from tests.intake.small import (
    ANSWERS,
    EXACT,
    FIGURE,
    FUNCTIONS,
    NAME,
    all_right,
    at,
    cell,
    changed,
    code,
    handed,
    marked,
    names,
    play,
    solved_of,
    unmarked,
    written_in,
)

SETUP = "import math\nfrom operator import add"


def said_by(intake):
    """What is said of a hand-in, in one text."""
    return " ".join((*intake.notes, *intake.needs_person))


# --- what is added to a given cell ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "setup",
    [
        f"{SETUP}\nfrom statistics import fmean",
        f"from statistics import fmean\n{SETUP}",
        "import math\nfrom statistics import fmean\nfrom operator import add",
        "from operator import add\nfrom statistics import fmean\nimport math",
        "import math; from operator import add; from statistics import fmean",
        "# mine\nimport math  # maths\nfrom operator import (\n    add,\n)\nfrom statistics import fmean",
        f"%matplotlib inline\n{SETUP}\n%load_ext autoreload\nfrom statistics import fmean",
        "from statistics import fmean",
        "import math as m\nfrom operator import *\nfrom statistics import *",
        f"{SETUP}\nfmean = lambda both: sum(both) / len(both)",
        f"{SETUP}\n\ndef fmean(both):\n    return sum(both) / len(both)\n",
        f"{SETUP}\ntry:\n    from statistics import fmean\nexcept ImportError:\n    fmean = None",
    ],
)  # fmt: skip
def test_what_is_added_to_a_given_cell_runs_too(setup, place, release, solved):
    cell(solved, "setup").source = setup
    cell(solved, "code-double").source = "def double(x):\n    return 2 * fmean([x, x])"
    intake = handed(place, release, **{EXACT: solved})
    assert all_right(intake) and cell(intake.notebook, "setup").source == SETUP
    assert "What you added to cell setup runs in a cell of your own beside it." in intake.notes


def test_what_is_added_to_a_given_cell_comes_before_it_or_after_it_as_the_student_had_it(
    place, release, solved
):
    cell(solved, "setup").source = f"before = 1\n{SETUP}\nafter = add(before, 1)"
    order = names(handed(place, release, **{EXACT: solved}).notebook)
    assert [one for one in order if one in ("before = 1", "setup", "after = add(before, 1)")] == [
        "before = 1", "setup", "after = add(before, 1)"]  # fmt: skip


@pytest.mark.parametrize(
    "setup",
    [
        "import math",
        "import math\nfrom operator import sub as add",
        "",
        "import math\nfrom operator import add as",
    ],
)
def test_released_text_that_was_taken_away_is_put_back(setup, place, release, solved):
    cell(solved, "setup").source = setup
    intake = handed(place, release, **{EXACT: solved})
    assert cell(intake.notebook, "setup").source == SETUP
    assert "setup was changed; restored from the release." in said_by(intake)


@pytest.mark.parametrize("end", ["\r\n", "\n\n", "   \n", "\n# the same\n"])
def test_given_text_that_is_laid_out_otherwise_is_the_same(end, place, release, solved):
    cell(solved, "setup").source = SETUP.replace("\n", end)
    intake = handed(place, release, **{EXACT: solved})
    assert all_right(intake) and intake.notes == ()


def test_what_is_added_to_a_check_runs_and_the_check_is_the_releases(place, release, solved):
    cell(solved, "half").source = 'print(half(3))\ncheck("half", half)\nhelper = half'
    cell(solved, "code-mix").source = "def mix(x):\n    return add(double(x), helper(x))"
    intake = handed(place, release, **{EXACT: solved})
    assert all_right(intake) and cell(intake.notebook, "half").source == 'check("half", half)'


# --- what carries the tag of cells that grading leaves out ---------------------------------------------------------


@pytest.mark.parametrize(
    "figure",
    [
        f"def twice(x):\n    return add(x, x)\n\n{FIGURE}",
        f"{FIGURE}\n\ndef twice(x):\n    return add(x, x)",
        "def twice(x):\n    return add(x, x)",
        f"{FIGURE}\ntwice = lambda x: x + x",
        FIGURE.replace("assert max(numbers) == 38", "def twice(x):\n    return add(x, x)\nassert max(numbers) == 38"),
        FIGURE.replace("range(20)", "range(10)") + "\ndef twice(x):\n    return add(x, x)",
    ],
)  # fmt: skip
def test_of_a_cell_that_is_left_out_only_the_released_text_is(figure, place, release, solved):
    """A helper stands in the figure's cell, which the student has run first."""
    cell(solved, "figure").source = figure
    cell(solved, "code-double").source = "def double(x):\n    return twice(x)"
    intake = handed(place, release, **{EXACT: solved})
    assert play(intake.notebook) == set(FUNCTIONS) and not intake.needs_person


def test_an_answer_with_the_id_or_the_tag_of_a_cell_that_is_left_out_runs(place, release, solved):
    """Copied by Colab, or pasted over it."""
    for given in ("id", "tag", "both"):
        made = copy.deepcopy(solved)
        answer = cell(made, "code-half")
        answer.metadata = nbformat.from_dict({"tags": ["not-graded"]} if given != "id" else {})
        if given != "tag":
            cell(made, "figure")["id"] = "another"
            answer["id"] = "figure"
        intake = handed(place, release, **{EXACT: made})
        assert all_right(intake), given


def test_what_an_answer_calls_of_a_cell_that_is_left_out_runs_all_the_same(place, released_with_a_helper):
    """The release itself defines it there, to check a gradient say."""
    made = solved_of(released_with_a_helper)
    cell(made, "code-half").source = "def half(x):\n    return shown(x) / 2"
    intake = handed(place, released_with_a_helper, **{EXACT: made})
    assert play(intake.notebook) == set(FUNCTIONS)
    assert (
        "What your code uses of cell figure, which grading leaves out, is run all the same." in intake.notes
    )


@pytest.fixture
def released_with_a_helper(release):
    """The release, with a function in the cell that is left out."""
    cell(release, "figure").source = f"def shown(x):\n    return x\n\n{FIGURE}"
    release.cells.insert(
        2, release.cells.pop(next(k for k, c in enumerate(release.cells) if c["id"] == "figure"))
    )
    return release


def test_code_with_the_cell_id_of_another_cell_is_what_it_says(place, release, solved):
    """Ids were dealt out anew: each cell of code carries one of another's."""
    for name, identity in (
        ("code-double", "setup"),
        ("code-half", "code-mix"),
        ("code-mix", "code-half"),
        ("setup", "figure"),
    ):
        made = cell(solved, name)
        made.metadata, made["id"] = nbformat.from_dict({}), identity
    assert all_right(handed(place, release, **{EXACT: solved}))


@pytest.mark.parametrize("identity", ["why", "when", "double", "setup", "figure", "code-mix"])
def test_an_answer_with_the_cell_id_of_anything_runs(identity, place, release, solved):
    cell(solved, identity)["id"] = "another"
    answer = cell(solved, "code-half")
    answer.metadata, answer["id"] = nbformat.from_dict({}), identity
    assert all_right(handed(place, release, **{EXACT: solved}))


def test_an_answer_without_marks_is_found_by_what_it_defines(place, release, solved):
    solved.cells[at(solved, "code-half")] = unmarked(cell(solved, "code-half"))
    intake = handed(place, release, **{EXACT: solved})
    assert all_right(intake) and cell(intake.notebook, "code-half").source == ANSWERS["code-half"]
    assert intake.notes == (
        "Of cell code-half the marks of the release were lost; it was found by what it says.",
    )


def test_the_figure_itself_is_not_run(place, release, solved):
    tagged = [
        c
        for c in handed(place, release, **{EXACT: solved}).notebook.cells
        if "not-graded" in c.metadata.get("tags", ())
    ]
    assert [one.source for one in tagged] == [FIGURE]


# --- the student's order --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "top", ["add = None", "%reset -f\nadd = half = None", "from math import *\nadd = None"]
)
def test_a_cell_above_the_given_imports_stays_above_them(top, place, release, solved):
    solved.cells.insert(0, code(top))
    intake = handed(place, release, **{EXACT: solved})
    assert all_right(intake) and names(intake.notebook).index(top) < names(intake.notebook).index("setup")


def test_a_helper_whose_name_is_used_twice_is_there_when_its_test_runs(place, release, solved):
    """Cell by cell the notebook is right; with all tests at its end it would not be."""
    cell(solved, "code-double").source = "def _h(x):\n    return x + x\n\ndef double(x):\n    return _h(x)"
    cell(solved, "code-half").source = "def _h(x):\n    return x / 2\n\ndef half(x):\n    return _h(x)"
    cell(solved, "code-mix").source = "def mix(x):\n    return 2 * x + x / 2"
    lost = {
        "nothing": (),
        "one": ("code-double",),
        "another": ("code-half",),
        "all": FUNCTIONS,
        "everything": None,
    }
    for how, which in lost.items():
        made = copy.deepcopy(solved)
        for place_of, one in enumerate(made.cells):
            name = one.metadata.get("nbgrader", {}).get("grade_id", "")
            if which is None or name in which or (which == FUNCTIONS and name.startswith("code-")):
                made.cells[place_of] = unmarked(one)
        intake = handed(place, release, **{EXACT: made})
        assert all_right(intake), how


@pytest.mark.parametrize("gone", [("double",), ("double", "half", "mix"), ("setup",), ("setup", "double")])
def test_given_cells_and_tests_that_were_deleted_come_back_where_they_belong(gone, place, release, solved):
    solved.cells = [
        one for one in solved.cells if one.metadata.get("nbgrader", {}).get("grade_id") not in gone
    ]
    intake = handed(place, release, **{EXACT: solved})
    assert all_right(intake) and "restored from the release" in said_by(intake)
    order = names(intake.notebook)
    assert [one for one in order if one in FUNCTIONS or one.startswith("code-")] == [
        "code-double", "double", "code-half", "half", "code-mix", "mix"]  # fmt: skip


# --- answers that stand otherwise than they were given out ------------------------------------------------------------


def merged_into_one(made):
    made.cells = [*(c for c in made.cells if c.cell_type == "markdown"),
                  code("\n\n".join(c.source for c in made.cells if c.cell_type == "code" and c["id"] != "figure"))]  # fmt: skip


def answers_merged(made):
    cell(made, "code-double").source += "\n\n" + ANSWERS["code-half"] + "\n\n" + ANSWERS["code-mix"]
    cell(made, "code-half").source = cell(made, "code-mix").source = ""


def answers_merged_into_the_last(made):
    cell(made, "code-mix").source = "\n\n".join(ANSWERS[f"code-{name}"] for name in FUNCTIONS)
    stubs = {name: f"def {name}(x):\n    raise NotImplementedError()" for name in FUNCTIONS}
    cell(made, "code-double").source, cell(made, "code-half").source = stubs["double"], stubs["half"]


def answers_deleted_and_in_one_new_cell(made):
    made.cells = [
        c for c in made.cells if not c.metadata.get("nbgrader", {}).get("grade_id", "").startswith("code-")
    ]
    made.cells.append(code("\n\n".join(ANSWERS[f"code-{name}"] for name in FUNCTIONS)))


def split_in_several(made):
    place = at(made, "code-double")
    made.cells[place].source = "k = 1"
    made.cells[place + 1 : place + 1] = [code("def twice(x):\n    return add(x, x)"), code("double = twice")]


def in_a_new_cell_below(made):
    place = at(made, "code-half")
    made.cells.insert(place + 1, code(made.cells[place].source))
    made.cells[place].source = 'def half(x):\n    """What `half` says."""\n    raise NotImplementedError()'


def in_a_new_cell_below_the_test(made):
    place = at(made, "half")
    made.cells.insert(place + 1, code(ANSWERS["code-half"]))
    cell(
        made, "code-half"
    ).source = 'def half(x):\n    """What `half` says."""\n    raise NotImplementedError()'


def in_a_new_cell_above(made):
    place = at(made, "code-half")
    made.cells.insert(place, code(made.cells[place].source))
    made.cells[
        place + 1
    ].source = 'def half(x):\n    """What `half` says."""\n    raise NotImplementedError()'


def in_a_new_cell_at_the_end(made):
    made.cells.append(code(ANSWERS["code-half"]))
    cell(made, "code-half").source = ""


def turned_into_markdown(made):
    place = at(made, "code-half")
    made.cells[place] = marked("markdown", ANSWERS["code-half"], "code-half", solution=True)


def turned_into_markdown_without_marks(made):
    made.cells[at(made, "code-half")] = nbformat.v4.new_markdown_cell(ANSWERS["code-half"])


def turned_into_markdown_with_a_fence(made):
    made.cells[at(made, "code-half")] = nbformat.v4.new_markdown_cell(
        f"```python\n{ANSWERS['code-half']}\n```"
    )


def turned_into_raw(made):
    made.cells[at(made, "code-half")] = nbformat.v4.new_raw_cell(ANSWERS["code-half"])


def a_test_turned_into_markdown(made):
    place = at(made, "half")
    made.cells[place] = marked(
        "markdown", made.cells[place].source, "half", grade=True, locked=True, points=2
    )


def the_setup_turned_into_raw(made):
    made.cells[at(made, "setup")] = marked("raw", SETUP, "setup", locked=True)


def all_ids_the_same(made):
    for one in made.cells:
        one["id"] = "same"


def grade_ids_twice(made):
    place = at(made, "code-half")
    made.cells.insert(place + 1, copy.deepcopy(made.cells[place]))


def answers_swapped_in_their_cells(made):
    one, other = cell(made, "code-double"), cell(made, "code-half")
    one.source, other.source = other.source, one.source


def everything_upside_down(made):
    made.cells = made.cells[::-1]


def the_checks_first(made):
    made.cells.sort(key=lambda one: one.metadata.get("nbgrader", {}).get("grade_id") not in FUNCTIONS)


def own_tests_between(made):
    for name in FUNCTIONS:
        made.cells.insert(at(made, name), code(f"assert {name}(2)"))


def the_module_renamed(made):
    cell(made, "code-half").source = "import math as m\nhalf = lambda x: m.ldexp(x, -1)"


def a_class_with_a_call(made):
    cell(
        made, "code-half"
    ).source = "class Half:\n    def __call__(self, x):\n        return x / 2\n\nhalf = Half()"


def a_function_behind_an_if(made):
    cell(made, "code-half").source = "if True:\n    def half(x):\n        return x / 2"


def with_a_magic_on_top(made):
    cell(made, "code-half").source = "%%time\ndef half(x):\n    return x / 2"


def a_star_from_a_helper(made):
    cell(made, "code-half").source = "globals().update(half=lambda x: x / 2)"


CHANGES = [
    merged_into_one, answers_merged, answers_merged_into_the_last, answers_deleted_and_in_one_new_cell, split_in_several,
    in_a_new_cell_below, in_a_new_cell_below_the_test, in_a_new_cell_above, in_a_new_cell_at_the_end, turned_into_markdown,
    turned_into_markdown_without_marks, turned_into_markdown_with_a_fence, turned_into_raw, a_test_turned_into_markdown,
    the_setup_turned_into_raw, all_ids_the_same, grade_ids_twice, answers_swapped_in_their_cells, everything_upside_down,
    the_checks_first, own_tests_between, the_module_renamed, a_class_with_a_call, a_function_behind_an_if,
    with_a_magic_on_top, a_star_from_a_helper,
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
@pytest.mark.parametrize("metadata", ["kept", "stripped"])
def test_a_right_answer_counts_wherever_it_stands(change, metadata, place, release, solved):
    intake = handed(place, release, **{EXACT: changed(solved, change, metadata)})
    assert play(intake.notebook) == set(FUNCTIONS)
    if (
        change is everything_upside_down and metadata == "stripped"
    ):  # each answer stands above the other's question
        assert intake.needs_person
    else:
        said = written_in(intake.notebook)
        assert ANSWERS["why"] in said["why"] and ANSWERS["when"] in said["when"]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_wrong_answer_gains_nothing_by_where_it_stands(name, place, release, solved):
    cell(solved, f"code-{name}").source = f"def {name}(x):\n    return -1"
    lost = {name} | ({"mix"} if name != "mix" else set())
    for change in (in_a_new_cell_at_the_end, grade_ids_twice, merged_into_one, own_tests_between):
        made = copy.deepcopy(solved)
        change(made)
        lost_here = lost - {"half", "mix"} if change is in_a_new_cell_at_the_end and name == "half" else lost
        assert play(handed(place, release, **{EXACT: made}).notebook) == set(FUNCTIONS) - lost_here, change


def test_a_check_of_the_students_own_counts_for_nothing(place, release, solved):
    cell(solved, "code-half").source = "half = lambda x: -1"
    cell(solved, "half").source = 'check("half", lambda x: x / 2)'
    solved.cells.append(
        marked("code", 'check("half", lambda x: x / 2)', "half", grade=True, locked=True, points=2)
    )
    assert "half" not in play(handed(place, release, **{EXACT: solved}).notebook)


def test_of_two_answers_the_one_that_stood_before_the_test_counts(place, release, solved):
    """As in the student's own kernel, run from top to bottom."""
    place_of = at(solved, "half")
    solved.cells.insert(place_of + 1, code("def half(x):\n    return -1"))
    assert "half" in play(handed(place, release, **{EXACT: solved}).notebook)


def test_a_blank_notebook_stays_blank(place, release):
    intake = handed(place, release, **{EXACT: release})
    assert play(intake.notebook) == set() and intake.notes == () and intake.needs_person == ()
    assert names(intake.notebook) == names(release)


def test_an_answer_that_is_missing_is_said(place, release):
    made = solved_of(release, ("code-half",))
    made.cells = [
        one for one in made.cells if one.metadata.get("nbgrader", {}).get("grade_id") != "code-half"
    ]
    intake = handed(place, release, **{f"{NAME}.ipynb": made})
    assert intake.notes == ("Cell code-half is missing; an empty one stands in its place.",)
