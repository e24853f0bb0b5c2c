"""Files beside the notebook: what its code names comes along, inside of the sandbox; the rest is told."""

import base64
from pathlib import Path

import pytest

from course.autograder.intake.syntax import newer_syntax
from tests.intake.small import EXACT, FUNCTIONS, all_right, cell, code, handed, play, put, solved_of

HELPER = "def twice(x):\n    return x + x\n"


@pytest.fixture
def somewhere(tmp_path, monkeypatch):
    """An empty folder to run a notebook in, as the scratch folder of a submission is."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(str(folder))
    return folder


def run(notebook):
    """`play`, with the files written that cells on top of the notebook write."""
    for one in notebook.cells:
        if one.cell_type == "code" and one.source.startswith("%%writefile "):
            head, _, content = one.source.partition("\n")
            Path(head.split()[1]).write_text(content)
            one.source = ""
    return play(notebook)


def sources(intake):
    return [one.source for one in intake.notebook.cells]


@pytest.mark.parametrize(
    ("name", "use"),
    [("helper_a.py", "from helper_a import twice"), ("helper_b.py", "import helper_b as h\ntwice = h.twice"),
     ("helper_c/__init__.py", "from helper_c import twice"), ("helper_d/inner.py", "from helper_d.inner import twice")],
)  # fmt: skip
def test_a_module_that_the_code_imports_comes_along(name, use, place, release, solved, somewhere):
    put(place / name, HELPER)
    cell(solved, "code-double").source = f"{use}\n\ndef double(x):\n    return twice(x)"
    intake = handed(place, release, **{EXACT: solved})
    assert intake.needs_person == ()
    assert f"Your code uses {name} from beside the notebook, which came along this time" in intake.notes[0]
    assert run(intake.notebook) == set(FUNCTIONS)


def test_a_module_that_such_a_module_imports_comes_along_too(place, release, solved, somewhere):
    put(place / "helper_e.py", "from helper_f import twice\n")
    put(place / "helper_f.py", HELPER)
    put(place / "unused.py", "1 / 0")
    cell(solved, "code-double").source = "from helper_e import twice\ndouble = twice"
    intake = handed(place, release, **{EXACT: solved})
    assert "helper_e.py and helper_f.py" in intake.notes[0] and not any(
        "1 / 0" in one for one in sources(intake)
    )
    assert run(intake.notebook) == set(FUNCTIONS)


@pytest.mark.parametrize("content", [b"3\n", b"\x00\xff\x93NUMPY", b"a\r\nb", "日本".encode()])
def test_a_data_file_that_the_code_names_comes_along_byte_by_byte(content, place, release, solved, somewhere):
    put(place / "data" / "my numbers.bin", content)
    solved.cells.insert(2, code('here = open("data/my numbers.bin", "rb").read()'))
    intake = handed(place, release, **{EXACT: solved})
    assert intake.needs_person == () and run(intake.notebook) == set(FUNCTIONS)
    assert (somewhere / "data" / "my numbers.bin").read_bytes() == content


def test_what_no_code_names_stays_where_it_is(place, release, solved):
    put(place / "os.py", "raise SystemExit")
    put(place / "notes.csv", "1")
    intake = handed(place, release, **{EXACT: solved})
    assert all_right(intake) and intake.notes == () and len(intake.notebook.cells) == len(release.cells)


def test_what_is_too_large_is_put_before_a_person(place, release, solved):
    put(place / "large.npy", b"\0" * (2**20 + 1))
    solved.cells.insert(2, code('open("large.npy")'))
    (why,) = handed(place, release, **{EXACT: solved}).needs_person
    assert why == "Its code names large.npy, which is too large to come along; grade it by hand."


LACKING = {
    "import nowhere_to_be_found": "imports nowhere_to_be_found, which is not there when it is graded and was not handed in",
    "from nowhere.inner import *": "imports nowhere, which is not there",
    "import torch": "imports torch, which is not there",
    "import paddle": "imports paddle, which is not there",
    "import pytest": "imports pytest, which is not there",
    "import a1, b2": "imports a1 and b2, which are not there when it is graded and were not handed in",
    'table = open("table.txt").read()': "reads table.txt, which was not handed in",
    'import numpy as np\ntable = np.loadtxt("data/a.csv", delimiter=",")': "reads data/a.csv, which was not handed in",
    'table = open(r"C:\\Users\\me\\table.txt", "rb")': "which was not handed in",
}  # fmt: skip


@pytest.mark.parametrize("line", LACKING)
@pytest.mark.parametrize("where", ["the answer", "a cell that it uses"])
def test_what_an_answer_needs_and_has_not_got_is_put_before_a_person(line, where, place, release, solved):
    if where == "the answer":
        cell(solved, "code-half").source = f"{line}\ndef half(x):\n    return x / 2"
    else:
        solved.cells.insert(2, code(f"{line}\ndef helped(x):\n    return x / 2"))
        cell(solved, "code-half").source = "def half(x):\n    return helped(x)"
    (why,) = handed(place, release, **{EXACT: solved}).needs_person
    assert LACKING[line] in why


@pytest.mark.parametrize("line", LACKING)
def test_what_a_cell_lacks_that_no_answer_rests_on_costs_nothing(line, place, release, solved):
    """Kaggle puts `import pandas` on top of every notebook, above `import os`, and Colab mounts a drive."""
    solved.cells.insert(
        0,
        code(f"def mine(x):\n    return x\n{line.replace('*', 'x')}\nimport math\nfrom operator import add"),
    )
    cell(solved, "code-half").source = "def half(x):\n    return mine(x) / 2"
    cell(solved, "figure").source += f"\n{line}"
    intake = handed(place, release, **{EXACT: solved})
    assert play(intake.notebook) == set(FUNCTIONS) and intake.needs_person == ()


@pytest.mark.parametrize(
    "line",
    ["import numpy as np, os.path, dataclasses", "from matplotlib import pyplot as plt", "from student import check", "import opt_einsum",
     'open("mine.txt", "w").write("1")\nopen("mine.txt").read()', 'import numpy as np\nnp.save("a.npy", 1)\nnp.load("a.npy")',
     'import json\njson.loads("1.5")', 'from urllib.request import urlopen\nurlopen("https://example.org/a.txt") if False else None'],
)  # fmt: skip
def test_what_is_there_needs_nobody(line, place, release, solved):
    cell(solved, "code-half").source = f"{line}\ndef half(x):\n    return x / 2"
    assert handed(place, release, **{EXACT: solved}).needs_person == ()


@pytest.mark.parametrize(
    "name", ["a'+'b.py", "a\nb.py", "..%2fa.py", "a$(x).csv", "a\x1b[2J.csv", "x'''y.csv"]
)
def test_no_name_of_a_file_becomes_code(name, place, release, solved):
    put(place / name, "1")
    solved.cells.insert(2, code(f"open({name!r})"))
    intake = handed(place, release, **{EXACT: solved})
    assert play(intake.notebook) == set(FUNCTIONS) and len(intake.notebook.cells) <= len(release.cells) + 3
    assert not any("_path" in one for one in sources(intake))


def test_a_link_beside_the_notebook_is_not_brought(place, release, solved, tmp_path):
    put(tmp_path / "secret.csv", "secret")
    (place / "secret.csv").symlink_to(tmp_path / "secret.csv")
    solved.cells.insert(2, code('open("secret.csv")'))
    intake = handed(place, release, **{EXACT: solved})
    text = "".join(sources(intake))
    assert base64.b64encode(b"secret").decode() not in text and "%%writefile" not in text


@pytest.mark.parametrize(
    ("source", "version"),
    [
        ("def first[T](x: list[T]) -> T:\n    return x[0]", (3, 12)),
        ("type Number = int | float", (3, 12)),
        ("x = 1\nprint(f\"{' '.join([\"a\"])}\")", (3, 12)),
        ("t = t'{x}'", (3, 14)),
        ("try:\n    pass\nexcept ValueError, TypeError:\n    pass", (3, 14)),
    ],
)  # fmt: skip
def test_what_is_too_new_for_the_python_that_grades_is_put_before_a_person(
    source, version, place, release, solved
):
    import sys

    solved.cells.insert(2, code(source))
    intake = handed(place, release, **{EXACT: solved})
    if sys.version_info >= version:
        assert intake.needs_person == ()
    else:
        needs = f"seems to need Python {version[0]}.{version[1]}"
        assert needs in intake.needs_person[0] and play(intake.notebook) == set(FUNCTIONS)


@pytest.mark.parametrize(
    "source", ["def f(:", "x = = 1", "print 'a'", "exec 'a'", "f(", "typed = 3\ntype(typed)", "except"]
)
def test_a_plain_slip_is_not_taken_for_a_newer_python(source):
    assert newer_syntax(source) is None


ATTACKS = {
    "numpy.py": "import numpy",
    "course.py": "import course",
    "random.py": "import random",
    "student/__init__.py": "import student",
}


@pytest.mark.parametrize("name", ATTACKS)
def test_a_file_named_as_a_module_that_is_there_stays_behind_and_a_person_looks(name, place, release, solved):
    put(place / name, "raise SystemExit")
    solved.cells.insert(2, code(ATTACKS[name]))
    for submit in ([], [name]):
        release.metadata["course"] = {"submit": submit}
        intake = handed(place, release, **{EXACT: solved})
        assert not any("raise SystemExit" in one for one in sources(intake))
        assert len(intake.needs_person) == 1 and name in intake.needs_person[0]


def test_the_course_as_it_was_given_out_stays_behind_without_a_word(place, release, solved):
    put(place / "course" / "__init__.py", "raise SystemExit")
    put(place / "course" / "autograder" / "student.py", "raise SystemExit")
    solved.cells.insert(2, code("from course.autograder import check"))
    intake = handed(place, release, **{EXACT: solved})
    assert all_right(intake) and intake.notes == () and intake.needs_person == ()
    assert not any("raise SystemExit" in one for one in sources(intake))


def test_a_file_that_the_assignment_lets_come_along_comes_read_only_and_is_told(
    place, release, solved, somewhere
):
    release.metadata["course"] = {"submit": [EXACT, "helpers.py", "table.csv", "unread.csv"]}
    put(place / "helpers.py", HELPER)
    put(place / "unread.csv", "1,2\n")
    put(place / "other.csv", "1,2\n")
    cell(solved, "code-double").source = "from helpers import twice\n\ndef double(x):\n    return twice(x)"
    intake = handed(place, release, **{EXACT: solved})
    assert intake.needs_person == ()
    assert intake.notes == ("helpers.py and unread.csv came along, as this assignment lets you.",)
    assert run(intake.notebook) == set(FUNCTIONS)
    assert (somewhere / "helpers.py").stat().st_mode & 0o222 == 0
    assert not (somewhere / "other.csv").exists()


@pytest.mark.parametrize("kind", ["folder", "link", "large", "missing"])
def test_what_is_no_small_plain_file_does_not_come_along(kind, place, release, solved, tmp_path):
    release.metadata["course"] = {"submit": [EXACT, "helpers.py"]}
    if kind == "folder":
        put(place / "helpers.py" / "inner.txt", "inner")
    elif kind == "link":
        put(tmp_path / "elsewhere.py", "secret = 1")
        (place / "helpers.py").symlink_to(tmp_path / "elsewhere.py")
    elif kind == "large":
        with (place / "helpers.py").open("wb") as file:
            file.truncate(100 * 2**20)
    intake = handed(place, release, **{EXACT: solved})
    assert play(intake.notebook) == set(FUNCTIONS)
    assert not any("helpers.py" in one for one in sources(intake)[bool(intake.notes) :])
    assert bool(intake.needs_person) == (kind == "large")


@pytest.mark.parametrize(
    "line",
    [
        "try:\n    import numba\nexcept ImportError:\n    numba = None",
        "try:\n    table = open('table.txt').read()\nexcept OSError:\n    table = ''",
        "from contextlib import suppress\nwith suppress(ImportError):\n    import numba",
        "import sys\nif 'google.colab' in sys.modules:\n    from google.colab import drive",
        "IN_COLAB = False\nif IN_COLAB:\n    import google.colab",
    ],
)
def test_what_the_code_goes_on_without_needs_nobody(line, place, release, solved):
    cell(solved, "code-half").source = f"{line}\ndef half(x):\n    return x / 2"
    assert all_right(handed(place, release, **{EXACT: solved}))


def test_a_module_that_a_cell_writes_is_there(place, release, solved):
    solved.cells.insert(1, code("%%writefile mine.py\ndef halved(x):\n    return x / 2"))
    cell(solved, "code-half").source = "from mine import halved\ndef half(x):\n    return halved(x)"
    assert handed(place, release, **{EXACT: solved}).needs_person == ()


@pytest.mark.parametrize("line", ["%run mine.py", "%run -i mine", '%run "./mine.py"'])
def test_a_file_that_a_magic_runs_comes_along(line, place, release, solved, somewhere):
    solved.cells.insert(1, code(line))
    intake = handed(place, release, **{EXACT: solved, "mine.py": "def halved(x):\n    return x / 2\n"})
    assert all_right(intake) and "Your code uses mine.py from beside the notebook" in intake.notes[0]


def test_a_file_that_a_magic_runs_and_that_was_not_handed_in_is_put_before_a_person(place, release, solved):
    cell(solved, "code-half").source = "%run mine.py\ndef half(x):\n    return halved(x)"
    (why,) = handed(place, release, **{EXACT: solved}).needs_person
    assert "reads mine.py, which was not handed in" in why


# --- what could not be looked into ---------------------------------------------------------------------------------

RAR, SEVEN, ZSTD = b"Rar!\x1a\x07\x01\x00", b"7z\xbc\xaf\x27\x1c", b"\x28\xb5\x2f\xfd"


@pytest.mark.parametrize(
    ("name", "content"),
    [("work.rar", RAR), ("work.7z", SEVEN), ("work.tar.zst", ZSTD), ("work", RAR), ("work.7z.001", b"7"), ("work.zipx", b"PK")],
)  # fmt: skip
def test_an_archive_that_is_not_opened_is_put_before_a_person_where_answers_are_missing(
    name, content, place, release, solved
):
    said = f"{name} cannot be opened here"
    whole = handed(place, release, **{EXACT: solved, name: content})
    assert whole.needs_person == () and whole.notes == (f"{said}; hand in the notebook itself, or a zip.",)
    for made in (release, solved_of(release, ("code-half",))):
        (why,) = handed(place, release, **{EXACT: made, name: content}).needs_person
        assert why.startswith(f"{said}, and {EXACT} lacks answers; open what was handed in")


@pytest.mark.parametrize(
    "given", ["LICENSE", "check_env.py", "course/autograder/student.py", "data/digits.npz"]
)
def test_beside_a_blank_notebook_whatever_came_from_elsewhere_is_put_before_a_person(given, place, release):
    assert handed(place, release, **{EXACT: release, given: "x"}).needs_person == ()
    (why,) = handed(place, release, **{EXACT: release, given: "x", "numbers.xlsx": "x"}).needs_person
    assert why.startswith(f"Nothing is answered in {EXACT}, and numbers.xlsx came with it;")
