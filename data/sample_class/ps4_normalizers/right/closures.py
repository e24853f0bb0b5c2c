"""The cache is a function: the backward pass itself, waiting for dout."""

import numpy as np


def layernorm_forward(x, gamma, beta, ln_param):
    sigma = np.sqrt(x.var(-1, keepdims=True) + ln_param.get("eps", 1e-5))
    x_hat = (x - x.mean(-1, keepdims=True)) / sigma

    def backward(dout):
        g = dout * gamma
        dx = (g - g.mean(-1, keepdims=True) - x_hat * (g * x_hat).mean(-1, keepdims=True)) / sigma
        over = tuple(range(x.ndim - 1))
        return dx, np.sum(dout * x_hat, over), np.sum(dout, over)

    return gamma * x_hat + beta, backward


def layernorm_backward(dout, cache):
    return cache(dout)


def groupnorm_forward(x, gamma, beta, G, gn_param):
    rows, undo = x.reshape(len(x) * G, -1), x.shape
    x_hat, inner = layernorm_forward(
        rows, np.ones(rows.shape[1], x.dtype), np.zeros(rows.shape[1], x.dtype), gn_param
    )
    x_hat = x_hat.reshape(undo)

    def backward(dout):
        dx, _, _ = inner((dout * gamma[:, None, None]).reshape(rows.shape))
        return dx.reshape(undo), np.einsum("nchw,nchw->c", dout, x_hat), dout.sum((0, 2, 3))

    return gamma[:, None, None] * x_hat + beta[:, None, None], backward


def groupnorm_backward(dout, cache):
    return cache(dout)


def batch_renorm_forward(x, gamma, beta, bn_param):
    over = (0,) if x.ndim == 2 else (0, 2, 3)
    up = (lambda v: v) if x.ndim == 2 else (lambda v: v[:, None, None])
    running_mean = bn_param.setdefault("running_mean", np.zeros(x.shape[1]))
    running_std = bn_param.setdefault("running_std", np.ones(x.shape[1]))
    if bn_param["mode"] == "test":
        return up(gamma) * (x - up(running_mean)) / up(running_std) + up(beta), None
    mean, std = x.mean(over), np.sqrt(x.var(over) + bn_param.get("eps", 1e-5))
    r, d = renorm_correction(  # noqa: F821
        mean, std, running_mean, running_std, bn_param.get("r_max", 3), bn_param.get("d_max", 5)
    )
    scale = up(r / std)
    x_hat = (x - up(mean)) * scale + up(d)
    a = bn_param.get("momentum", 0.9)
    bn_param["running_mean"], bn_param["running_std"] = (
        a * running_mean + (1 - a) * mean,
        a * running_std + (1 - a) * std,
    )

    def backward(dout):
        z = (x - up(mean)) / up(std)
        centred = dout - dout.mean(over, keepdims=True) - z * (dout * z).mean(over, keepdims=True)
        return up(gamma) * scale * centred, (dout * x_hat).sum(over), dout.sum(over)

    return up(gamma) * x_hat + up(beta), backward


def batch_renorm_backward(dout, cache):
    return cache(dout)
