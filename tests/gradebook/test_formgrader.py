"""JupyterLab as `make lab` starts it, in headless Chromium: the formgrader, and what is graded there by hand."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator

import pytest

from course.autograder.cli.sample_class import make_class
from course.autograder.gradebook.course import Course
from course.autograder.sandbox import confinement
from tests.building.browser import Browser, browser, chromium
from tests.marked_class import NAME, hand_in, marked, record
from tests.waiting import LONG_STOP

pytestmark = [
    pytest.mark.skipif(chromium() is None, reason="there is no Chromium here"),
    pytest.mark.skipif(bool(confinement.missing()), reason="; ".join(confinement.missing())),
    pytest.mark.xdist_group("formgrader"),
]
PS0 = "ps0_warmup"
FRAME = "document.querySelector('#formgrader-iframe iframe').contentWindow"


@pytest.fixture(scope="module")
def course(released, root, tmp_path_factory) -> Course:
    """A released course: one hand-in marked whose written answers wait, and one that nothing has graded."""
    folder = tmp_path_factory.mktemp("lab") / "course"
    shutil.copytree(released.root, folder)
    (folder / "nbgrader_config.py").symlink_to(root / "nbgrader_config.py")
    made = Course(folder)
    made.publish([PS0, NAME])
    hand_in(made, "ann")
    record(made, marked(made, "ann", {"scale_shift": (2.0, "a name of a mistake")}))
    make_class(folder, PS0)
    return made


@pytest.fixture(scope="module")
def lab(course, root, tmp_path_factory) -> Iterator[str]:
    """The address of JupyterLab, started by the words of the Makefile in the course folder."""
    home = tmp_path_factory.mktemp("home")
    line = re.search(r"^lab:.*\n\t@\$\(RUN\) (.+)$", (root / "Makefile").read_text(), re.MULTILINE)
    assert line
    words = [sys.executable, *shlex.split(line[1]), "--no-browser", "--allow-root", "--ServerApp.port=0"]
    places = {f"JUPYTER_{name}_DIR": str(home / name) for name in ("CONFIG", "DATA", "RUNTIME")}
    env = os.environ | places | {"HOME": str(home), "COURSE_ROOT": str(course.root)}
    process = subprocess.Popen(words, cwd=course.root, env=env, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr
        yield next(
            found[0]
            for told in process.stderr
            if (found := re.search(r"http://(localhost|127\S+?):\d\S+", told))
        )
    finally:
        process.terminate()
        process.wait(timeout=LONG_STOP)


@pytest.fixture(scope="module")
def page(lab) -> Iterator[Browser]:
    """The formgrader, opened in JupyterLab, at its first page."""
    with browser() as tab:
        tab.go(f"{lab}&formgrader=true")
        tab.until(f"{FRAME}.document.querySelectorAll('#main-table tr .name a').length > 1")
        yield tab
