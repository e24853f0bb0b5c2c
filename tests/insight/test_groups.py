"""What is said of a group: how its functions are written, what it follows from, what explains it elsewhere."""

from dataclasses import replace

import pytest

from benchmarks.finder import asked_of, by_paddle, without
from course.autograder.checks import find_check
from course.autograder.engine.engine import as_seed
from course.autograder.grading.class_mistakes.fingerprints import fingerprint, unnamed_outputs
from course.autograder.insight.calls import calls_in, follows_from
from course.autograder.insight.elsewhere import explained_by
from course.autograder.insight.groups import trace
from course.autograder.insight.versions import functions_in, normalised, told_apart
from course.autograder.judging.answers import functions_of, sources_with, wrong_answers

CELLS = [
    "import numpy as np\ndef f(x):\n    return 1",
    "def f(x):\n    '''Twice.'''\n    return 2 * g(x)  # twice\n\ndef g(x):\n    return h(x)",
    "this is no Python (",
    "def h(x):\n    return x",
]


def test_the_last_definition_counts_as_it_is_written():
    assert functions_in(CELLS, ["f"]) == "def f(x):\n    '''Twice.'''\n    return 2 * g(x)  # twice"
    assert functions_in(CELLS, ["nothing"]) == ""


def test_comments_docstrings_and_names_do_not_make_another_writing():
    one = normalised("def f(x):\n    '''Doc.'''\n    y = x + 1  # more\n\n    return y")
    assert one == normalised("def f(values):\n    total = values + 1\n    return total")
    assert one != normalised("def f(values):\n    total = values - 1\n    return total")


def test_the_shortest_comes_first_then_what_is_most_unlike_it():
    versions = {
        "s1": "def f(x):\n    return x + 1",
        "s2": "def f(values):\n    return values + 1  # the same",
        "s3": "def f(x):\n    return x + 1 + 0",
        "s4": "def f(x):\n    out = []\n    for v in x:\n        out.append(v + 1)\n    return np.array(out)",
        "s5": "def f(x):\n    y = np.ones_like(x)\n    y += x\n    return y",
        "s6": "",
    }
    assert [student for student, _ in told_apart(versions)] == ["s1", "s4", "s5"]


@pytest.mark.parametrize(
    "hostile",
    ["(" * 3000 + "a" + ")" * 3000, "-" * 5000 + "a", "def f(:", "x = '\0'"],
    ids=["parentheses", "minus signs", "no function", "a zero byte"],
)
def test_what_cannot_be_read_is_shown_all_the_same(hostile):
    assert told_apart({"s": hostile}) == [("s", hostile)]
    assert functions_in([hostile], ["a"]) == "" and calls_in([hostile]) == {}


def test_a_wrong_answer_that_calls_another_follows_from_it():
    source = "\n".join(
        f"def {name}(x):\n    return {value}"
        for name, value in (
            ("batch_moments", "1"),
            ("helper", "batch_moments(x)"),
            ("batchnorm_forward", "helper(x)"),
        )
    )
    wrong = ("batch_moments", "normalize", "batchnorm_forward.train", "batchnorm_forward.test")
    assert follows_from("batchnorm_forward.train", wrong, calls_in([source])) == ("batch_moments",)
    assert follows_from("batch_moments", wrong, calls_in([source])) == ()


def test_a_mistake_that_another_check_knows_is_told():
    check, seed = find_check("batchnorm_forward.train"), "a class"
    known = next(one for one in by_paddle(check, as_seed(seed)) if one.writer == "Paddle: gamma divides")
    found = fingerprint(check, known.answered, ("out",))
    assert explained_by(check.name, found, seed) == ("spatial_batchnorm_forward", "gamma divides")
    first = next(key for key, outcome in found.items() if outcome.kind == "values")
    off = replace(found[first], sums=tuple(1.01 * s for s in found[first].sums))
    assert explained_by(check.name, {**found, first: off}, seed) is None


def test_two_known_mistakes_that_explain_it_together_are_told():
    check = find_check("scale_shift")
    neither = [wrong for wrong in wrong_answers("ps1_batchnorm") if wrong.id == "scale-x-hat-returned"]
    functions = functions_of("ps1_batchnorm", sources_with("ps1_batchnorm", neither))
    answered = asked_of(check, {"scale_shift": functions["scale_shift"]})
    verdict, heard = without(check, answered, "gamma and beta forgotten")
    assert unnamed_outputs(check, verdict.findings) == ("out",)
    assert trace(check, verdict, heard).partly == "“gamma forgotten” and “beta forgotten”, together"
    assert trace(check, *without(check, answered)) is None
