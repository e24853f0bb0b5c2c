"""Uniform numbers in float32, a mask of booleans, and np.where for all the rest."""

import numpy as np


def dropout_mask(shape, p, rng):
    return rng.random(shape, dtype=np.float32) < 1 - p


def dropout_apply(x, mask, p, mode, scaling):
    if mode == "test":
        return x if scaling == "upscale_in_train" else np.multiply(x, 1 - p)
    scale = np.float64(1) - p if scaling == "upscale_in_train" and p < 1 else np.float64(1)
    return np.where(np.asarray(mask).astype(bool), x / scale, 0).astype(x.dtype)


def dropout_forward(x, dropout_param):
    p, mode = dropout_param["p"], dropout_param["mode"]
    scaling = dropout_param.get("scaling", "upscale_in_train")
    mask = dropout_mask(x.shape, p, dropout_param["rng"])
    return dropout_apply(x, mask, p, mode, scaling), {"mask": mask, "p": p, "mode": mode, "scaling": scaling}


def dropout_backward(dout, cache):
    return dropout_apply(dout, cache["mask"], cache["p"], cache["mode"], cache["scaling"])
