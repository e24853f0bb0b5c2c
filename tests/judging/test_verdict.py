"""What a verdict says, in each of its forms."""

import json
import re

import numpy as np

from course.autograder import judge
from course.autograder.judging.verdict import (
    Finding,
    Verdict,
    after_its_name,
    formulas_set,
    grouped,
    once_for_all_calls,
    told_apart,
)


def wrong_moments(x):
    return x.mean(axis=0), x.var(axis=0, ddof=1)


def test_a_failing_verdict_names_the_mistake_the_place_and_the_size():
    text = judge("batch_moments", wrong_moments).text()
    for part in (
        "FAIL",
        "2.5 of 5 points",
        "var: unbiased variance",
        "divided by N",
        "largest difference",
        "Right already: mean",
    ):
        assert part in text


def test_advice_is_read_once_although_several_outputs_show_the_mistake():
    one, other = (Finding("a", output, "value", "Wrong.", misconception="m", advice="Do.") for output in "pq")
    hints = [Finding("a", output, "value", "Wrong.", advice="Yours is twice that.") for output in "rs"]
    verdict = Verdict("x", 0.0, 10, (one, other, *hints), cases=2)
    for shown in (verdict.text(), verdict.html()):
        assert shown.count("Do.") == 1 and shown.count("Yours is twice that.") == 2
    assert "p: m" in verdict.text() and "q: m" in verdict.text()


def test_a_graded_verdict_shows_no_expected_value():
    verdict = judge("batch_moments", wrong_moments, graded=True)
    assert all(f.got is None and f.wanted is None for f in verdict.findings)
    assert "yours" not in verdict.text() and "yours 1" not in verdict.html()


def test_a_local_pass_says_visible_and_never_all():
    verdict = judge("scale_shift", lambda x_hat, gamma, beta: gamma * x_hat + beta)
    assert verdict.passed and "visible checks passed" in verdict.text() and "all" not in verdict.text()


def test_a_mixture_of_passed_and_failed_is_never_full_marks():
    finding = Finding("a", "out", "value", "1 of 2 values differ.")
    assert Verdict("x", 1.0, 10, (finding,)).points < 10
    assert Verdict("x", 0.9999, 10, (finding,)).points <= 9.9


def test_what_a_student_wrote_is_escaped():
    def f(x_hat, gamma, beta):
        raise ValueError("<script>alert(1)</script>")

    html = judge("scale_shift", f).html()
    assert "<script>" not in html and "&lt;script&gt;" in html


def test_nan_and_infinity_are_strings_in_json():
    verdict = judge("scale_shift", lambda x_hat, gamma, beta: x_hat * np.nan)
    assert (
        json.loads(json.dumps(verdict.as_dict(), allow_nan=False))["findings"][0]["largest_difference"]
        == "inf"
    )


def test_two_values_are_shown_with_the_digits_that_tell_them_apart():
    assert told_apart(-2.26612, -2.26613) == "yours -2.26612, expected -2.26613"
    assert told_apart(3, 4) == "yours 3, expected 4"
    assert told_apart(0.5, 1.5) == "yours 0.5, expected 1.5"


def test_an_epsilon_outside_the_root_is_named_although_only_small_digits_differ():
    verdict = judge("normalize", lambda x, mean, var, eps: (x - mean) / (np.sqrt(var) + eps))
    assert verdict.misconceptions == ("epsilon outside the root",)
    assert all(f.kind == "value" for f in verdict.findings)


def test_formulas_in_advice_are_set_as_such():
    for text, set_apart in {
        "The derivative of (var + eps) ** -0.5 has the power -1.5, which is 1 / sd ** 3.": [
            "(var + eps) ** -0.5",
            "1 / sd ** 3",
        ],
        "new = momentum * old + (1 - momentum) * batch.": ["new = momentum * old + (1 - momentum) * batch"],
        "Read eps from bn_param; a <b> is one.": ["bn_param"],
        "A slice [pad:-pad] is empty: yours, say, is well-known.": [],
    }.items():
        html = str(formulas_set(text))
        assert re.findall("<code>(.*?)</code>", html) == set_apart and "<b>" not in html


def test_a_function_that_is_not_written_is_said_without_cases():
    def blank(x):
        raise NotImplementedError()

    assert "case" not in judge("batch_moments", blank).text()


def test_an_output_is_asked_for_as_never_written_only_where_it_is_0_on_every_case():
    def at_test(x, mask, p, mode, scaling):
        return x * mask * (1.0 if scaling == "upscale_in_train" else 1 - p)

    assert "Yours is 0 everywhere." in judge("dropout_apply.test", at_test).text()
    assert "ever written" not in judge("dropout_apply.test", at_test).text()
    assert "ever written" in judge("dropout_apply.test", lambda x, *_: np.zeros(x.shape)).text()


def test_what_several_calls_show_alike_is_said_once():
    calls = [(f"mask from call {k}", "It is None.") for k in (2, 3, 4)]
    assert once_for_all_calls(calls) == [(0, "mask from calls 2 to 4")]
    assert once_for_all_calls([calls[0], calls[2]]) == [(0, "mask from calls 2, 4")]
    assert once_for_all_calls(calls[:1]) == [(0, "mask from call 2")]
    other = ("out from call 3", "It is None.")
    unlike = ("mask from call 3", "It is a list.")
    assert [place for place, _ in once_for_all_calls([calls[0], other, unlike])] == [0, 1, 2]
    assert once_for_all_calls([("", "It is None."), ("", "It is None.")]) == [(0, ""), (1, "")]


def test_a_message_reads_on_after_the_name_of_its_output():
    assert (
        after_its_name("out", "out is None; is a `return` missing?") == "It is None; is a `return` missing?"
    )
    assert after_its_name("out", "outer is None.") == "outer is None."
    assert after_its_name("", "There is no check.") == "There is no check."


def test_calls_that_differ_in_what_is_said_of_them_are_not_put_together():
    none = [Finding(case, f"mask{k}", "none", f"mask{k} is None.") for k in (2, 3) for case in ("a", "b")]
    called = {f"mask{k}": f"mask from call {k}" for k in (2, 3)}
    assert [told.called for told in grouped(none, 2, called)] == ["mask from calls 2, 3"]
    assert [told.called for told in grouped(none[:3], 2, called)] == ["mask from call 2", "mask from call 3"]


def test_a_small_difference_is_no_rounding_where_others_are_large():
    def second_largest(x, pool_param):
        h, w, s = (pool_param[name] for name in ("pool_height", "pool_width", "stride"))
        found = np.lib.stride_tricks.sliding_window_view(x, (h, w), (2, 3))[:, :, ::s, ::s]
        return np.sort(found.reshape(*found.shape[:4], -1), axis=-1)[..., -2], None

    told = judge("max_pool_forward", second_largest)
    assert "precision" in {f.kind for f in told.findings}
    assert "rounded" not in told.text()
