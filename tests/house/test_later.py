"""A module that is put off is run by whoever asks something of it first, and by nobody else."""

import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from course.common.later import later, without

COSTLY = """import builtins
builtins.costly_ran = getattr(builtins, 'costly_ran', 0) + 1
__version__ = '7'
NAME = 'so'


def doubled(x, *, plus=0):
    return 2 * x + plus
"""


@pytest.fixture
def costly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A package that says how often it was run, with a module below it."""
    folder = tmp_path / "costly"
    folder.mkdir()
    (folder / "__init__.py").write_text(COSTLY)
    (folder / "below.py").write_text(
        "HERE = 1\n\n\ndef given():\n    import costly\n\n    return costly.__dict__['NAME']\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delattr("builtins.costly_ran", raising=False)
    importlib.invalidate_caches()
    yield
    for name in ("costly", "costly.below"):
        sys.modules.pop(name, None)


def ran() -> int:
    import builtins

    return getattr(builtins, "costly_ran", 0)


def test_its_code_runs_on_its_first_use_and_once(costly: None) -> None:
    before = list(sys.meta_path)
    with later("costly"):
        import costly as one
    assert sys.meta_path == before and ran() == 0
    import costly as again

    assert again is one and ran() == 0, "to import it again asks nothing of it"
    assert one.__version__ == "7" and one.NAME == "so" and ran() == 1
    with pytest.raises(AttributeError, match="nothing"):
        _ = one.nothing
    assert ran() == 1


@pytest.mark.parametrize(
    "use", ["from costly import NAME", "import costly; dir(costly)", "from costly import *"]
)
def test_every_use_counts(costly: None, use: str) -> None:
    with later("costly"):
        exec(use, {})
    assert ran() == 1


def test_what_lies_below_it_needs_it_not(costly: None) -> None:
    with later("costly"):
        below = importlib.import_module("costly.below")
    assert below.HERE == 1 and ran() == 0
    assert sys.modules["costly"].NAME == "so" and ran() == 1


def test_its_package_is_run_before_it(costly: None) -> None:
    with later("costly", called={"costly.below": ("given",)}):
        from costly.below import given  # type: ignore[import-not-found]
    assert ran() == 0 and given() == "so" and ran() == 1


def test_others_are_imported_as_ever(costly: None) -> None:
    with later("costlier"):
        importlib.import_module("costly")
        with pytest.raises(ModuleNotFoundError):
            importlib.import_module("costlier")
    assert ran() == 1


def test_what_is_held_back_is_there_again_afterwards(costly: None) -> None:
    with without("costly", "sys"), pytest.raises(ModuleNotFoundError):
        importlib.import_module("costly")
    assert sys.modules["sys"] is sys and importlib.import_module("costly").NAME == "so"


def test_a_function_taken_by_name_is_run_when_it_is_called(costly: None) -> None:
    with later(called={"costly": ("doubled",)}):
        from costly import doubled  # type: ignore[import-not-found]

        assert doubled.__name__ == "doubled" and doubled.__module__ == "costly"
    assert ran() == 0
    assert doubled(3, plus=1) == 7 and doubled(4) == 8 and ran() == 1
    from costly import doubled as own

    assert own is not doubled and own(5) == 10 and doubled(5) == 10 and ran() == 1


def test_of_such_a_module_all_else_is_there_as_ever(costly: None) -> None:
    with later(called={"costly": ("doubled",)}):
        from costly import NAME, doubled
    assert NAME == "so" and ran() == 1 and doubled(2) == 4 and ran() == 1


DRIVER = """
import sys
from course.autograder.cli.grade import NOT_YET, NOT_YET_CALLED, import_driver
import_driver()
from course.autograder.feedback.feedback import PageWriter
there = [name for name in ("numpy", "paddle", "jupyter_server", "course.autograder.engine.engine") if name in sys.modules]
assert not there, there
run = [name for name in (*NOT_YET, *NOT_YET_CALLED) if type(sys.modules[name]).__name__ != "_Later"]
assert not run, run
from nbgrader.utils import unzip
import tempfile, zipfile, pathlib
folder = pathlib.Path(tempfile.mkdtemp())
with zipfile.ZipFile(folder / "a.zip", "w") as packed:
    packed.writestr("a.txt", "so")
(folder / "out").mkdir()
unzip(str(folder / "a.zip"), str(folder / "out"))
assert (folder / "out" / "a.txt").read_text() == "so"
from nbconvert.exporters.html import BeautifulSoup, MarkdownWithMath, IPythonRenderer
assert MarkdownWithMath(renderer=IPythonRenderer(escape=False)).render("*so*") == "<p><em>so</em></p>\\n"
assert BeautifulSoup("<b>so</b>", "html.parser").b.text == "so"
from nbgrader.converters.base import fuzz
assert fuzz.ratio("so", "so") == 100
"""


@pytest.mark.slow
def test_what_hands_submissions_out_comes_without_a_judge_and_a_server_and_what_it_puts_off_works() -> None:
    subprocess.run([sys.executable, "-c", DRIVER], check=True, timeout=300)


PADDLE = """
import sys
from course.reference.framework import NOT_YET, paddle
waiting = [name for name in NOT_YET if type(sys.modules[name]).__name__ == '_Later']
assert waiting == list(NOT_YET), waiting
assert paddle.vision.transforms.Resize and paddle.distribution.Normal(0.0, 1.0)
import httpx
assert httpx.get and 'paddle.text' in waiting and paddle.text.datasets
assert paddle.dataset.mnist.train and paddle.static.amp.decorate and paddle.nn.quant.weight_quantize
assert paddle.incubate.nn.FusedLinear and paddle.incubate.nn.functional.fused_linear and paddle.incubate.autograd.jvp
"""


@pytest.mark.slow
def test_paddle_comes_without_what_the_course_does_not_ask_of_it_and_gives_it_to_who_asks() -> None:
    subprocess.run([sys.executable, "-c", PADDLE], check=True, timeout=300)
