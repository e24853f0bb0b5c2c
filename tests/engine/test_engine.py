"""A submission runs as in a kernel, is judged from outside, and whatever it does stays in its own cell."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import psutil
import pytest
from IPython.lib.pretty import pretty
from nbformat import NotebookNode, v4

from course.autograder import judging
from course.autograder.engine import prefork
from course.autograder.engine.ends import ZygoteGone
from course.autograder.engine.engine import UNGUARDED, Engine, Limits
from course.autograder.engine.outputs import SKIPPED
from course.autograder.engine.session import Session
from course.autograder.engine.supervisor import Zygote
from course.autograder.sandbox import confinement
from tests.attacks.suite import ASSIGNMENT, MOMENTS, RIGHT, SETUP, WRONG, notebook
from tests.waiting import LONG_STOP, comes_true

pytestmark = [
    pytest.mark.skipif(bool(confinement.missing()), reason="; ".join(confinement.missing())),
    pytest.mark.xdist_group("engine"),
]


def run(engine: Engine, made: NotebookNode, seed: int | str = 3) -> dict[str, float]:
    result = engine.run(made, assignment=ASSIGNMENT, student_seed=seed)
    return {name: verdict.points for name, verdict in result.ledger.items()}


def outputs(engine: Engine, *sources: str) -> list[NotebookNode]:
    """The outputs of the last of some cells."""
    made = v4.new_notebook(cells=[v4.new_code_cell(s) for s in sources])
    result = engine.run(made, assignment=ASSIGNMENT, student_seed=3)
    nbformat.validate(result.notebook)
    return result.notebook.cells[-1].outputs


@pytest.mark.slow
def test_verdicts_are_those_of_the_judge_in_process(engine: Engine) -> None:
    space: dict = {}
    exec(SETUP + MOMENTS + WRONG, space)
    asked = []
    result = engine.run(
        notebook("", WRONG, "", ""),
        assignment=ASSIGNMENT,
        student_seed=3,
        seen=lambda *one: asked.append(one),
    )
    assert {question.check.name for question, reply in asked if reply.outputs} >= {
        "batch_moments",
        "normalize",
    }
    for name in ("batch_moments", "normalize"):
        assert result.ledger[name] == judging.judge(name, space[name], seed=3, graded=True)
    assert result.incidents == ()


def test_the_judges_message_stands_in_the_executed_notebook(engine: Engine) -> None:
    result = engine.run(notebook("", WRONG, "", ""), assignment=ASSIGNMENT, student_seed=3)
    cell = next(c for c in result.notebook.cells if c.id == "normalize")
    assert [o.output_type for o in cell.outputs[:2]] == ["display_data", "execute_result"]
    assert cell.outputs[0].data["text/plain"].startswith("FAIL  normalize")
    assert cell.outputs[1].data["text/plain"] == "0.0"
    nbformat.validate(result.notebook)


def test_the_submission_is_left_as_it_was(engine: Engine) -> None:
    made = notebook("", RIGHT, "", "")
    before = nbformat.writes(made)
    run(engine, made)
    assert nbformat.writes(made) == before


def test_seeds_differ_and_repeat(engine: Engine) -> None:
    lookup = "def normalize(x, mean, var, eps):\n    print(x[0, 0])\n" + RIGHT.split("\n", 1)[1]
    made = notebook("", lookup, "", "")

    def printed(seed: int | str) -> str:
        result = engine.run(made, assignment=ASSIGNMENT, student_seed=seed)
        return "".join(o.get("text", "") for o in result.notebook.cells[-1].outputs)

    assert printed(1) == printed(1) != printed(2)
    assert printed("a") == printed("a") != printed("b")


def test_another_assignments_check_counts_for_nothing(engine: Engine) -> None:
    result = engine.run(notebook("", RIGHT, "", ""), assignment="ps9_other", student_seed=3)
    assert result.ledger == {}


def test_the_last_value_is_the_result(engine: Engine) -> None:
    (result,) = outputs(engine, "1 + 1")
    assert result.output_type == "execute_result" and result.data == {"text/plain": "2"}


def test_a_submission_finds_nothing_of_what_was_rehearsed(engine: Engine) -> None:
    names = "[name for name in globals() if not name.startswith('_')], Out, len(In), get_ipython().execution_count"
    lines = "sum('def ' 'double' in line for entry in linecache.cache.values() for line in entry[2])"
    (value,) = outputs(engine, f"import linecache\n{names}, {lines}")
    found = ["In", "Out", "get_ipython", "exit", "quit", "open", "linecache"]
    assert value.data["text/plain"] == pretty((found, {}, 2, 2, 0))


def test_a_semicolon_silences_it(engine: Engine) -> None:
    assert outputs(engine, "1 + 1;") == []


def test_streams_and_displays_keep_their_order(engine: Engine) -> None:
    source = "import sys\nprint(1)\ndisplay(2)\nprint(3, file=sys.stderr)\nprint(4)"
    kinds = [(o.output_type, o.get("name", "")) for o in outputs(engine, source)]
    assert kinds == [("stream", "stdout"), ("display_data", ""), ("stream", "stderr"), ("stream", "stdout")]


def test_figures_become_images(engine: Engine) -> None:
    (figure,) = outputs(engine, "import matplotlib.pyplot as plt", "plt.plot([1, 2]);")
    assert figure.data["image/png"].startswith("iVBOR")


def test_an_error_becomes_an_error_output_and_the_next_cell_runs(engine: Engine) -> None:
    (error,) = outputs(engine, "x = 5", "1 / 0")
    assert error.ename == "ZeroDivisionError" and "1 / 0" in error.traceback[0]
    assert outputs(engine, "1 / 0", "6")[0].data["text/plain"] == "6"


def test_what_c_libraries_print_is_kept(engine: Engine) -> None:
    (text,) = outputs(engine, "import os", "os.write(2, b'from C');")
    assert text.text == "from C\n"


def test_html_of_a_submission_loses_its_scripts(engine: Engine) -> None:
    source = """display({"text/html": "<b onclick='x()'>a</b><script>x()</script><img src=x onerror=x()>",
                         "application/javascript": "x()", "image/svg+xml": "<svg onload='x()'/>",
                         "image/png": "\\"><script>x()</script>", "text/plain": "p"}, raw=True)"""
    (shown,) = outputs(engine, source)
    assert set(shown.data) == {"text/plain", "text/html"}
    assert "onclick" not in shown.data["text/html"] and "<script" not in shown.data["text/html"]
    assert "onerror" not in shown.data["text/html"]


def test_what_a_submission_sets_as_text_or_formula_is_kept(engine: Engine) -> None:
    source = "from IPython.display import Markdown, Math\ndisplay(Markdown('*so*'), Math('x^2'))"
    text, formula = outputs(engine, source)
    assert text.data["text/markdown"] == "*so*" and formula.data["text/latex"] == "$\\displaystyle x^2$"


def test_cells_tagged_not_graded_are_skipped_and_say_so(engine: Engine) -> None:
    made = v4.new_notebook(cells=[v4.new_code_cell("print('ran')", metadata={"tags": ["not-graded"]})])
    result = engine.run(made, assignment=ASSIGNMENT, student_seed=3)
    assert result.notebook.cells[0].outputs[0].text.strip() == SKIPPED


def test_markdown_and_empty_cells_are_left_alone(engine: Engine) -> None:
    made = v4.new_notebook(cells=[v4.new_markdown_cell("# Title"), v4.new_code_cell("  \n")])
    result = engine.run(made, assignment=ASSIGNMENT, student_seed=3)
    assert result.notebook.cells[1].outputs == [] and result.notebook.cells[1].execution_count is None


def test_a_killed_cell_loses_its_own_points_only(engine: Engine) -> None:
    killer = "import os\ndef batch_moments(x):\n    os._exit(1)\n"
    made = notebook("", RIGHT, "", "")
    next(c for c in made.cells if c.id == "batch_moments-answer").source = killer
    result = engine.run(made, assignment=ASSIGNMENT, student_seed=3)
    assert {n: v.points for n, v in result.ledger.items()} == {"batch_moments": 0.0, "normalize": 5.0}
    stopped = "cell batch_moments was stopped: the process ended itself (exit code 1)"
    assert result.incidents == (stopped,) and result.needs_person == ()
    cell = next(c for c in result.notebook.cells if c.id == "batch_moments")
    assert (
        "This cell was stopped: the process ended itself (exit code 1)." in cell.outputs[0].data["text/plain"]
    )


NEVER = "def normalize(x, mean, var, eps):\n    while True: pass\n"


@pytest.fixture(scope="module")
def short() -> Iterator[Engine]:
    """Little time for a cell."""
    with Engine(Limits(cell_seconds=0.5, total_seconds=20)) as started:
        yield started


@pytest.mark.slow
def test_processor_time_is_counted_for_each_cell(short: Engine) -> None:
    result = short.run(notebook("", NEVER, "", ""), assignment=ASSIGNMENT, student_seed=3)
    (incident,) = result.incidents
    told = r"it used up its processor time: it took 0\.\d s, and a cell may take 0\.5 s; normalize was at line 2 \(while True: pass\)"
    assert re.fullmatch("cell normalize was stopped: " + told, incident)
    assert result.ledger["batch_moments"].passed


def test_who_sleeps_has_a_limit_by_the_clock(short: Engine) -> None:
    sleeper = "import time\ndef normalize(x, mean, var, eps):\n    time.sleep(10**6)\n"
    result = short.run(notebook("", sleeper, "", ""), assignment=ASSIGNMENT, student_seed=3)
    (incident,) = result.incidents
    told = (
        r"it used up its time by the clock: it was not done after 3\.\d s, 0\.\d s of them at work, and a cell may take "
        r"3 s; normalize was at line 3 \(time\.sleep\(10\*\*6\)\)"
    )
    assert re.fullmatch("cell normalize was stopped: " + told, incident)
    assert result.ledger["batch_moments"].passed


@pytest.mark.slow
def test_the_time_of_threads_counts(short: Engine) -> None:
    endless = "threading.Thread(target=lambda: [0 for _ in iter(int, 1)], daemon=True).start()"
    threads = f"import threading, time\nfor _ in range(4): {endless}\ntime.sleep(10**6)"
    result = short.run(notebook(threads, RIGHT, "", ""), assignment=ASSIGNMENT, student_seed=3)
    assert result.incidents[0].startswith("cell 2 was stopped: it used up its processor time")
    assert all(result.ledger[name].passed for name in ("batch_moments", "normalize"))


@pytest.mark.slow
def test_the_judges_own_time_does_not_count(short: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    judge = judging.weighed

    def slowly(*given: Any, **named: Any) -> Any:
        until = time.process_time() + 0.7
        while time.process_time() < until:
            pass
        return judge(*given, **named)

    monkeypatch.setattr(judging, "weighed", slowly)
    result = short.run(notebook("", RIGHT, "", ""), assignment=ASSIGNMENT, student_seed=3)
    assert result.incidents == ()


@pytest.mark.slow
def test_honest_work_beside_busy_loops_earns_what_it_earns_alone() -> None:
    """All on one core: the answer's cell takes a quarter of its processor time, and by the clock more than all of it.

    Alone goes first: what a first submission imports is there before the loops begin, which burn eight times what they
    slow. Each loop has a session of its own, since Linux may share a core out among sessions first, and all eight in ours
    would together get no more of it than the submission. That they were busy is seen by their own processor time: on
    the one core, the clock went on for at least as long.
    """
    slow = (
        "import time\nsince = time.process_time()\nwhile time.process_time() - since < 0.05: pass\n" + RIGHT
    )
    core = min(os.sched_getaffinity(0))
    with (
        Engine(Limits(cell_seconds=0.2, total_seconds=20, clock_factor=100)) as one,
        contextlib.ExitStack() as end,
    ):
        assert one._zygote is not None
        os.sched_setaffinity(one._zygote.process.pid, {core})
        made = notebook("", slow, "", "")
        alone = run(one, made)
        assert alone == {"batch_moments": 5.0, "normalize": 5.0}
        loops = []
        for _ in range(8):
            loop = subprocess.Popen([sys.executable, "-S", "-c", "while True: pass"], start_new_session=True)
            end.callback(loop.wait)
            end.callback(loop.kill)
            os.sched_setaffinity(loop.pid, {core})
            loops.append(psutil.Process(loop.pid))
        for seed in range(10):
            result = one.run(made, assignment=ASSIGNMENT, student_seed=seed)
            assert result.incidents == ()
            assert {n: v.points for n, v in result.ledger.items()} == alone
        assert sum(loop.cpu_times().user for loop in loops) > 10 * one.limits.cell_seconds


@pytest.mark.slow
def test_the_total_time_keeps_what_was_earned_before() -> None:
    with Engine(Limits(cell_seconds=20, total_seconds=1)) as short:
        result = short.run(notebook("", "while True: pass", "", ""), assignment=ASSIGNMENT, student_seed=3)
    assert {n: v.points for n, v in result.ledger.items()} == {"batch_moments": 5.0, "normalize": 0.0}
    assert "it used up its processor time" in result.incidents[0]


@pytest.mark.slow
def test_restarts_are_counted(engine: Engine) -> None:
    made = v4.new_notebook(cells=[v4.new_code_cell("import os; os._exit(1)") for _ in range(9)])
    with Engine(Limits(restarts=2)) as few:
        result = few.run(made, assignment=ASSIGNMENT, student_seed=3)
    assert len(result.incidents) == 4


@pytest.mark.parametrize("times", [1, 2])
def test_a_process_that_is_killed_from_outside_costs_no_points_and_twice_is_put_before_a_person(
    engine: Engine, times: int
) -> None:
    assert run(engine, notebook("", RIGHT, "", ""))["normalize"] == 5.0
    killed: list[int] = []

    def kill(question: Any, reply: Any) -> None:  # as the kernel does where the machine has no memory left
        assert engine._zygote is not None
        if question.check.name == "normalize" and len(killed) < times:
            (student,) = psutil.Process(engine._zygote.process.pid).children()
            if student.pid not in killed:  # answers that it had sent before are still heard of
                killed.append(student.pid)
                student.send_signal(signal.SIGKILL)

    result = engine.run(notebook("", RIGHT, "", ""), assignment=ASSIGNMENT, student_seed=3, seen=kill)
    assert len(killed) == times and result.ledger["batch_moments"].points == 5.0
    assert "the process was ended by SIGKILL; the notebook was run once more" in result.incidents[0]
    if times == 1:
        assert result.ledger["normalize"].points == 5.0
        assert len(result.incidents) == 1 and result.needs_person == ()
    else:
        assert result.ledger["normalize"].points == 0
        (why,) = result.needs_person
        assert "killed at cell normalize, after the notebook had been run once more" in why


def test_a_cell_that_kills_its_process_is_let_off_once_and_loses_what_is_its_own(engine: Engine) -> None:
    before = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    result = engine.run(notebook(before, RIGHT, "", ""), assignment=ASSIGNMENT, student_seed=3)
    assert result.ledger["normalize"].points == 5.0 and result.restarts == 2
    made = notebook("", f"{RIGHT}\n{before}", "", "")
    result = engine.run(made, assignment=ASSIGNMENT, student_seed=3)
    assert result.ledger["normalize"].points == 0 and result.restarts == 2
    assert ["run once more" in incident for incident in result.incidents] == [True, False]
    (why,) = result.needs_person  # it may have been the machine: a person can tell by the cell
    assert "or by the code itself" in why


def test_a_run_that_the_grader_s_own_processes_cut_short_is_put_before_a_person(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(session: Session) -> None:
        raise ZygoteGone

    made = notebook("", RIGHT, "", "")
    assert run(engine, made)["normalize"] == 5.0
    monkeypatch.setattr(Session, "go", dies)
    monkeypatch.setattr(engine, "close", lambda: None)  # it lives: no other is needed
    result = engine.run(made, assignment=ASSIGNMENT, student_seed=3)
    assert result.ledger["normalize"].points == 0
    (why,) = result.needs_person
    assert "not run to its end, because processes of the grader's own died" in why


@pytest.mark.slow
def test_a_template_that_dies_is_replaced(engine: Engine) -> None:
    assert run(engine, notebook("", RIGHT, "", ""))["normalize"] == 5.0
    assert engine._zygote is not None
    os.kill(engine._zygote.process.pid, signal.SIGKILL)
    assert run(engine, notebook("", RIGHT, "", ""))["normalize"] == 5.0


@pytest.mark.slow
def test_a_template_that_dies_in_the_midst_of_a_submission_costs_it_nothing(engine: Engine) -> None:
    killed: list[int] = []

    def kill(*_: object) -> None:
        if not killed and engine._zygote is not None:
            killed.append(engine._zygote.process.pid)
            os.kill(killed[0], signal.SIGKILL)

    result = engine.run(notebook("", RIGHT, "", ""), assignment=ASSIGNMENT, student_seed=3, seen=kill)
    assert killed and result.ledger["normalize"].points == 5.0 and not result.needs_person
    # The submission's process may just have ended its work by then.
    assert set(result.incidents) <= {"the zygote process died and was started anew"}


def test_a_template_that_is_gone_at_a_question_is_no_flaw_of_the_judges(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, gone = judging.weighed, [ZygoteGone("gone")]

    def weighed(*a: Any, **k: Any) -> Any:
        if gone:
            raise gone.pop()
        return whole(*a, **k)

    monkeypatch.setattr(judging, "weighed", weighed)
    result = engine.run(notebook("", RIGHT, "", ""), assignment=ASSIGNMENT, student_seed=3)
    assert result.ledger["normalize"].points == 5.0 and not result.needs_person
    assert result.incidents == ("the zygote process died and was started anew",)


def test_a_template_that_dies_before_it_is_warm_is_started_once_more(monkeypatch: pytest.MonkeyPatch) -> None:
    whole, killed = Zygote.await_start, list[int]()

    def dies(zygote: Zygote) -> None:
        if not killed:
            assert isinstance(zygote.process, subprocess.Popen)
            killed.append(zygote.process.pid)
            zygote.process.kill()
        whole(zygote)

    monkeypatch.setattr(Zygote, "await_start", dies)
    monkeypatch.setattr(prefork, "shared", None)  # else nobody knows its number before it is warm
    with Engine() as engine:
        assert engine._zygote is not None and engine._zygote.process.pid not in killed
        assert run(engine, notebook("", RIGHT, "", ""))["normalize"] == 5.0


def test_a_judge_that_fails_is_told_and_stops_nobody(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*a: object, **k: object) -> None:
        raise ZeroDivisionError("a flaw of ours")

    monkeypatch.setattr(judging, "weighed", broken)
    result = engine.run(notebook("", RIGHT, "", ""), assignment=ASSIGNMENT, student_seed=3)
    assert result.ledger["normalize"].points == 0
    assert any("the judge failed with ZeroDivisionError" in i for i in result.incidents)
    (why,) = result.needs_person
    assert (
        why
        == "The judge failed at cell batch_moments and cell normalize, and gave no points; grade that by hand."
    )


ASKS = {
    "above the function": ("n = int(input('how many? '))", RIGHT),
    "in the function": ("", RIGHT.replace(":\n", ":\n    n = int(input('how many? '))\n", 1)),
    "in another cell": ("mode = input('train or test? ')", RIGHT.replace(":\n", ":\n    assert mode\n", 1)),
}


@pytest.mark.parametrize("where", ASKS)
def test_points_missing_where_somebody_at_the_keyboard_was_asked_are_put_before_a_person(
    engine: Engine, where: str
) -> None:
    above, function = ASKS[where]
    made = notebook(above, function, "", "")
    if where == "above the function":
        made = notebook("", f"{above}\n{function}", "", "")
    result = engine.run(made, assignment=ASSIGNMENT, student_seed=3)
    assert result.ledger["normalize"].points == 0
    assert any("Somebody at the keyboard is asked at cell" in why for why in result.needs_person)


def test_a_name_that_is_asked_for_and_not_needed_is_nothing_for_a_person(engine: Engine) -> None:
    result = engine.run(
        notebook("input('who?')", f"{MOMENTS}\n{RIGHT}", "", ""), assignment=ASSIGNMENT, student_seed=3
    )
    assert result.ledger["normalize"].passed
    assert all(verdict.passed for verdict in result.ledger.values()) and result.needs_person == ()


def _gone(pid: int) -> bool:
    return comes_true(lambda: not psutil.pid_exists(pid))


@pytest.mark.slow
def test_a_grader_that_is_killed_leaves_no_process_and_no_folder() -> None:
    program = (
        "from course.autograder.engine.engine import *; from tests.attacks.suite import *; e = Engine().start();"
        "print(e._zygote.process.pid, e._zygote.private, flush=True);"
        "e.run(notebook('', 'while True: pass', '', ''), assignment=ASSIGNMENT, student_seed=1)"
    )
    root = Path(__file__).parents[2]
    grader = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, cwd=root)
    assert grader.stdout is not None
    zygote, private = grader.stdout.readline().split()
    assert comes_true(lambda: bool(psutil.Process(int(zygote)).children()))
    forked = psutil.Process(int(zygote)).children(recursive=True)
    grader.kill()
    grader.wait()
    _, alive = psutil.wait_procs(forked, LONG_STOP)
    assert alive == [] and _gone(int(zygote))
    assert not Path(private).exists()


def test_a_grader_that_is_killed_at_its_start_leaves_no_folder(tmp_path: Path) -> None:
    program = (
        "import os; from course.autograder.engine.supervisor import Zygote; from course.autograder.sandbox.limits import Limits;"
        "t = Zygote(Limits(), True); print(t.process.pid, flush=True); os._exit(0)"
    )
    root = Path(__file__).parents[2]
    environment = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": str(root)}
    started = subprocess.run(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, env=environment
    )
    assert started.returncode == 0 and _gone(int(started.stdout))
    assert list(tmp_path.glob("course-grading-*")) == []


@pytest.mark.slow
def test_without_isolation_every_result_says_so() -> None:
    with pytest.warns(UserWarning, match="without isolation"), Engine(isolated=False) as open_engine:
        result = open_engine.run(notebook("", RIGHT, "", ""), assignment=ASSIGNMENT, student_seed=3)
    assert result.incidents == (UNGUARDED,) and not result.isolated
    assert result.ledger["normalize"].passed


def test_submissions_do_not_see_each_other(engine: Engine) -> None:
    outputs(engine, "import numpy as np; np.mean = None; open('left', 'w').write('x'); leaked = 1")
    (seen,) = outputs(
        engine, "import os, numpy as np; (os.listdir('.'), np.mean is None, 'leaked' in globals())"
    )
    assert seen.data["text/plain"] == "([], False, False)"


def test_a_checks_dots_are_dashes_in_its_cells_grade_id(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    from course.autograder import checks
    from course.autograder.checks import find_check

    dotted = replace(find_check("normalize"), name="normalize.again")
    own = checks._checks_of
    more = {"normalize.again": dotted}
    monkeypatch.setattr(checks, "_read", checks._read | more)
    monkeypatch.setattr(
        checks, "_checks_of", lambda topic: own(topic) | (more if topic.ASSIGNMENT == ASSIGNMENT else {})
    )
    made = notebook("", RIGHT, "", "")
    cell = next(c for c in made.cells if c.id == "normalize")
    cell.source, cell.metadata.nbgrader["grade_id"] = 'check("normalize.again", normalize)', "normalize-again"
    assert run(engine, made)["normalize-again"] == 5.0
