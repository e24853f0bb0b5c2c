"""Everything in explicit loops over Python numbers, as one writes after a first course in C."""

import numpy as np


def batch_moments(x):
    N, D = x.shape
    mean = np.zeros(D, dtype=x.dtype)
    var = np.zeros(D, dtype=x.dtype)
    for j in range(D):
        total = 0.0
        for i in range(N):
            total += float(x[i, j])
        mu = total / N
        squares = 0.0
        for i in range(N):
            squares += (float(x[i, j]) - mu) ** 2
        mean[j] = mu
        var[j] = squares / N
    return mean, var


def normalize(x, mean, var, eps):
    N, D = x.shape
    x_hat = np.empty((N, D), dtype=x.dtype)
    for i in range(N):
        for j in range(D):
            x_hat[i, j] = (x[i, j] - mean[j]) / (var[j] + eps) ** 0.5
    return x_hat


def scale_shift(x_hat, gamma, beta):
    out = np.empty(x_hat.shape, dtype=x_hat.dtype)
    for i in range(len(x_hat)):
        for j in range(len(gamma)):
            out[i, j] = gamma[j] * x_hat[i, j] + beta[j]
    return out


def batchnorm_backward(dout, cache):
    x, mean, var, eps, x_hat, gamma = cache
    N, D = dout.shape
    dx = np.zeros((N, D), dtype=dout.dtype)
    dgamma = np.zeros(D, dtype=dout.dtype)
    dbeta = np.zeros(D, dtype=dout.dtype)
    for j in range(D):
        s = (float(var[j]) + eps) ** 0.5
        for i in range(N):
            dgamma[j] += dout[i, j] * x_hat[i, j]
            dbeta[j] += dout[i, j]
        for i in range(N):
            for k in range(N):
                delta = 1.0 if i == k else 0.0
                slope = (delta - 1.0 / N - float(x_hat[i, j]) * float(x_hat[k, j]) / N) / s
                dx[i, j] += gamma[j] * dout[k, j] * slope
    return dx, dgamma, dbeta


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    N, C, H, W = x.shape
    rows = np.zeros((N * H * W, C), dtype=x.dtype)
    r = 0
    for n in range(N):
        for h in range(H):
            for w in range(W):
                for c in range(C):
                    rows[r, c] = x[n, c, h, w]
                r += 1
    flat, cache = batchnorm_forward(rows, gamma, beta, bn_param)
    out = np.zeros((N, C, H, W), dtype=x.dtype)
    r = 0
    for n in range(N):
        for h in range(H):
            for w in range(W):
                for c in range(C):
                    out[n, c, h, w] = flat[r, c]
                r += 1
    return out, cache


def fold_batchnorm(weight, bias, gamma, beta, mean, var, eps):
    new_weight = weight.copy()
    new_bias = bias.copy()
    for o in range(weight.shape[0]):
        factor = gamma[o] / (var[o] + eps) ** 0.5
        for c in range(weight.shape[1]):
            for i in range(weight.shape[2]):
                for j in range(weight.shape[3]):
                    new_weight[o, c, i, j] *= factor
        new_bias[o] = (bias[o] - mean[o]) * factor + beta[o]
    return new_weight, new_bias
