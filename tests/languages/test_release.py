"""A course in Chinese: what goes out, what a student reads, and that the marks are those of the English one."""

import io
import json
import shutil
import zipfile

import nbformat
import pytest

from course.autograder.engine.engine import Engine
from course.autograder.gradebook.course import PROJECT, Course
from course.autograder.gradebook.release import build_release
from course.autograder.gradebook.spoken import in_language
from course.autograder.grading.marking import mark
from course.autograder.grading.packed import autograder_zip
from course.autograder.grading.task import Task
from course.autograder.judging.sealed import SealedBank
from course.languages import saying

NAME = "ps0_warmup"
ANSWERS = {
    "code-relu": "def relu(x):\n    return np.abs(x)",
    "code-l1_norm": "def l1_norm(x):\n    x[x < 0] *= -1\n    return x.sum(axis=1)",
}


@pytest.fixture(autouse=True)
def as_before(monkeypatch):
    """Whatever language a test's course chooses, the next test finds the one that was chosen before."""
    monkeypatch.setenv(saying.COURSES, saying.ENGLISH)
    monkeypatch.delenv(saying.OWN, raising=False)


@pytest.fixture(scope="module")
def chinese(tmp_path_factory):
    folder = tmp_path_factory.mktemp("chinese")
    place = folder / "course" / "assignments" / NAME
    place.mkdir(parents=True)
    shutil.copy(PROJECT / "course" / "assignments" / NAME / f"{NAME}.ipynb", place)
    (folder / "course.toml").write_text('[course]\nlanguage = "zh"\nlessons_url = "https://x.org/"\n')
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(saying.COURSES, saying.ENGLISH)
        course = Course(folder)
        build_release(course, [NAME])
    return course


def notebook(course):
    return nbformat.read(course.folder("release") / NAME / f"{NAME}.ipynb", as_version=4)


@pytest.mark.slow
def test_a_release_speaks_the_courses_language(chinese):
    folder = chinese.folder("release")
    assert "你用 numpy 写代码" in (folder / "README.md").read_text("utf-8")
    cells = {cell.id: cell.source for cell in notebook(chinese).cells}
    assert "热身" in cells["title"] and "请把这一行换成你的代码" in cells["code-relu"]
    assert cells["relu"] == 'from course.autograder import check\n\ncheck("relu", relu)'
    words = json.loads((folder / "course" / "languages" / "words.json").read_text("utf-8"))
    assert words["language"] == "zh"
    everything = "".join(
        path.read_text("utf-8", "replace") for path in folder.rglob("*") if path.suffix in (".json", ".py")
    )
    assert "absolute value of the sum" not in everything and "和的绝对值" not in everything
    sealed = SealedBank(folder / "course" / "sealed").words_of("zh")
    assert sealed["absolute value of the sum"] == "和的绝对值"


@pytest.mark.slow
def test_one_hand_in_has_one_mark(chinese, tmp_path):
    """Graded under both languages it gets the same points for the same mistakes, and is told so in each."""
    book = notebook(chinese)
    for cell in book.cells:
        cell.source = ANSWERS.get(cell.id, cell.source)
    nbformat.write(book, tmp_path / f"{NAME}.ipynb")
    released = chinese.folder("release") / NAME / f"{NAME}.ipynb"
    tasks = {
        language: Task("ada", NAME, tmp_path, released, "secret", language=language)
        for language in ("en", "zh")
    }
    with pytest.warns(UserWarning, match="isolation"), Engine(isolated=False) as engine:
        english, other = (mark(task, engine) for task in tasks.values())
    assert english.points == other.points == {"relu": 0.0, "l1_norm": 3.75}
    assert english.verdicts == other.verdicts and english.verdicts["relu"]["findings"]
    assert "absolute value" in english.notebook and "取了绝对值" not in english.notebook
    assert "取了绝对值" in other.notebook and "Negative values come back positive; relu" in other.notebook


def test_english_is_left_alone(root):
    source = nbformat.read(root / "course" / "assignments" / NAME / f"{NAME}.ipynb", as_version=4)
    assert in_language(source, NAME) is source


def test_a_language_that_there_is_none_of_is_told(tmp_path):
    from course.autograder.settings import SettingsError, read

    (tmp_path / "course.toml").write_text('[course]\nlanguage = "klingon"\n')
    with pytest.raises(SettingsError, match="language"):
        read(tmp_path)


def test_gradescopes_autograder_speaks_the_releases_language(chinese):
    packed = zipfile.ZipFile(io.BytesIO(autograder_zip(chinese, NAME)))
    about = json.loads(packed.read("course/languages/words.json"))
    assert about["language"] == "zh" and about["words"]["zh"]["absolute value of the sum"] == "和的绝对值"
