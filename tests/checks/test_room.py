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


def arriving_in_numpy(i):
    """What arrives at the affine step of the affine - batch norm - ReLU block, in the inputs' own precision."""
    z = i["x"] @ i["w"] + i["b"]
    std = np.sqrt(z.var(axis=0) + i["bn_param"]["eps"])
    z_hat = (z - z.mean(axis=0)) / std
    dout = i["gamma"] * i["dout"] * (i["gamma"] * z_hat + i["beta"] > 0)
    return (dout - dout.mean(axis=0) - z_hat * (dout * z_hat).mean(axis=0)) / std


def has_room(name, case_name, path, own_way):
    """Whether a right answer lies far within what is allowed, on many draws of one case."""
    check = find_check(name)
    case = next(one for one in check.cases if one.name == case_name)
    output = next(one for one in check.outputs if one.path == path)
    for seed in range(SEEDS):
        inputs = case.draw(np.random.default_rng(seed))
        right, own = check.reference(inputs)[path], own_way(inputs)
        room = tolerance_of(output, inputs, own)
        allowed = room.rtol * np.abs(right) + room.atol * max(1.0, np.abs(right).max())
        assert (np.abs(own - right) <= SHARE * allowed).all(), seed


def test_a_right_prediction_has_room_where_a_running_variance_is_0():
    has_room("batchnorm_forward.test", "a feature whose running variance is 0", "out", in_numpy)


def test_a_right_gradient_has_room_where_three_samples_lie_close_together():
    has_room(
        "affine_bn_relu_backward",
        "fewer samples than features",
        "dx",
        lambda i: arriving_in_numpy(i) @ i["w"].T,
    )


def test_a_right_gradient_of_0_has_room_in_single_precision():
    has_room("affine_bn_relu_backward", "float32 input", "db", lambda i: arriving_in_numpy(i).sum(axis=0))
