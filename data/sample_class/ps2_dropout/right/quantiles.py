"""Normal numbers against the normal quantile of p; lists instead of arrays where that will do."""

from statistics import NormalDist

import numpy as np


def dropout_mask(shape, p, rng):
    if p in (0, 1):
        return np.full(shape, 1 - p).tolist()
    return (rng.standard_normal(shape) >= NormalDist().inv_cdf(p)).tolist()


def mc_dropout(predict, x, n, rng):
    mean, std = np.zeros_like(predict(x, rng)), None  # a first call, for the shape alone
    answers = []
    for _ in range(n):
        answers += [predict(x, rng)]
    mean += sum(answers) / len(answers)
    std = np.sqrt(sum(np.square(a - mean) for a in answers) / len(answers))
    return [mean, std]


def convert_weights(w, p, from_scaling, to_scaling):
    if from_scaling == to_scaling:
        return w
    return w / (1 - p) if to_scaling.startswith("down") else w - p * w
