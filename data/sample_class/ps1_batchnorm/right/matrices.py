"""Linear algebra by the letter: a centring matrix forward, each feature's whole Jacobian backward."""

import numpy as np


def _centring(n, dtype):
    return np.eye(n, dtype=dtype) - np.full((n, n), 1 / n, dtype=dtype)


def batch_moments(x):
    n = len(x)
    ones = np.ones((1, n), dtype=x.dtype)
    c = _centring(n, x.dtype) @ x
    return (ones @ x / n)[0], np.linalg.norm(c, axis=0) ** 2 / n


def normalize(x, mean, var, eps):
    return (x - np.outer(np.ones(len(x), dtype=x.dtype), mean)) @ np.diag(1 / np.sqrt(var + eps))


def scale_shift(x_hat, gamma, beta):
    return x_hat @ np.diag(gamma) + np.tile(beta, (len(x_hat), 1))


def batchnorm_backward(dout, cache):
    x, mean, var, eps, x_hat, gamma = cache
    n = len(dout)
    dx = np.zeros(dout.shape, dtype=dout.dtype)
    for j, (g, v) in enumerate(zip(gamma, var)):
        jacobian = g / np.sqrt(v + eps) * (_centring(n, dout.dtype) - np.outer(x_hat[:, j], x_hat[:, j]) / n)
        dx[:, j] = jacobian.T @ dout[:, j]
    return dx, np.diag(dout.T @ x_hat), np.ones(n, dtype=dout.dtype) @ dout


def fold_batchnorm(weight, bias, gamma, beta, mean, var, eps):
    scale = np.diag(gamma / np.sqrt(var + eps))
    return np.tensordot(scale, weight, axes=1), scale @ (bias - mean) + beta
