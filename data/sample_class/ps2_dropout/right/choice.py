"""Weighted choice between nought and one; a namedtuple for the cache; tables instead of branches."""

from collections import namedtuple

import numpy as np

Kept = namedtuple("Kept", "mask factor")


def factor_of(p, mode, scaling):
    table = {
        ("train", "upscale_in_train"): 0.0 if p == 1 else 1 / (1 - p),
        ("train", "downscale_in_infer"): 1.0,
        ("test", "upscale_in_train"): 1.0,
        ("test", "downscale_in_infer"): 1 - p,
    }
    return table[mode, scaling]


def dropout_mask(shape, p, rng):
    return rng.choice(np.array([0, 1], dtype=np.int8), size=shape, p=[p, 1 - p])


def dropout_apply(x, mask, p, mode, scaling):
    on = mask if mode == "train" else 1
    return (x * on * factor_of(p, mode, scaling)).astype(x.dtype)


def dropout_forward(x, dropout_param):
    p, mode = dropout_param["p"], dropout_param["mode"]
    scaling = dropout_param.get("scaling") or "upscale_in_train"
    mask = (
        dropout_mask(x.shape, p, dropout_param["rng"]) if mode == "train" else np.ones(x.shape, dtype=np.int8)
    )
    return dropout_apply(x, mask, p, mode, scaling), Kept(mask, factor_of(p, mode, scaling))


def dropout_backward(dout, cache):
    return dout * cache.mask * cache.factor


def convert_weights(w, p, from_scaling, to_scaling):
    return w * factor_of(p, "test", from_scaling) / factor_of(p, "test", to_scaling)
