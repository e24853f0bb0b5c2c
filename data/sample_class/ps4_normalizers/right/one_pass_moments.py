"""Variances as the mean of squares less the squared mean, in double precision whatever comes in."""

import numpy as np


def _one_pass(x, axis):
    wide = x.astype(np.float64)
    mean = wide.mean(axis=axis, keepdims=True)
    return mean, np.maximum((wide**2).mean(axis=axis, keepdims=True) - mean**2, 0)


def layernorm_forward(x, gamma, beta, ln_param):
    mean, var = _one_pass(x, -1)
    std = np.sqrt(var + ln_param.get("eps", 1e-5))
    x_hat = (x - mean) / std
    return gamma * x_hat + beta, (x_hat, std, gamma)


def groupnorm_forward(x, gamma, beta, G, gn_param):
    pots = x.reshape(x.shape[0], G, -1)
    mean, var = _one_pass(pots, 2)
    std = np.sqrt(var + gn_param.get("eps", 1e-5))
    x_hat = (pots - mean) / std
    gamma = gamma[None, :, None, None]
    return gamma * x_hat.reshape(x.shape) + beta[None, :, None, None], (x_hat, std, gamma)


def cross_iteration_moments(x, weight, history, k):
    window = [(x.mean(axis=0), (x**2).mean(axis=0))]
    for age, past in enumerate(history):
        if age + 1 >= k:
            break
        moved = weight - past["weight"]
        window.append(
            tuple(
                past[name] + np.sum(past[f"{name}_gradient"] * moved, axis=0) for name in ("mean", "second")
            )
        )
    mean = sum(m for m, _ in window) / len(window)
    possible = [np.where(s < m * m, m * m, s) for m, s in window]
    return mean, np.mean(possible, axis=0) - mean * mean
