"""Moments by Welford's running update; the state of bn_param changed in place."""

import numpy as np


def _welford(values):
    mean, spread = np.zeros(values.shape[1:]), np.zeros(values.shape[1:])
    for count, value in enumerate(values, start=1):
        delta = value - mean
        mean = mean + delta / count
        spread = spread + delta * (value - mean)
    return mean, spread / len(values)


def layernorm_forward(x, gamma, beta, ln_param):
    mean, var = _welford(np.moveaxis(x, -1, 0))
    root = np.sqrt(var + ln_param.get("eps", 1e-5))
    x_hat = (x - mean[..., None]) / root[..., None]
    return gamma * x_hat + beta, (x_hat, root[..., None], gamma)


def batch_renorm_forward(x, gamma, beta, bn_param):
    c = x.shape[1]
    ones = [1] * (x.ndim - 2)
    bn_param.setdefault("running_mean", np.zeros(c))
    bn_param.setdefault("running_std", np.ones(c))
    kept_mean, kept_std = bn_param["running_mean"], bn_param["running_std"]
    if bn_param["mode"] == "test":
        scale = gamma / kept_std
        return x * scale.reshape(c, *ones) + (beta - kept_mean * scale).reshape(c, *ones), None
    mean, var = _welford(np.moveaxis(x, 1, -1).reshape(-1, c))
    std = np.sqrt(var + bn_param.get("eps", 1e-5))
    r_max, d_max = bn_param.get("r_max", 3.0), bn_param.get("d_max", 5.0)
    r = np.median([np.full(c, 1 / r_max), std / kept_std, np.full(c, float(r_max))], axis=0)
    d = np.median(
        [np.full(c, -float(d_max)), (mean - kept_mean) / kept_std, np.full(c, float(d_max))], axis=0
    )
    z = (x - mean.reshape(c, *ones)) / std.reshape(c, *ones)
    x_hat = z * r.reshape(c, *ones) + d.reshape(c, *ones)
    momentum = bn_param.get("momentum", 0.9)
    kept_mean *= momentum
    kept_mean += ((1 - momentum) * mean).astype(kept_mean.dtype)
    kept_std *= momentum
    kept_std += ((1 - momentum) * std).astype(kept_std.dtype)
    axes = tuple(a for a in range(x.ndim) if a != 1)
    out = gamma.reshape(c, *ones) * x_hat + beta.reshape(c, *ones)
    return out, (z, x_hat, (gamma * r / std).reshape(c, *ones), axes)
