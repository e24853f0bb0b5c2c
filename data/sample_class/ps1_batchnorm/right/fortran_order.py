"""Images by their own means with kept axes; results are strided, reversed or Fortran-ordered."""

import numpy as np


def batch_moments(x):
    both = np.empty((x.shape[1], 2), dtype=x.dtype)
    both[:, 0], both[:, 1] = x.mean(0), x.var(0)
    return both[:, 0], both[:, 1]


def normalize(x, mean, var, eps):
    return np.asfortranarray((x - mean) / np.sqrt(var + eps))


def scale_shift(x_hat, gamma, beta):
    wide = np.zeros((2 * len(x_hat), x_hat.shape[1]), dtype=x_hat.dtype)
    wide[::2] = gamma * x_hat + beta
    return wide[::2]


def _of_channel(a):
    return a.reshape(1, -1, 1, 1)


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    axes = (0, 2, 3)
    eps, momentum = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    running_mean = bn_param.get("running_mean", np.zeros(x.shape[1], dtype=x.dtype))
    running_var = bn_param.get("running_var", np.ones(x.shape[1], dtype=x.dtype))
    mean, var = _of_channel(running_mean), _of_channel(running_var)
    if bn_param["mode"] == "train":
        mean, var = x.mean(axis=axes, keepdims=True), x.var(axis=axes, keepdims=True)
        bn_param["running_mean"] = momentum * running_mean + (1 - momentum) * mean.squeeze()
        bn_param["running_var"] = momentum * running_var + (1 - momentum) * var.squeeze()
    std = np.sqrt(var + eps)
    x_hat = (x - mean) / std
    out = _of_channel(gamma) * x_hat + _of_channel(beta)
    return out[::-1].copy(order="F")[::-1], (x_hat, _of_channel(gamma) / std)


def spatial_batchnorm_backward(dout, cache):
    x_hat, factor = cache
    axes = (0, 2, 3)
    mean = lambda a: a.mean(axis=axes, keepdims=True)
    dx = factor * (dout - mean(dout) - x_hat * mean(dout * x_hat))
    return dx.astype(dx.dtype, order="F"), np.sum(dout * x_hat, axis=axes), np.sum(dout, axis=axes)


def fold_batchnorm(weight, bias, gamma, beta, mean, var, eps):
    factor = gamma / np.sqrt(var + eps)
    by_output = np.moveaxis(weight, 0, -1) * factor
    return np.moveaxis(by_output, -1, 0), (np.flip(bias - mean) * factor[::-1])[::-1] + beta
