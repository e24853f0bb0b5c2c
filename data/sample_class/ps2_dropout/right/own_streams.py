"""Draws a seed from the generator and goes on with streams of its own, the old module-wide one among them."""

import numpy as np


def dropout_mask(shape, p, rng):
    legacy = np.random.RandomState(rng.integers(2**31))
    return (legacy.rand(*shape) >= p).astype(float)


def dropout_forward(x, dropout_param):
    p, mode = dropout_param["p"], dropout_param["mode"]
    scaling = dropout_param.get("scaling", "upscale_in_train")
    np.random.seed(dropout_param["rng"].integers(2**31))
    mask = np.random.uniform(size=x.shape) >= p
    if mode == "test":
        mask = np.ones_like(mask)
    cache = (mask, p, mode, scaling)
    return dropout_backward(x, cache), cache


def dropout_backward(dout, cache):
    mask, p, mode, scaling = cache
    if mode == "train" and scaling == "upscale_in_train":
        out = np.zeros(dout.shape, dtype=dout.dtype)
        np.divide(dout, 1 - p, out=out, where=mask)
        return out
    if mode == "train":
        return dout * mask
    return dout if scaling == "upscale_in_train" else (1 - p) * dout


def dropconnect_forward(x, w, b, dropout_param):
    table = np.vstack([w, b])
    rows = np.hstack([x, np.ones((len(x), 1), dtype=x.dtype)])
    if dropout_param["mode"] == "test":
        return rows @ dropout_backward(
            table, (None, dropout_param["p"], "test", dropout_param.get("scaling", "upscale_in_train"))
        )
    streams = dropout_param["rng"].spawn(len(x))
    return np.stack(
        [
            r @ dropout_forward(table, {**dropout_param, "rng": s})[0]
            for r, s in zip(rows, streams, strict=True)
        ]
    )


def mc_dropout(predict, x, n, rng):
    answers = [predict(x, child) for child in rng.spawn(n)]
    return np.mean(answers, axis=0), np.std(answers, axis=0)
