"""A cell that hangs, ends or fails costs what depends on it, and every graded cell without marks says why."""

from collections.abc import Iterator
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode, v4

from course.autograder import judging
from course.autograder.engine.engine import Engine, Limits, RunResult
from course.autograder.engine.outputs import verdict_outputs
from course.autograder.engine.progress import Progress
from course.autograder.engine.stacks import Frame, frames, stuck_in
from course.autograder.engine.timer import Taken
from course.autograder.judging.verdict import Verdict
from course.autograder.sandbox import confinement
from tests.attacks.suite import ASSIGNMENT, MOMENTS, RIGHT, SETUP

pytestmark = [
    pytest.mark.skipif(bool(confinement.missing()), reason="; ".join(confinement.missing())),
    pytest.mark.xdist_group("engine"),
]
SHIFT = "def scale_shift(x_hat, gamma, beta):\n    return gamma * x_hat + beta\n"
NEVER = "def normalize(x, mean, var, eps):\n    while True: pass\n"
FORWARD = "def batchnorm_forward(x, gamma, beta, bn_param):\n    return normalize(x, x.mean(0), x.var(0), 1e-5), None\n"


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with Engine(Limits(cell_seconds=1.0, total_seconds=10.0, memory=2**28)) as started:
        yield started


def test_of(check: str) -> NotebookNode:
    about = {"grade": True, "solution": False, "locked": True, "schema_version": 3, "points": 1}
    function, grade_id = check.partition(".")[0], check.replace(".", "-")
    made = v4.new_code_cell(f'check("{check}", {function})', id=grade_id)
    made.metadata["nbgrader"] = {"grade_id": grade_id, "task": False, **about}
    return made


test_of.__test__ = False  # type: ignore[attr-defined]


def run(engine: Engine, *cells: str | NotebookNode) -> RunResult:
    made = [v4.new_code_cell(cell) if isinstance(cell, str) else cell for cell in (SETUP, *cells)]
    result = engine.run(v4.new_notebook(cells=made), assignment=ASSIGNMENT, student_seed=3)
    nbformat.validate(result.notebook)
    return result


def told(result: RunResult, grade_id: str) -> str:
    """What a verdict says, as it stands in the cell."""
    cell = next(c for c in result.notebook.cells if c.id == grade_id)
    text: str = result.ledger[grade_id].text()
    assert cell.outputs[0].data["text/plain"] == text
    return text


# --- what hangs ----------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_function_that_hung_once_is_not_waited_for_again_and_the_rest_is_judged(engine: Engine) -> None:
    result = run(
        engine,
        *(NEVER, test_of("normalize"), FORWARD),
        *(
            test_of("batchnorm_forward.train"),
            test_of("batchnorm_forward.test"),
            SHIFT,
            test_of("scale_shift"),
        ),
    )
    assert "used up its processor time" in told(result, "normalize")
    assert "normalize was at line 2 (while True: pass)" in told(result, "normalize")
    for name in ("batchnorm_forward-train", "batchnorm_forward-test"):
        assert "normalize was stopped in its own check, and is not called again." in told(result, name)
    assert result.ledger["scale_shift"].passed
    assert len(result.incidents) == 1, "nothing else hangs"


HELPER = "def _ready(x):\n    while len(x): pass\n"  # of the student's own: no right one can stand in for it


@pytest.mark.slow
def test_a_helper_that_hung_is_not_waited_for_again(engine: Engine) -> None:
    own = [
        text.replace("    return", "    _ready(x)\n    return", 1)
        for text in (RIGHT, MOMENTS, SHIFT.replace("x_hat,", "x,").replace("x_hat", "x"))
    ]
    tests = [test_of(name) for name in ("normalize", "batch_moments", "scale_shift")]
    cells = [part for pair in zip(own, tests, strict=True) for part in pair]
    result = run(engine, HELPER, *cells)
    assert "_ready was at line 2 (while len(x): pass)" in told(result, "normalize")
    for name in ("batch_moments", "scale_shift"):
        assert "calls _ready, which did not come back in cell normalize" in told(result, name)


@pytest.mark.slow
def test_a_quick_function_in_an_endless_loop_of_the_students_own_is_not_taken_for_what_hung(
    engine: Engine,
) -> None:
    loop = "while True: normalize(np.ones((99, 99)), 0, 1, 0)"
    result = run(engine, RIGHT, loop, "import time\nnormalize(np.ones(3), 0, 1, 0)", test_of("normalize"))
    assert result.ledger["normalize"].passed
    assert len(result.incidents) == 1


def test_what_was_judged_is_not_judged_again(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    judge, asked = judging.weighed, []

    def counted(check: Any, *given: Any, **named: Any) -> Any:
        asked.append(check.name)
        return judge(check, *given, **named)

    monkeypatch.setattr(judging, "weighed", counted)
    end = "import os; os._exit(3)"
    result = run(engine, MOMENTS, test_of("batch_moments"), end, RIGHT, test_of("normalize"), end)
    assert asked == ["batch_moments", "normalize"]
    assert all(verdict.passed for verdict in result.ledger.values())
    assert "PASS" in told(result, "batch_moments")


def test_a_verdict_stands_above_the_end_of_its_cell_in_a_later_process() -> None:
    progress = Progress.of(v4.new_notebook(cells=[test_of("normalize")]), {"normalize": "normalize"}, 3)
    verdict = Verdict("normalize", 1.0, 5.0)
    progress.ledger["normalize"] = verdict
    progress.notebook.cells[0].outputs = verdict_outputs(verdict, 1)
    progress.stop(0, "so")
    assert [o.output_type for o in progress.notebook.cells[0].outputs] == [
        "display_data",
        "execute_result",
        "error",
    ]
    assert progress.ledger == {"normalize": verdict}


BURN = """import time
def burn(seconds):
    until = time.process_time() + seconds
    while time.process_time() < until: pass
"""


@pytest.mark.slow
def test_slow_functions_leave_their_turn_to_those_behind_them() -> None:
    slow = f"{BURN}{MOMENTS}".replace("return", "burn(0.01); return", 1)
    slower = RIGHT.replace("return", "burn(0.02); return", 1)
    forward = FORWARD.replace("return", "burn(0.5); return", 1)
    cells = [slow, test_of("batch_moments"), slower, test_of("normalize"), forward]
    cells.append(test_of("batchnorm_forward.train"))
    with Engine(Limits(cell_seconds=3, total_seconds=1.2)) as short:
        result = run(short, *cells, SHIFT, test_of("scale_shift"))
    assert result.ledger["batch_moments"].passed
    assert "This cell was stopped: it used up its processor time" in told(result, "batchnorm_forward-train")
    assert result.ledger["scale_shift"].passed
    assert not [told for told in result.incidents if "were not run" in told]


def test_what_is_kept_for_graded_cells_is_a_tenth_of_a_cell_each() -> None:
    checks = ("batch_moments", "normalize", "scale_shift")
    cells = [v4.new_code_cell("own"), *map(test_of, checks)]
    progress = Progress.of(v4.new_notebook(cells=cells), {name: name for name in checks}, 3)
    limits = Limits(cell_seconds=30, total_seconds=100, clock_factor=6)

    def shares(taken: Taken) -> list[float]:
        return [round(progress.share(index, limits, taken), 6) for index in range(4)]

    assert shares(Taken(0, 0)) == [30, 30, 30, 30]
    assert shares(Taken(75, 80)) == [16, 19, 19, 19]
    assert shares(Taken(10, 75 * 6)) == [16, 19, 19, 19]  # a sleeper
    assert shares(Taken(96, 96)) == [1, 1.333333, 1.333333, 1.333333]  # less than a tenth for each
    assert shares(Taken(101, 101)) == [0, 0, 0, 0]
    progress.ledger["normalize"] = Verdict("normalize", 1.0, 5.0)
    assert shares(Taken(75, 80)) == [19, 22, 19, 22]
    progress.out_of_time = True
    assert shares(Taken(79, 80)) == [7, 10.5, 7, 10.5]
    progress.done.add(0)
    assert shares(Taken(79, 80))[0] == 30  # it has run before, and others may need what it defines


@pytest.mark.slow
def test_cells_that_were_not_come_to_say_so() -> None:
    kept = f"{BURN}burn(0.2)"  # as long in each process
    with Engine(Limits(cell_seconds=20, total_seconds=0.5)) as short:
        result = run(
            short, MOMENTS, test_of("batch_moments"), kept, "while True: pass", RIGHT, test_of("normalize")
        )
    assert result.ledger["batch_moments"].passed
    assert "of the 0.5 s of processor time that it may take, and " in told(result, "normalize")
    assert "This cell was not run: the notebook had used up its time" in told(result, "normalize")
    assert "This cell was not run" in result.notebook.cells[-2].outputs[0].text


# --- what fails ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (f"import not_there\n{RIGHT}", "line 1, ModuleNotFoundError: No module named 'not_there'"),
        (f"x = 1\nraise ValueError('so')\n{RIGHT}", "line 2, ValueError: so (raise ValueError('so'))"),
        (f"{RIGHT}\nif x = 3: pass", "line 4, SyntaxError"),
        (f"def f():\n  return 1\n    x\n{RIGHT}", "line 3, IndentationError"),
    ],
)
def test_a_test_names_the_error_that_its_function_is_missing_for(
    engine: Engine, answer: str, cause: str
) -> None:
    result = run(engine, answer, test_of("normalize"), FORWARD, test_of("batchnorm_forward.train"))
    for name in result.ledger:
        assert f"normalize was not defined: its cell stopped at {cause}" in told(result, name)


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ("import statistics\n    return statistics.mean([])", "normalize, line 3: return statistics.mean([])"),
        ("import json\n    return json.loads('{')", "normalize, line 3: return json.loads('{')"),
        ("return np.linalg.inv(np.zeros((2, 2)))", "normalize, line 2: return np.linalg.inv(np.zeros((2, 2)))"),
        ("return sorted(x, key=lambda row: row.nothing)", "line 2: return sorted(x, key=lambda row: row.nothing)"),
        ("return helped(x)\n\ndef helped(x):\n    import random\n    return random.choice([])", "helped, line 6: return random.choice([])"),
    ],
)  # fmt: skip
def test_an_error_inside_of_a_library_is_told_at_the_students_own_line(
    engine: Engine, body: str, shown: str
) -> None:
    answer = f"def normalize(x, mean, var, eps):\n    {body}\n"
    text = told(run(engine, answer, test_of("normalize")), "normalize")
    assert shown in text and "site-packages" not in text and ".py" not in text


def test_an_older_definition_in_use_is_told(engine: Engine) -> None:
    wrong = "def normalize(x, mean, var, eps):\n    return x\n"
    text = told(run(engine, wrong, f"1 / 0\n{RIGHT}", test_of("normalize")), "normalize")
    assert "its cell stopped at line 1, ZeroDivisionError" in text and "older definition" in text


def test_a_function_that_nobody_defined_is_told(engine: Engine) -> None:
    text = told(run(engine, test_of("normalize")), "normalize")
    assert "normalize was not defined: no cell above defines it" in text


def test_a_cell_that_fails_below_its_function_costs_nothing(engine: Engine) -> None:
    assert run(engine, f"{RIGHT}\n1 / 0", test_of("normalize")).ledger["normalize"].passed


# --- memory --------------------------------------------------------------------------------------------------


def test_who_is_refused_memory_is_told_both_numbers(engine: Engine) -> None:
    held = "most = bytearray(150 * 2**20)"
    answer = "def normalize(x, mean, var, eps):\n    return np.zeros((2**14, 2**14))\n"
    result = run(engine, held, "more = bytearray(200 * 2**20)", answer, test_of("normalize"))
    for text in (result.notebook.cells[2].outputs[-1].text, told(result, "normalize")):
        assert "MB of memory when it was refused more; a submission may hold 256 MB" in text


# --- stacks --------------------------------------------------------------------------------------------------

STACK = b"""Current thread 0x00007f (most recent call first):
  File "/usr/lib/python3.11/random.py", line 9 in normal
  File "<ipython-input-4-0a1b>", line 3 in normalize
  File "<ipython-input-5-0a1b>", line 7 in <module>
"""


def test_a_stack_is_read_and_what_is_none_is_not() -> None:
    assert frames(STACK) == (Frame(4, 3, "normalize"), Frame(5, 7, "<module>"))
    assert frames(STACK.replace(b"normalize", b"\x1b[2J")) == (Frame(5, 7, "<module>"),)
    assert frames(b"\xff" * 100) == frames(b"") == ()


def test_the_innermost_function_in_every_stack_is_what_does_not_come_back() -> None:
    helper, outer, top = Frame(1, 2, "helper"), Frame(2, 5, "outer"), Frame(3, 1, "<module>")
    assert stuck_in([(helper, outer, top), (outer, top), (), (helper, outer, top)]) == outer
    assert stuck_in([(), ()]) is None
