"""Caches that are objects of a class of one's own."""

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np


@dataclass
class Normalised:
    x_hat: np.ndarray
    std: np.ndarray
    gamma: np.ndarray

    def to_input(self, g, axis):
        inner = g - g.mean(axis=axis, keepdims=True)
        return (inner - self.x_hat * np.mean(g * self.x_hat, axis=axis, keepdims=True)) / self.std


def standardise(x, axis, eps):
    mu = np.mean(x, axis=axis, keepdims=True)
    sigma = np.sqrt(np.var(x, axis=axis, keepdims=True, ddof=0) + eps)
    return (x - mu) / sigma, sigma


def layernorm_forward(x, gamma, beta, ln_param):
    x_hat, std = standardise(x, -1, ln_param.get("eps", 1e-5))
    return x_hat * gamma + beta, Normalised(x_hat, std, gamma)


def layernorm_backward(dout, cache):
    dx = cache.to_input(dout * cache.gamma, -1)
    flat = dout.reshape(-1, dout.shape[-1])
    return dx, np.sum(flat * cache.x_hat.reshape(flat.shape), 0), flat.sum(0)


def groupnorm_forward(x, gamma, beta, G, gn_param):
    n, c, h, w = x.shape
    x_hat, std = standardise(x.reshape(n, G, c // G, h, w), (2, 3, 4), gn_param.get("eps", 1e-5))
    per_group = gamma.reshape(1, G, c // G, 1, 1)
    out = x_hat * per_group + beta.reshape(per_group.shape)
    return out.reshape(x.shape), Normalised(x_hat, std, per_group)


def groupnorm_backward(dout, cache):
    d = dout.reshape(cache.x_hat.shape)
    dx = cache.to_input(d * cache.gamma, (2, 3, 4)).reshape(dout.shape)
    return dx, np.sum(d * cache.x_hat, axis=(0, 3, 4)).ravel(), np.sum(d, axis=(0, 3, 4)).ravel()


def batch_renorm_forward(x, gamma, beta, bn_param):
    p = SimpleNamespace(**{"eps": 1e-5, "momentum": 0.9, "r_max": 3.0, "d_max": 5.0, **bn_param})
    c = x.shape[1]
    last = np.moveaxis(x, 1, -1)
    if not hasattr(p, "running_mean"):
        p.running_mean = np.zeros(c)
    if not hasattr(p, "running_std"):
        p.running_std = np.ones(c)
    if p.mode == "test":
        out = gamma * ((last - p.running_mean) / p.running_std) + beta
        return np.moveaxis(out, -1, 1), None
    flat = last.reshape(-1, c)
    mu, sigma = flat.mean(0), np.sqrt(flat.var(0) + p.eps)
    r = np.minimum(np.maximum(sigma / p.running_std, 1 / p.r_max), p.r_max)
    d = np.minimum(np.maximum((mu - p.running_mean) / p.running_std, -p.d_max), p.d_max)
    plain = (flat - mu) / sigma
    out = (gamma * (plain * r + d) + beta).reshape(last.shape)
    bn_param.update(
        running_mean=p.momentum * p.running_mean + (1 - p.momentum) * mu,
        running_std=p.momentum * p.running_std + (1 - p.momentum) * sigma,
    )
    return np.moveaxis(out, -1, 1), SimpleNamespace(plain=plain, r=r, d=d, sigma=sigma, gamma=gamma)


def batch_renorm_backward(dout, cache):
    last = np.moveaxis(dout, 1, -1)
    flat = last.reshape(-1, last.shape[-1])
    g = flat * cache.gamma * cache.r
    dx = (g - g.mean(0) - cache.plain * (g * cache.plain).mean(0)) / cache.sigma
    dgamma = (flat * (cache.plain * cache.r + cache.d)).sum(0)
    return np.moveaxis(dx.reshape(last.shape), -1, 1), dgamma, flat.sum(0)
