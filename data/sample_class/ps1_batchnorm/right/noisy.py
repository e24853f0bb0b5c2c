"""Prints, warns, logs and writes to standard error on the way, from Python and below it."""

import logging
import os
import sys
import warnings

import numpy as np


def batch_moments(x):
    print("batch_moments got", x.shape)
    mean = x.mean(axis=0)
    warnings.warn("about to compute a variance", stacklevel=2)
    return mean, x.var(axis=0)


def normalize(x, mean, var, eps):
    if eps < 1e-3:
        warnings.warn(f"eps is small: {eps}", RuntimeWarning, stacklevel=1)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        np.log(np.zeros(1))
    return (x - mean) / np.sqrt(var + eps)


def scale_shift(x_hat, gamma, beta):
    print(0.0)
    print("gamma", gamma, "beta", beta, file=sys.stderr)
    return gamma * x_hat + beta


def batchnorm_backward(dout, cache):
    logging.basicConfig(level=logging.DEBUG)
    logging.getLogger("student").error("in the backward pass, do not worry")
    logging.debug("dout %s", dout.shape)
    os.write(2, b"a line from below Python\n")
    x, mean, var, eps, x_hat, gamma = cache
    dx_hat = dout * gamma
    dx = (dx_hat - dx_hat.mean(0) - x_hat * (dx_hat * x_hat).mean(0)) / np.sqrt(var + eps)
    sys.stderr.write("done\n")
    sys.stderr.flush()
    return dx, (dout * x_hat).sum(0), dout.sum(0)


def fold_batchnorm(weight, bias, gamma, beta, mean, var, eps):
    os.write(1, b"folding, said below Python\n")
    print("FAIL FAIL FAIL")
    print("Error: 0 of 6 points")
    factor = gamma / np.sqrt(var + eps)
    return weight * factor[:, None, None, None], (bias - mean) * factor + beta
