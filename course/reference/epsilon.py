"""Paddle's epsilon made exact.

`batch_norm`, `layer_norm` and `instance_norm` keep epsilon in float32, whatever the tensors hold: 1e-3 becomes
0.00100000005. Where a variance is about as small as epsilon, the answer is off by some 2e-8 of itself, and a gradient whose
terms cancel by more of what remains: enough to reject a right answer in double precision. But normalising x by epsilon is
normalising f x by f * f * epsilon, and f can be chosen so that float32 holds that.
"""

import functools
import math

import numpy as np


@functools.cache
def held(eps: float) -> tuple[float, float]:
    """What an op is asked with in place of epsilon.

    Returns:
        (epsilon that float32 holds, just below `eps`; the factor on x, and on a mean, whose square is the factor on a
        variance). (eps, 1.0) where float32 holds `eps` itself.
    """
    near = np.float32(eps)
    if float(near) > eps:  # layer norm takes no epsilon above 1e-3
        near = np.nextafter(near, np.float32(0))
    return float(near), math.sqrt(float(near) / eps) if near else 1.0
