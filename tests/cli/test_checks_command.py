"""`course checks` lists what is asked, and its digests tell two versions of a check apart."""

import json

import numpy as np
from click.testing import CliRunner

from course.autograder.cli.checks import checks, digest


def listed(*arguments):
    return CliRunner().invoke(checks, arguments)


def test_each_check_of_an_assignment_is_a_row():
    said = listed("ps0_warmup").output.splitlines()
    assert "mistakes named" in said[0]
    assert sorted(line.split()[0] for line in said[1:]) == ["l1_norm", "relu"]


def test_json_has_cases_with_digests_and_the_advice_of_every_mistake():
    relu = {check["name"]: check for check in json.loads(listed("ps0_warmup", "--json").output)}["relu"]
    assert relu["points"] == 5
    assert all(
        len(case["inputs"]) == len(case["right"]) == len(case["wrong"]) == 16 for case in relu["cases"]
    )
    assert any(case["hidden"] for case in relu["cases"]) and not relu["cases"][0]["hidden"]
    assert all(advice.endswith(".") for advice in relu["misconceptions"].values())


def test_a_name_that_no_assignment_has_is_refused_in_one_sentence():
    said = listed("ps9_nothing")
    assert said.exit_code != 0 and "no checks of 'ps9_nothing'" in said.output


def test_a_digest_changes_with_a_value_its_type_its_shape_and_its_name():
    one = {"x": np.ones((2, 3)), "p": 0.5}
    others = [
        {**one, "x": np.ones((3, 2))},
        {**one, "x": np.ones((2, 3), "float32")},
        {**one, "x": np.ones((2, 3)) + 1e-16 * 3},
        {**one, "p": 0.25},
        {"y": one["x"], "p": 0.5},
    ]
    assert len({digest(value) for value in (one, *others)}) == len(others) + 1
    assert digest(one) == digest({"x": np.ones((2, 3)), "p": 0.5})
