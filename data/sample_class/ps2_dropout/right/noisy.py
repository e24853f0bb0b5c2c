"""Prints and warns all the way, and leaves notes in the dict it is given."""

import sys
import warnings

import numpy as np


def dropout_mask(shape, p, rng):
    print("mask of", shape, "p", p)
    return (rng.random(shape) > p) * 1.0 if p else np.ones(shape)


def dropout_apply(x, mask, p, mode, scaling):
    if mode == "train" and p == 1:
        warnings.warn("everything is dropped", stacklevel=2)
    with np.errstate(all="ignore"):
        up = x * mask / (1 - np.float64(p)) if mode == "train" else x * 1.0
    down = x * mask if mode == "train" else x * (1 - p)
    out = up if scaling == "upscale_in_train" else down
    return np.nan_to_num(out, nan=0.0, posinf=0.0, neginf=0.0)


def dropout_forward(x, dropout_param):
    print("dropout", dropout_param["mode"], file=sys.stderr)
    dropout_param.setdefault("scaling", "upscale_in_train")
    dropout_param["calls"] = dropout_param.get("calls", 0) + 1
    mask = np.ones(x.shape)
    if dropout_param["mode"] == "train":
        mask = dropout_mask(x.shape, dropout_param["p"], dropout_param["rng"])
    dropout_param["mask"] = mask
    args = (mask, dropout_param["p"], dropout_param["mode"], dropout_param["scaling"])
    return dropout_apply(x, *args), list(args)


def dropout_backward(dout, cache):
    warnings.warn("going back", UserWarning, stacklevel=2)
    return dropout_apply(dout, *cache)
