"""Whatever numbers are drawn, a slip has the same name: these had another one, or none, with some of them."""

import pytest

from course.autograder import judge
from tests.judging.slips import every_slip

pytestmark = pytest.mark.filterwarnings("ignore")

# By check and slip, a seed with which it had another name than with most.
OTHER_THAN_USUAL = {
    ("affine_relu_dropout", "block dropout on input"): 0,
    ("batchnorm_forward.running", "momentum and variance of another library"): 3,
    ("conv2d_output_shape", "d * k - 1"): 6,
    ("conv_backward_naive", "dw mean"): 2,
    ("dropout_mask", "from a pool"): 8,
    ("max_pool_backward", "poolb swapped"): 6,
    ("max_pool_backward", "place of the maximum read from the transposed window"): 6,
}
SLIPS = {(slip.check, slip.about): slip for slip in every_slip()}


@pytest.mark.parametrize(("asked", "seed"), OTHER_THAN_USUAL.items(), ids=lambda value: str(value))
def test_a_slip_has_the_same_names_whatever_is_drawn(asked, seed):
    slip = SLIPS[asked]
    assert set(judge(slip.check, *slip.functions, seed=seed).misconceptions) == set(slip.named)
