"""Everything by way of one function on rows."""

import numpy as np


def rows_forward(rows, eps):
    mu = rows.mean(1)[:, None]
    sd = np.sqrt(((rows - mu) ** 2).mean(1) + eps)[:, None]
    return (rows - mu) / sd, sd


def rows_backward(g, x_hat, sd):
    m = g.shape[1]
    return (m * g - g.sum(1)[:, None] - x_hat * (g * x_hat).sum(1)[:, None]) / (m * sd)


def layernorm_forward(x, gamma, beta, ln_param):
    x_hat, sd = rows_forward(x.reshape(-1, x.shape[-1]), ln_param.get("eps", 1e-5))
    return (x_hat * gamma + beta).reshape(x.shape), (x_hat, sd, gamma)


def layernorm_backward(dout, cache):
    x_hat, sd, gamma = cache
    flat = dout.reshape(x_hat.shape)
    return rows_backward(flat * gamma, x_hat, sd).reshape(dout.shape), (flat * x_hat).sum(0), flat.sum(0)


def groupnorm_forward(x, gamma, beta, G, gn_param):
    n, c, h, w = x.shape
    x_hat, sd = rows_forward(x.reshape(n * G, -1), gn_param.get("eps", 1e-5))
    spread = np.repeat(gamma, h * w).reshape(c, h, w)
    return x_hat.reshape(x.shape) * spread + np.repeat(beta, h * w).reshape(c, h, w), (x_hat, sd, spread)


def groupnorm_backward(dout, cache):
    x_hat, sd, spread = cache
    dx = rows_backward((dout * spread).reshape(x_hat.shape), x_hat, sd).reshape(dout.shape)
    by_channel = dout.swapaxes(0, 1).reshape(dout.shape[1], -1)
    hats = x_hat.reshape(dout.shape).swapaxes(0, 1).reshape(by_channel.shape)
    return dx, (by_channel * hats).sum(1), by_channel.sum(1)


def batch_renorm_forward(x, gamma, beta, bn_param):
    rows = x.swapaxes(0, 1).reshape(x.shape[1], -1)
    mean = bn_param.get("running_mean", np.zeros(len(rows)))
    std = bn_param.get("running_std", np.ones(len(rows)))

    def back(made):
        return made.reshape(x.shape[1], x.shape[0], *x.shape[2:]).swapaxes(0, 1)

    if bn_param["mode"] == "test":
        return back(gamma[:, None] * (rows - mean[:, None]) / std[:, None] + beta[:, None]), None
    z, sd = rows_forward(rows, bn_param.get("eps", 1e-5))
    r, d = renorm_correction(  # noqa: F821
        rows.mean(1), sd[:, 0], mean, std, bn_param.get("r_max", 3.0), bn_param.get("d_max", 5.0)
    )
    x_hat = z * r[:, None] + d[:, None]
    keep = bn_param.get("momentum", 0.9)
    bn_param["running_mean"] = keep * mean + (1 - keep) * rows.mean(1)
    bn_param["running_std"] = keep * std + (1 - keep) * sd[:, 0]
    return back(gamma[:, None] * x_hat + beta[:, None]), (z, sd, r, x_hat, gamma)


def batch_renorm_backward(dout, cache):
    z, sd, r, x_hat, gamma = cache
    rows = dout.swapaxes(0, 1).reshape(z.shape)
    dx = rows_backward(rows * (gamma * r)[:, None], z, sd)
    dx = dx.reshape(dout.shape[1], dout.shape[0], *dout.shape[2:]).swapaxes(0, 1)
    return dx, (rows * x_hat).sum(1), rows.sum(1)
