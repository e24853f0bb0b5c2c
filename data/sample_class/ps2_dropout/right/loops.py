"""One value after the other, as one would do it by hand."""

import numpy as np


def dropout_mask(shape, p, rng):
    mask = np.zeros(shape)
    for index in np.ndindex(*shape):
        if rng.random() >= p:
            mask[index] = 1.0
    return mask


def dropout_apply(x, mask, p, mode, scaling):
    out = np.zeros(x.shape, dtype=x.dtype)
    for index in np.ndindex(*x.shape):
        if mode == "test":
            out[index] = x[index] if scaling == "upscale_in_train" else (1 - p) * x[index]
        elif mask[index]:
            out[index] = x[index] / (1 - p) if scaling == "upscale_in_train" else x[index]
    return out


def dropconnect_forward(x, w, b, dropout_param):
    p, mode, rng = dropout_param["p"], dropout_param["mode"], dropout_param["rng"]
    scaling = dropout_param.get("scaling", "upscale_in_train")
    rows = []
    for sample in x:
        if mode == "train":
            mw, mb = dropout_mask(w.shape, p, rng), dropout_mask(b.shape, p, rng)
        else:
            mw, mb = np.ones(w.shape), np.ones(b.shape)
        rows.append(sample @ dropout_apply(w, mw, p, mode, scaling) + dropout_apply(b, mb, p, mode, scaling))
    return np.array(rows)


def mc_dropout(predict, x, n, rng):
    total, squares = 0, 0
    answers = []
    for _ in range(n):
        answers.append(predict(x, rng))
        total = total + answers[-1]
    mean = total / n
    for answer in answers:
        squares = squares + (answer - mean) ** 2
    return mean, (squares / n) ** 0.5


def spatial_dropout_forward(x, dropout_param):
    p, mode, rng = dropout_param["p"], dropout_param["mode"], dropout_param["rng"]
    coins, mask = {}, np.zeros(x.shape)
    for index in np.ndindex(*x.shape):
        place = tuple(index[a] for a in dropout_param.get("axis", (0, 1)))
        if place not in coins:
            coins[place] = rng.random() >= p
        mask[index] = coins[place]
    return dropout_apply(x, mask, p, mode, dropout_param.get("scaling", "upscale_in_train"))
