"""The variance that mistakes take is Paddle's own, with fewer ops around it."""

import numpy as np
import pytest

from course.autograder.checks.batch_norm.variants import _variance
from course.reference.batch_norm import tensor
from course.reference.device import device
from course.reference.framework import paddle

pytestmark = pytest.mark.skipif(device().name != "cpu", reason="a GPU adds up in another order")


@pytest.mark.parametrize("unbiased", [False, True])
@pytest.mark.parametrize("keepdim", [False, True])
@pytest.mark.parametrize(("shape", "axes"), [((7, 3), [0]), ((2, 3, 4, 5), [0, 2, 3]), ((4, 6), [1])])
def test_it_is_paddles_to_the_bit(shape, axes, keepdim, unbiased):
    rng = np.random.default_rng(3)
    for scale in (1e-6, 1.0, 1e6):
        x = tensor(rng.normal(scale, scale, size=shape))
        theirs = paddle.var(x, axis=axes, keepdim=keepdim, unbiased=unbiased).numpy()
        ours = _variance(x, axes, keepdim, unbiased).numpy()
        assert ours.shape == theirs.shape and ours.tobytes() == theirs.tobytes()
