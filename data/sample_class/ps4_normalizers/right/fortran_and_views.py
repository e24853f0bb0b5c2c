"""Transposed views, Fortran order and in-place work on copies; out is a view into something larger."""

import numpy as np


def layernorm_forward(x, gamma, beta, ln_param):
    wide = np.empty((*x.shape[:-1], 2 * x.shape[-1]), dtype=np.result_type(x, gamma))
    out = wide[..., ::2]
    np.subtract(x, x.mean(axis=-1, keepdims=True), out=out)
    std = np.sqrt(np.square(out).mean(axis=-1, keepdims=True) + ln_param.get("eps", 1e-5))
    out /= std
    x_hat = np.asfortranarray(out.copy())
    out *= gamma
    out += beta
    return out, (x_hat, std, gamma)


def layernorm_backward(dout, cache):
    x_hat, std, gamma = cache
    dx = np.array(dout, order="F", copy=True)
    dx *= gamma
    inner = (dx * x_hat).mean(axis=-1, keepdims=True)
    dx -= dx.mean(axis=-1, keepdims=True)
    dx -= x_hat * inner
    dx /= std
    axes = tuple(range(dout.ndim))[:-1]
    return dx, np.add.reduce(dout * x_hat, axis=axes), np.add.reduce(dout, axis=axes)


def groupnorm_forward(x, gamma, beta, G, gn_param):
    channels_last = np.ascontiguousarray(x.transpose(0, 2, 3, 1))
    n, h, w, c = channels_last.shape
    pots = channels_last.reshape(n, h * w, G, c // G)
    mean = pots.mean(axis=(1, 3), keepdims=True)
    std = np.sqrt(((pots - mean) ** 2).mean(axis=(1, 3), keepdims=True) + gn_param.get("eps", 1e-5))
    x_hat = ((pots - mean) / std).reshape(n, h, w, c)
    return (x_hat * gamma + beta).transpose(0, 3, 1, 2), (x_hat, std, gamma, pots.shape)


def groupnorm_backward(dout, cache):
    x_hat, std, gamma, shape = cache
    last = dout.transpose(0, 2, 3, 1)
    g, hats = (last * gamma).reshape(shape), x_hat.reshape(shape)
    dx = (g - g.mean(axis=(1, 3), keepdims=True) - hats * (g * hats).mean(axis=(1, 3), keepdims=True)) / std
    dgamma = (last * x_hat).reshape(-1, len(gamma)).sum(axis=0)
    return dx.reshape(last.shape).transpose(0, 3, 1, 2), dgamma, last.sum(axis=(0, 1, 2))


def cross_iteration_moments(x, weight, history, k):
    past = history[0 : k - 1] if k > 1 else []
    steps = 1 + len(past)
    means = np.empty((x.shape[1], steps), order="F")
    seconds = np.empty_like(means)
    means[:, 0], seconds[:, 0] = x.mean(0), np.einsum("nc,nc->c", x, x) / len(x)
    for j, step in enumerate(past, 1):
        change = (weight - step["weight"]).T
        means[:, j] = step["mean"] + (step["mean_gradient"].T * change).sum(1)
        seconds[:, j] = step["second"] + (step["second_gradient"].T * change).sum(1)
    np.maximum(seconds, means**2, out=seconds)
    return means.mean(1), seconds.mean(1) - means.mean(1) ** 2
