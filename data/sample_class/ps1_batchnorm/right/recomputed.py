"""The cache holds only what came in; the backward pass computes the forward pass anew."""

import numpy as np


def batchnorm_forward(x, gamma, beta, bn_param):
    eps = bn_param["eps"] if "eps" in bn_param else 1e-5
    momentum = bn_param["momentum"] if "momentum" in bn_param else 0.9
    if "running_mean" not in bn_param:
        bn_param["running_mean"] = np.zeros((x.shape[1],), x.dtype)
    if "running_var" not in bn_param:
        bn_param["running_var"] = np.ones((x.shape[1],), x.dtype)
    if bn_param["mode"] == "train":
        mean, var = batch_moments(x)
        bn_param["running_mean"] += (1 - momentum) * (mean - bn_param["running_mean"])
        bn_param["running_var"] += (1 - momentum) * (var - bn_param["running_var"])
    else:
        mean, var = bn_param["running_mean"], bn_param["running_var"]
    return scale_shift(normalize(x, mean, var, eps), gamma, beta), (x, gamma, eps)


def batchnorm_backward(dout, cache):
    x, gamma, eps = cache
    n = dout.shape[0]
    mean, var = batch_moments(x)
    s = np.sqrt(var + eps)
    x_hat = normalize(x, mean, var, eps)
    g = dout * gamma
    direct = g / s
    through_mean = -g.sum(0) / (n * s)
    through_var = -(g * (x - mean)).sum(0) * (x - mean) / (n * s**3)
    return direct + through_mean + through_var, (dout * x_hat).sum(0), dout.sum(0)


def batchnorm_backward_alt(dout, cache):
    x, gamma, eps = cache
    centred = x - x.mean(0)
    s = np.sqrt((centred**2).mean(0) + eps)
    x_hat = centred / s
    dx = gamma / s * (dout - dout.mean(0) - x_hat * (x_hat * dout).mean(0))
    return dx, (x_hat * dout).sum(0), dout.sum(0)


def spatial_batchnorm_backward(dout, cache):
    x, gamma, eps = cache
    n, c, h, w = dout.shape
    dx, dgamma, dbeta = batchnorm_backward(
        (dout.transpose(0, 2, 3, 1)).reshape(n * h * w, c), (x, gamma, eps)
    )
    return np.rollaxis(dx.reshape(n, h, w, c), 3, 1), dgamma, dbeta


def affine_bn_relu_forward(x, w, b, gamma, beta, bn_param):
    z, inner = batchnorm_forward(np.add(np.matmul(x, w), b), gamma, beta, bn_param)
    return z.clip(min=0), (x, w, inner, beta)


def affine_bn_relu_backward(dout, cache):
    x, w, inner, beta = cache
    a, gamma, eps = inner
    z = scale_shift(normalize(a, *batch_moments(a), eps), gamma, beta)
    da, dgamma, dbeta = batchnorm_backward_alt(dout * (z > 0), inner)
    return np.matmul(da, w.T), np.matmul(x.T, da), np.ones(len(da), da.dtype) @ da, dgamma, dbeta
