"""A release on other machines: every Python from 3.10 that is there, the cell for hosted notebooks, and what README says."""

import json
import os
import re
import shutil
import subprocess
import sys
import types
import zipfile
from pathlib import Path

import pytest

from tests.gradebook.test_sealed_release import WITHOUT_PADDLE
from tests.waiting import LONG_STOP

MINORS = range(10, 15)
BARE = {"PATH": "/usr/bin:/bin", "OMP_NUM_THREADS": "1"}
# A newer Python's syntax, patterns and parts of the standard library; no other package is there to be imported.
COMPILES = """
import ast, importlib, pathlib, re, sys

def reads(path):
    tree = ast.parse(path.read_bytes(), str(path))
    compile(tree, str(path), "exec")
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(getattr(node.func, "value", None), "id", "") == "re":
            if node.args and isinstance(node.args[0], ast.Constant):
                re.compile(node.args[0].value)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            if node.module.partition(".")[0] not in OTHERS:
                module = importlib.import_module(node.module)
                for name in node.names:
                    if not hasattr(module, name.name):
                        importlib.import_module(node.module + "." + name.name)
        elif isinstance(node, ast.Import):
            for name in node.names:
                if name.name.partition(".")[0] not in OTHERS:
                    importlib.import_module(name.name)

OTHERS = {"course", "numpy", "matplotlib", "IPython", "jinja2", "markupsafe", "google", "paddle"}
for path in pathlib.Path(sys.argv[1]).rglob("*.py"):
    try:
        reads(path)
    except Exception as error:
        sys.exit(f"{path}: {type(error).__name__}: {error}")
"""


def interpreters(*minors):
    """Pythons of these minor versions: pyenv's, and those on the path."""
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = {}
    for minor in minors:
        places = [*sorted(versions.glob(f"3.{minor}.*/bin/python")), shutil.which(f"python3.{minor}")]
        for place in filter(None, places):
            asked = subprocess.run(
                [place, "-c", "import sys; print(sys.version_info[1])"], capture_output=True, text=True
            )
            if asked.stdout.strip() == str(minor):
                found[minor] = str(place)
                break
    return found


@pytest.fixture(scope="session")
def folder(released):
    return released.folder("release")


@pytest.mark.slow
def test_every_file_is_read_by_every_python_that_is_here(folder):
    for minor, python in interpreters(*MINORS).items():
        done = subprocess.run([python, "-c", COMPILES, folder], env=BARE, capture_output=True, text=True)
        assert done.returncode == 0, (minor, done.stderr)


@pytest.mark.parametrize(
    "newer",
    ["import re\nre.compile(r'a*+')", "import tomllib", "from enum import StrEnum", "match = [\nmatch x"],
)
def test_what_an_older_python_cannot_read_is_found(newer, tmp_path):
    old = interpreters(10)
    if not old:
        pytest.skip("there is no Python 3.10 here")
    (tmp_path / "newer.py").write_text(newer)
    done = subprocess.run([old[10], "-c", COMPILES, tmp_path], env=BARE, capture_output=True, text=True)
    assert done.returncode == 1 and "newer.py" in done.stderr


def test_what_is_missing_is_said_a_sentence_each_on_a_python_that_is_too_old_as_well(folder):
    """Bare interpreters: no numpy, and one older than the course takes where there is one."""
    old = interpreters(9, 8)
    for minor, python in (old or interpreters(10)).items():
        done = subprocess.run(
            [python, "-I", "check_env.py"], cwd=folder, env=BARE, capture_output=True, text=True
        )
        lines = done.stdout.splitlines()
        assert done.returncode == 1 and not done.stderr and len(lines) == 7, done.stderr
        assert lines[0].startswith("[FAIL] Python 3." if old else "[ OK ] Python 3."), minor
        assert "3.10 to 3.14 is wanted; install one" in lines[0] or not old
        assert all("run: python -m pip install -r requirements.txt" in line for line in lines[1:])


@pytest.mark.slow
@pytest.mark.parametrize("minor", [10, 13])
def test_a_check_judges_alike_on_another_python(folder, tmp_path, minor):
    """A right and a wrong answer, in an environment without Paddle that takes its packages from uv's cache."""
    python = interpreters(minor).get(minor)
    if python is None:
        pytest.skip(f"there is no Python 3.{minor} here")
    uv = [sys.executable, "-m", "uv"]
    subprocess.run([*uv, "venv", "-q", "--offline", "--python", python, tmp_path / "env"], check=True)
    mine = tmp_path / "env" / "bin" / "python"
    wanted = ["numpy", "jinja2", "ipython"]
    command = [*uv, "pip", "install", "-q", "--offline", "--no-deps", "--python", mine]
    closed = [*wanted, "markupsafe", "traitlets", "decorator", "pygments", "matplotlib-inline", "exceptiongroup",
              "stack-data", "executing", "asttokens", "pure-eval", "typing-extensions", "prompt-toolkit", "wcwidth",
              "jedi", "parso", "pexpect", "ptyprocess", "psutil", "ipython-pygments-lexers"]  # fmt: skip
    if subprocess.run([*command, *closed], capture_output=True, timeout=LONG_STOP).returncode:
        pytest.skip(
            f"uv's cache has no numpy and IPython for Python 3.{minor}, and no network is asked for them"
        )
    done = subprocess.run(
        [mine, "-c", WITHOUT_PADDLE],
        cwd=tmp_path,
        env=BARE | {"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=LONG_STOP,
    )
    assert done.returncode == 0, done.stderr
    where, _, _, verdicts, paddle = json.loads(done.stdout.splitlines()[-1])
    assert where.startswith(str(folder)) and not paddle
    assert verdicts == [[True, 5, []], [False, 2.5, ["unbiased variance"]]]


def test_readme_says_where_it_was_not_tried_and_names_what_there_is(folder):
    readme = (folder / "README.md").read_text()
    rows = dict(re.findall(r"^\| ([^|]+?) \| (.+) \|$", readme, re.M))
    rows.pop("where")
    untried = {name for name, what in rows.items() if "*Not tried here*" in what}
    assert set(rows) - untried == {"Linux", "no internet"}
    for word in ("macOS", "Windows", "conda", "VS Code", "JupyterHub", "Google Colab", "Kaggle"):
        assert any(name.startswith(word) for name in untried), word
    for name in re.findall(r"`(?:python )?([\w.]+\.(?:py|txt|yml))`", readme):
        assert (folder / name).exists(), name


def test_the_cell_for_hosted_notebooks_finds_the_course_and_does_nothing_elsewhere(
    folder, tmp_path, monkeypatch
):
    cell = re.search(r"```python\n(import glob.*?)```", (folder / "README.md").read_text(), re.S)[1]
    content, kaggle = tmp_path / "content", tmp_path / "input"
    here = cell.replace("/content", str(content)).replace("/kaggle/input", str(kaggle))
    monkeypatch.setattr(sys, "path", [])
    exec(here, {})
    assert sys.path == []

    bundle = tmp_path / "release.zip"
    with zipfile.ZipFile(bundle, "w") as archive:
        archive.write(folder / "check_env.py", "release/check_env.py")
    colab = types.ModuleType("google.colab")
    colab.files = types.SimpleNamespace(upload=lambda: {str(bundle): b""})
    monkeypatch.setitem(sys.modules, "google", types.ModuleType("google"))
    monkeypatch.setitem(sys.modules, "google.colab", colab)
    exec(here, {})
    assert sys.path == [f"{content}/release/"]

    monkeypatch.delitem(sys.modules, "google.colab")
    shutil.rmtree(content)
    (kaggle / "mine").mkdir(parents=True)
    shutil.copy(folder / "check_env.py", kaggle / "mine")
    sys.path.clear()
    exec(here, {})
    assert sys.path == [f"{kaggle}/mine/"]
