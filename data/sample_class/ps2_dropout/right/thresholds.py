"""Integer thresholds, as hardware does it: 32 random bits against p times two to the 32."""

import numpy as np


def dropout_mask(shape, p, rng):
    bits = rng.integers(0, 2**32, size=shape, dtype=np.uint64)
    return (bits >= np.uint64(round(p * 2**32))).astype(np.uint8)


def mc_dropout(predict, x, n, rng):
    """Streaming mean and variance after Welford: no answer is kept."""
    mean = spread = None
    for k in range(1, n + 1):
        y = predict(x, rng)
        if mean is None:
            mean, spread = y.astype(float), np.zeros(y.shape)
            continue
        step = y - mean
        mean = mean + step / k
        spread = spread + step * (y - mean)
    return mean, np.sqrt(spread / n)
