"""Draws how far it is to the next dropped value, not the coins one by one; stacks the Monte Carlo batch."""

import math

import numpy as np


def dropout_mask(shape, p, rng):
    size = math.prod(shape)
    mask = np.ones(size)
    if p > 0:
        at = -1
        while (at := at + int(rng.geometric(p))) < size:
            mask[at] = 0
    return mask.reshape(shape)


def mc_dropout(predict, x, n, rng):
    answers = predict(np.tile(x, (n, 1)), rng).reshape(n, len(x), -1)
    mean = answers.sum(axis=0) / n
    return mean, np.sqrt(np.maximum((answers**2).sum(axis=0) / n - mean**2, 0)) if n > 1 else mean * 0


def affine_relu_dropout_forward(x, w, b, dropout_param):
    """Dropout commutes with ReLU, so it may come first."""
    dropped, cache = dropout_forward(x.dot(w) + b, dropout_param)
    return dropped.clip(min=0), (x, w, cache, dropped > 0)


def affine_relu_dropout_backward(dout, cache):
    x, w, coins, positive = cache
    dz = dropout_backward(np.where(positive, dout, 0), coins)
    return dz.dot(w.T), x.T.dot(dz), np.ones(len(dz), dtype=dz.dtype).dot(dz)
