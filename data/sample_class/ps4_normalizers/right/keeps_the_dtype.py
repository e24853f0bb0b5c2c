"""float32 in, float32 all the way, float32 out; 64-bit only where 64-bit came in."""

import numpy as np


def layernorm_forward(x, gamma, beta, ln_param):
    kind = x.dtype.type
    mean = x.mean(axis=-1, keepdims=True, dtype=kind)
    var = np.square(x - mean).mean(axis=-1, keepdims=True, dtype=kind)
    std = np.sqrt(var + kind(ln_param.get("eps", 1e-5)))
    x_hat = (x - mean) / std
    out = (gamma * x_hat + beta).astype(kind)
    return out, (x_hat, std, gamma)


def renorm_correction(mean, std, running_mean, running_std, r_max, d_max):
    kind = mean.dtype.type
    r, d = std / running_std, (mean - running_mean) / running_std
    np.clip(r, kind(1) / kind(r_max), kind(r_max), out=r)
    np.clip(d, kind(-d_max), kind(d_max), out=d)
    return r, d


def linear_moments(z, weight):
    x = z.dot(weight)
    n = z.dtype.type(z.shape[0])
    mean_gradient = np.broadcast_to((z.sum(0) / n).reshape(-1, 1), weight.shape)
    return x.sum(0) / n, np.square(x).sum(0) / n, mean_gradient, np.matmul(z.T, x + x) / n


def cross_iteration_moments(x, weight, history, k):
    kept = list(history)[: max(k - 1, 0)]
    mean, second = x.mean(0), np.square(x).mean(0)
    total, squares = mean.copy(), np.maximum(second, mean**2)
    for past in kept:
        step = weight - past["weight"]
        m = past["mean"] + np.add.reduce(past["mean_gradient"] * step)
        s = past["second"] + np.add.reduce(past["second_gradient"] * step)
        total += m
        squares += np.maximum(s, m * m)
    steps = x.dtype.type(1 + len(kept))
    return total / steps, squares / steps - (total / steps) ** 2
