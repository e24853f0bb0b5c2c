"""Each sample by itself: its own mask, its own answers."""

import numpy as np


def dropout_mask(shape, p, rng):
    if len(shape) == 1:
        return np.array([rng.uniform() > p or p == 0 for _ in range(shape[0])], dtype=int)
    return np.stack([dropout_mask(shape[1:], p, rng) for _ in range(shape[0])])


def spatial_dropout_forward(x, dropout_param):
    p, mode, rng = (dropout_param[k] for k in ("p", "mode", "rng"))
    up = dropout_param.get("scaling", "upscale_in_train") == "upscale_in_train"
    if mode == "test":
        return np.array(x) if up else x - x * p
    coins = np.ones((1,) * x.ndim)
    for a in range(x.ndim):
        if a in dropout_param.get("axis", (0, 1)):
            coins = np.repeat(coins, x.shape[a], axis=a)
    coins = (rng.random(coins.shape) >= p).astype(x.dtype)
    return np.zeros_like(x) if p == 1 else coins * x / (1 - p if up else 1)


def dropconnect_forward(x, w, b, dropout_param):
    p, mode, rng = (dropout_param[k] for k in ("p", "mode", "rng"))
    up = dropout_param.get("scaling", "upscale_in_train") == "upscale_in_train"
    if mode == "test":
        return (x @ w + b) * (1 if up else 1 - p)
    out = np.zeros((len(x), len(b)), dtype=x.dtype)
    for n, row in enumerate(x):
        for k in range(len(b)):
            here = rng.random(len(row) + 1) >= p
            out[n, k] = sum(row[here[:-1]] * w[here[:-1], k]) + here[-1] * b[k]
    return out if not up else out / (1 - p) if p < 1 else out * 0


def mc_dropout(predict, x, n, rng):
    mean, std = [], []
    for row in x:
        answers = predict(np.repeat(row[None], n, axis=0), rng)
        mean.append(answers.mean(axis=0))
        std.append(answers.std(axis=0))
    return np.array(mean), np.array(std)
