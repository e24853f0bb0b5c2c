"""Every sum is an einsum, and the closed form serves both backward functions."""

import numpy as np


def batch_moments(x):
    n = x.shape[0]
    mean = np.einsum("nd->d", x) / n
    d = x - mean
    return mean, np.einsum("nd,nd->d", d, d) / n


def normalize(x, mean, var, eps):
    return np.einsum("nd,d->nd", x - mean, (var + eps) ** -0.5)


def scale_shift(x_hat, gamma, beta):
    return np.einsum("nd,d->nd", x_hat, gamma) + beta


def batchnorm_backward(dout, cache):
    _, _, var, eps, x_hat, gamma = cache
    dbeta, dgamma = np.einsum("nd->d", dout), np.einsum("nd,nd->d", dout, x_hat)
    inner = dout - dbeta / len(dout) - np.einsum("nd,d->nd", x_hat, dgamma / len(dout))
    return np.einsum("nd,d,d->nd", inner, gamma, (var + eps) ** -0.5), dgamma, dbeta


def batchnorm_backward_alt(dout, cache):
    return batchnorm_backward(dout, cache)


def fold_batchnorm(weight, bias, gamma, beta, mean, var, eps):
    k = np.einsum("o,o->o", gamma, (var + eps) ** -0.5)
    return np.einsum("ocij,o->ocij", weight, k), np.einsum("o,o->o", bias - mean, k) + beta


def affine_bn_relu_forward(x, w, b, gamma, beta, bn_param):
    z, inner = batchnorm_forward(np.einsum("nd,dm->nm", x, w) + b, gamma, beta, bn_param)
    return z * (z > 0), (x, w, inner, z)


def affine_bn_relu_backward(dout, cache):
    x, w, inner, z = cache
    da, dgamma, dbeta = batchnorm_backward(np.where(z > 0, dout, 0), inner)
    return np.einsum("nm,dm->nd", da, w), np.einsum("nd,nm->dm", x, da), np.einsum("nm->m", da), dgamma, dbeta
