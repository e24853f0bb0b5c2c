"""Draws flat or the other way round, and hands back views and Fortran order."""

import numpy as np


def dropout_mask(shape, p, rng):
    flat = rng.random(int(np.prod(shape)))
    return np.asfortranarray((flat >= p).astype(float).reshape(shape[::-1]).T)


def dropout_apply(x, mask, p, mode, scaling):
    if mode == "test" and scaling == "upscale_in_train":
        return x
    room = np.empty((*x.shape, 2), dtype=x.dtype)
    if mode == "test":
        room[..., 0] = (1 - p) * x
    else:
        room[..., 0] = np.multiply(x, mask, casting="unsafe")
        if scaling == "upscale_in_train" and p != 1:
            room[..., 0] /= 1 - p
    return room[..., 0]


def spatial_dropout_forward(x, dropout_param):
    axis = list(dropout_param.get("axis", (0, 1)))
    others = [a for a in range(x.ndim) if a not in axis]
    front = x.transpose(axis + others)
    sizes = front.shape[: len(axis)]
    mask = dropout_mask(sizes, dropout_param["p"], dropout_param["rng"])
    spread = np.broadcast_to(mask.reshape(*sizes, *[1] * len(others)), front.shape)
    scaling = dropout_param.get("scaling", "upscale_in_train")
    out = dropout_apply(front, spread, dropout_param["p"], dropout_param["mode"], scaling)
    return out.transpose(np.argsort(axis + others))
