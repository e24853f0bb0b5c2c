"""Fingerprints of wrong answers, mistakes that can be stated, and the file that has their names."""

from dataclasses import replace

import nbformat
import numpy as np
import pytest

from course.autograder.checks import find_check
from course.autograder.checks.language.protocol import perform
from course.autograder.engine.engine import RunResult, as_seed
from course.autograder.engine.outputs import verdict_outputs
from course.autograder.gradebook.course import GradingError
from course.autograder.grading.class_mistakes.again import digest_of
from course.autograder.grading.class_mistakes.file import FILE, add_mistake, read_mistakes
from course.autograder.grading.class_mistakes.fingerprints import fingerprint, like, unnamed_outputs
from course.autograder.grading.class_mistakes.mistake import ClassMistake, relations_of
from course.autograder.grading.class_mistakes.naming import Graded, named, with_names
from course.autograder.grading.class_mistakes.stated import Stated
from course.autograder.grading.driver import class_mistakes
from course.autograder.judging import judge_with, question
from course.autograder.settings import SettingsError

SEED = "a class"
CHECK = "batch_moments"
ADVICE = "The variance is the mean of the squares."


def heard(function, seed=SEED, name=CHECK):
    """The verdict on a function, and all that was asked for it."""
    check = find_check(name)
    answered = {}
    verdict = judge_with(
        check,
        lambda s, i, w: perform(s, i, w, dict.fromkeys(check.functions, function)),
        graded=True,
        questions=lambda index: question(name, index, as_seed(seed)),
        seen=lambda asked, reply: answered.update({asked.case.name: (asked, reply)}),
    )
    return check, verdict, answered


def print_of(function, seed=SEED, name=CHECK):
    check, verdict, answered = heard(function, seed, name)
    return fingerprint(check, answered, unnamed_outputs(check, verdict.findings))


def lessened(x):
    return x.mean(axis=0), 0.4 * x.var(axis=0)


def lessened_in_a_loop(x):
    mean = sum(x) / len(x)
    return mean, np.array(
        [sum((v - m) ** 2 for v in column) for column, m in zip(x.T, mean, strict=True)]
    ) / (2.5 * len(x))


def median(x):
    return x.mean(axis=0), np.median((x - x.mean(axis=0)) ** 2, axis=0)


def nearly_lessened(x):
    return x.mean(axis=0), x.var(axis=0) * 0.40001


def lessened_but_for_two_samples(x):
    return x.mean(axis=0), x.var(axis=0) * (0.4 if len(x) > 2 else 1)


def given_layernorm(x, gamma, beta, ln_param):
    spread = np.sqrt(x.var(axis=-1, keepdims=True) + ln_param.get("eps", 1e-5))
    return gamma * (x - x.mean(axis=-1, keepdims=True)) / spread + beta


@pytest.fixture(scope="module")
def stated():
    """The variance lessened, as it would be named from one class."""
    check, verdict, answered = heard(lessened)
    outputs = unnamed_outputs(check, verdict.findings)
    relations = relations_of(check, answered, fingerprint(check, answered, outputs))
    return ClassMistake("ps1_batchnorm", CHECK, "variance lessened", ADVICE, relations)


@pytest.fixture(scope="module")
def seen():
    """A median in place of a mean, which no relation states."""
    found = print_of(median)
    asked = digest_of(CHECK, SEED)
    return ClassMistake("ps1_batchnorm", CHECK, "median", ADVICE, {}, SEED, found, asked)


def test_one_mistake_has_one_fingerprint_however_it_is_written():
    assert like(print_of(lessened), print_of(lessened_in_a_loop))


@pytest.mark.parametrize("other", [median, nearly_lessened, lessened_but_for_two_samples])
def test_another_mistake_has_another(other):
    assert not like(print_of(lessened), print_of(other))


@pytest.mark.filterwarnings("ignore")
def test_a_fingerprint_is_of_the_outputs_without_a_name_alone():
    assert {path for _, path in print_of(lessened)} == {"var"}
    assert not print_of(lambda x: (x.mean(axis=0), x.var(axis=0, ddof=1)))  # it has a name


def test_a_stated_mistake_is_known_on_cases_drawn_afresh_and_no_other_is(stated):
    assert {path: one.stated.as_dict() for path, one in stated.relations.items()} == {
        "var": {"kind": "times", "by": 0.4}
    }
    for seed in ("next year", "somebody else"):
        for function, known in ((lessened, True), (lessened_in_a_loop, True), (median, False), (nearly_lessened, False),
                                (lessened_but_for_two_samples, False)):  # fmt: skip
            check, verdict, answered = heard(function, seed)
            outputs = unnamed_outputs(check, verdict.findings)
            assert stated.explains(check, answered, outputs) is known


def test_a_mistake_that_cannot_be_stated_is_known_on_the_classes_cases(seen):
    check, _, answered = heard(median)
    assert not seen.relations and seen.explains(check, answered, ("var",))
    assert not seen.explains(*heard(lessened)[::2], ("var",))
    assert not seen.explains(*heard(median, "other cases")[::2], ("var",))


@pytest.mark.parametrize(
    ("name", "function", "kind"),
    [
        (CHECK, lambda x: (x.mean(axis=0), x.var(axis=0) * 3), "times"),
        (CHECK, lambda x: (x.mean(axis=0), x.var(axis=0) / 3), "times"),
        (CHECK, lambda x: (x.mean(axis=0) + 1, x.var(axis=0)), "plus"),
        (CHECK, lambda x: (x.mean(axis=0), x.mean(axis=0)), "another output"),
        (CHECK, lambda x: (np.roll(x.mean(axis=0), 1), x.var(axis=0)), "rolled"),
        (CHECK, lambda x: (x.mean(axis=0)[::-1], x.var(axis=0)), "reversed"),
        (CHECK, lambda x: (x.mean(axis=0), x.var(axis=0) ** 2), "power"),
        (CHECK, lambda x: (x.mean(axis=0), x.var(axis=0) / x.shape[1]), "divided by a count"),
        (CHECK, lambda x: (x.mean(axis=0), x.var(axis=0)[None, :, None]), "axes added"),
        ("relu", lambda x: np.maximum(x, 0).T, "transposed"),
        ("scale_shift", lambda x_hat, gamma, beta: x_hat * 0, "zero"),
        ("scale_shift", lambda x_hat, gamma, beta: x_hat * gamma + 2 * beta, "plus an input"),
        ("layernorm_forward", lambda x, g, b, p: (given_layernorm(x, g, b, p) * g, None), "times an input"),
        (
            "dropout_apply.train",
            lambda x, m, p, mode, scaling: x * m * (1 - p) / ((1 - p) if "up" in scaling and p < 1 else 1),
            "times 1 less an input",
        ),
        ("normalize", lambda x, mean, var, eps: mean, "an input"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_can_be_stated(name, function, kind):
    check, verdict, answered = heard(function, name=name)
    outputs = unnamed_outputs(check, verdict.findings) or tuple(o.path for o in check.outputs)
    relations = relations_of(check, answered, fingerprint(check, answered, outputs))
    assert kind in {one.stated.kind for one in relations.values()}
    assert all(one.stated.words for one in relations.values())
    again = ClassMistake(check.assignment, name, "a", ADVICE, relations)
    _, other, fresh = heard(function, "fresh cases", name)
    wrong = tuple(p for p in again.outputs)
    assert again.explains(check, fresh, wrong) and not other.passed


@pytest.mark.parametrize(
    ("kind", "by"),
    [("times", 10**400), ("reversed", [7]), ("rolled", []), ("axes permuted", [0, 0]), ("an input", "nothing"),
     ("times an input", "x[:, None, None]"), ("summed", [0, 0])],
)  # fmt: skip
def test_a_relation_that_makes_no_sense_gives_nothing(kind, by):
    asked = question(CHECK, 0, 0)
    assert Stated(kind, by).of("var", asked.right, asked.values) is None


def test_a_name_changes_words_and_no_points(stated):
    _, verdict, _ = heard(lessened)
    after = named(verdict, stated)
    assert after.points == verdict.points and after.right == verdict.right
    assert after.misconceptions == ("variance lessened",)
    assert ADVICE in after.text() and "variance lessened" not in verdict.text()


def run_of(verdict):
    """A graded run with this verdict and nothing else."""
    (cell,) = [
        nbformat.v4.new_code_cell("check()", metadata={"nbgrader": {"grade_id": CHECK, "grade": True}})
    ]
    cell.outputs = verdict_outputs(verdict, 1)
    return RunResult(nbformat.v4.new_notebook(cells=[cell]), {CHECK: verdict}, (), {}, True)


@pytest.mark.parametrize(("function", "names"), [(lessened_in_a_loop, ("variance lessened",)), (median, ())])
def test_a_run_gets_the_names_in_its_verdicts_and_in_its_notebook(function, names, stated):
    _, verdict, answered = heard(function, "a student")
    result = run_of(verdict)
    after = with_names(Graded(result, {CHECK: answered}, None, result.notebook, "ps1_batchnorm"), [stated])
    assert after.ledger[CHECK].misconceptions == names
    shown, value = after.notebook.cells[0].outputs
    assert ("variance lessened" in shown.data["text/html"]) is bool(names)
    assert value == verdict_outputs(verdict, 1)[1]


def test_a_fingerprint_of_cases_that_are_no_longer_drawn_names_nothing_and_asks_nothing(seen):
    _, verdict, answered = heard(median)
    result = run_of(verdict)
    graded = Graded(
        result, {CHECK: answered}, None, result.notebook, "ps1_batchnorm"
    )  # no engine: it must not be needed
    assert with_names(graded, [replace(seen, asked="of other cases")]) is result


def test_a_mistake_that_spares_some_cases_is_not_the_one_that_spares_none():
    check, verdict, answered = heard(lessened_but_for_two_samples)
    found = fingerprint(check, answered, unnamed_outputs(check, verdict.findings))
    spares = ClassMistake("ps1_batchnorm", CHECK, "a", ADVICE, relations_of(check, answered, found))
    for function, known in ((lessened_but_for_two_samples, True), (lessened, False)):
        _, verdict, fresh = heard(function, "fresh cases")
        assert spares.explains(check, fresh, unnamed_outputs(check, verdict.findings)) is known


def blown_up(value, place=0):
    """The variance with one value beyond all measure, as a division by almost 0 gives it."""

    def function(x):
        var = x.var(axis=0)
        var[place] = value
        return x.mean(axis=0), var

    return function


def test_what_is_not_finite_is_known_by_its_place_as_far_as_writings_share_it():
    one = print_of(blown_up(np.inf))
    assert like(one, print_of(blown_up(np.nan))) and like(one, print_of(blown_up(1e200)))
    assert not like(one, print_of(blown_up(np.inf, place=-1))) and not like(one, print_of(blown_up(3.0)))


def test_a_mistake_of_another_output_is_not_it(stated):
    """Who halves both has another mistake than who halves one."""
    check, verdict, answered = heard(lambda x: (x.mean(axis=0) / 2, x.var(axis=0) / 2))
    assert not stated.explains(check, answered, unnamed_outputs(check, verdict.findings))


def test_an_array_that_no_answer_is_so_large_as_is_known_by_its_shape():
    one, other = (heard(lambda x, k=k: (x.mean(axis=0), np.full((1001, 1000), k)))[2] for k in (1.0, 2.0))
    prints = [fingerprint(find_check(CHECK), answered, ("var",)) for answered in (one, other)]
    assert like(*prints) and {o.sums for o in prints[0].values()} == {()}


# --- the file ------------------------------------------------------------------------------------------------


def test_what_is_written_is_read(stated, seen, tmp_path):
    add_mistake(tmp_path, stated)
    add_mistake(tmp_path, seen)
    assert read_mistakes(tmp_path) == (stated, seen)
    assert read_mistakes(tmp_path, "ps2_dropout") == ()
    with pytest.raises(SettingsError, match="two mistakes of batch_moments are called 'median'"):
        add_mistake(tmp_path, seen)
    assert read_mistakes(tmp_path) == (stated, seen)


GOOD = """[[mistake]]
assignment = "ps1_batchnorm"
check = "batch_moments"
name = "variance lessened"
advice = "Nothing halves it."
[mistake.relations.var]
kind = "times"
by = 0.5
cases = ["two samples"]
"""


@pytest.mark.parametrize(
    ("was", "becomes", "told"),
    [
        ("[[mistake]]", "[[mistake", "is not TOML"),
        ("[[mistake]]", "[[mistakes]]", "wanted: tables, as [[mistake]]"),
        ('"ps1_batchnorm"', '"ps9"', "'ps9', which has no checks"),
        ('"batch_moments"', '"moments"', "check is 'moments'; wanted: one of ps1_batchnorm's: batch_moments"),
        ('"variance lessened"', '""', "name is ''; wanted: words"),
        ('"variance lessened"', '"unbiased variance"', "itself calls a mistake"),
        ('"variance lessened"', '"a\\u001b[31m"', "one line of plain text"),
        ('"variance lessened"', "3", "name is 3; wanted: text in quotes"),
        ("Nothing halves it.", "nothing", "a whole sentence"),
        ('"times"', '"tims"', "kind is 'tims'; wanted: one of"),
        ("0.5", "nan", "by is nan"),
        ("0.5", '"os"', "by is 'os'"),
        ('["two samples"]', '["three samples"]', "'three samples', which batch_moments does not have"),
        ("relations.var", "relations.varr", "has no output 'varr'"),
        ("advice", "advise", "did you mean advice?"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_the_file_is_one_sentence(was, becomes, told, tmp_path):
    (tmp_path / FILE).write_text(GOOD)
    assert len(read_mistakes(tmp_path)) == 1
    (tmp_path / FILE).write_text(GOOD.replace(was, becomes, 1))
    with pytest.raises(SettingsError) as error:
        read_mistakes(tmp_path)
    assert told in str(error.value) and "\n" not in str(error.value) and str(error.value).startswith(FILE)


def test_a_file_that_is_wrong_stops_grading_with_its_sentence(tmp_path):
    (tmp_path / FILE).write_text(GOOD.replace("0.5", "nan"))
    with pytest.raises(GradingError, match=r"^mistakes.toml: .* by is nan"):
        class_mistakes(tmp_path, "ps1_batchnorm")
    assert class_mistakes(tmp_path / "nothing here", "ps1_batchnorm") == ()


def test_cases_that_are_drawn_otherwise_have_another_digest(monkeypatch):
    first = digest_of(CHECK, SEED)
    assert first == digest_of(CHECK, SEED) != digest_of(CHECK, "another") != digest_of("normalize", SEED)
