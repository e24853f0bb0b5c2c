"""The cache is the way back itself: a function."""

import numpy as np


def dropout_forward(x, dropout_param):
    p = dropout_param["p"]
    match dropout_param["mode"], dropout_param.get("scaling", "upscale_in_train"):
        case "train", "upscale_in_train":
            coins = 1 - np.floor(dropout_param["rng"].uniform(size=x.shape) + p)
            scale = 1 / (1 - p) if p < 1 else 0
            back = lambda g: g * coins.astype(g.dtype) * scale
        case "train", _:
            coins = np.ceil(dropout_param["rng"].uniform(size=x.shape) - p)
            back = lambda g: g * coins.astype(g.dtype)
        case "test", "upscale_in_train":
            back = lambda g: +g
        case _:
            back = lambda g: g * (1 - p)
    return back(x), back


def dropout_backward(dout, cache):
    return cache(dout)


def affine_relu_dropout_forward(x, w, b, dropout_param):
    z = x @ w + b
    out, back = dropout_forward(z * (z > 0), dropout_param)

    def way_back(dout):
        dz = (z > 0) * back(dout)
        return np.einsum("nm,dm->nd", dz, w), np.einsum("nd,nm->dm", x, dz), np.einsum("nm->m", dz)

    return out, way_back


def affine_relu_dropout_backward(dout, cache):
    return cache(dout)
