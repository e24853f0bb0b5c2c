"""The backward passes along the computational graph, one node after the other, with no closed form."""

import numpy as np


def _backward(dx_hat, centred, std, axis):
    m = np.prod([centred.shape[a] for a in axis])
    dcentred = dx_hat / std
    dstd = -(dx_hat * centred).sum(axis=axis, keepdims=True) / std**2
    dvar = 0.5 * dstd / std
    dcentred = dcentred + 2 * centred * dvar / m
    dmean = -dcentred.sum(axis=axis, keepdims=True)
    return dcentred + dmean / m


def layernorm_forward(x, gamma, beta, ln_param):
    mean = x.sum(axis=-1, keepdims=True) / x.shape[-1]
    centred = x - mean
    var = (centred * centred).sum(axis=-1, keepdims=True) / x.shape[-1]
    std = np.sqrt(var + ln_param.get("eps", 1e-5))
    x_hat = centred / std
    return x_hat * gamma + beta, [centred, std, x_hat, gamma]


def layernorm_backward(dout, cache):
    centred, std, x_hat, gamma = cache
    dx = _backward(dout * gamma, centred, std, (dout.ndim - 1,))
    dgamma, dbeta = dout * x_hat, dout
    while dgamma.ndim > 1:
        dgamma, dbeta = dgamma.sum(axis=0), dbeta.sum(axis=0)
    return [dx, dgamma, dbeta]


def groupnorm_forward(x, gamma, beta, G, gn_param):
    shape = (x.shape[0], G, x.shape[1] // G, x.shape[2], x.shape[3])
    view = x.reshape(shape)
    centred = view - view.mean(axis=(2, 3, 4), keepdims=True)
    std = np.sqrt((centred**2).mean(axis=(2, 3, 4), keepdims=True) + gn_param.get("eps", 1e-5))
    x_hat = (centred / std).reshape(x.shape)
    out = x_hat * gamma.reshape(1, -1, 1, 1) + beta.reshape(1, -1, 1, 1)
    return out, [centred, std, x_hat, gamma.reshape(1, -1, 1, 1)]


def groupnorm_backward(dout, cache):
    centred, std, x_hat, gamma = cache
    dx = _backward((dout * gamma).reshape(centred.shape), centred, std, (2, 3, 4))
    return dx.reshape(dout.shape), (dout * x_hat).sum(axis=(0, 2, 3)), dout.sum(axis=(0, 2, 3))


def batch_renorm_forward(x, gamma, beta, bn_param):
    axis = tuple(a for a in range(x.ndim) if a != 1)
    c = x.shape[1]

    def wide(v):
        return np.expand_dims(v, axis)

    rm = np.asarray(bn_param.get("running_mean", np.zeros(c)))
    rs = np.asarray(bn_param.get("running_std", np.ones(c)))
    if bn_param["mode"] == "test":
        return wide(gamma) * (x - wide(rm)) / wide(rs) + wide(beta), None
    mean = x.mean(axis=axis)
    centred = x - wide(mean)
    std = np.sqrt((centred**2).mean(axis=axis) + bn_param.get("eps", 1e-5))
    r = np.clip(std / rs, 1 / bn_param.get("r_max", 3.0), bn_param.get("r_max", 3.0))
    d = np.clip((mean - rm) / rs, -bn_param.get("d_max", 5.0), bn_param.get("d_max", 5.0))
    x_hat = centred / wide(std) * wide(r) + wide(d)
    keep = bn_param.get("momentum", 0.9)
    bn_param["running_mean"] = rm + (1 - keep) * (mean - rm)
    bn_param["running_std"] = rs + (1 - keep) * (std - rs)
    return wide(gamma) * x_hat + wide(beta), (centred, wide(std), wide(r), x_hat, wide(gamma), axis)


def batch_renorm_backward(dout, cache):
    centred, std, r, x_hat, gamma, axis = cache
    dx = _backward(dout * gamma * r, centred, std, axis)
    return dx, (dout * x_hat).sum(axis=axis), dout.sum(axis=axis)
