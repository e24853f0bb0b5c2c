"""Room for a right answer: in the plain formula, whatever is drawn, it lies far within what is allowed."""

import numpy as np

from course.autograder.checks import find_check
from course.autograder.judging.comparing import tolerance_of

SEEDS = 300
SHARE = 0.2  # of the room, at most


def in_numpy(i):
    """Test-mode batch norm in double precision, with epsilon as it is given."""
    kept = i["bn_param"]
    x, mean, var = (
        np.asarray(a, dtype=np.float64) for a in (i["x"], kept["running_mean"], kept["running_var"])
    )
    return i["gamma"] * (x - mean) / np.sqrt(var + kept.get("eps", 1e-5)) + i["beta"]


def test_a_right_prediction_has_room_where_a_running_variance_is_0():
    check = find_check("batchnorm_forward.test")
    case = next(one for one in check.cases if one.name == "a feature whose running variance is 0")
    output = next(one for one in check.outputs if one.path == "out")
    for seed in range(SEEDS):
        inputs = case.draw(np.random.default_rng(seed))
        right, own = check.reference(inputs)["out"], in_numpy(inputs)
        room = tolerance_of(output, inputs, own)
        allowed = room.rtol * np.abs(right) + room.atol * max(1.0, np.abs(right).max())
        assert (np.abs(own - right) <= SHARE * allowed).all(), seed
