"""The whole Jacobian of each row, and a matrix product."""

import numpy as np


def _jacobian(x_hat, std):
    m = len(x_hat)
    return (np.eye(m) - 1 / m - np.outer(x_hat, x_hat) / m) / std


def layernorm_forward(x, gamma, beta, ln_param):
    std = np.sqrt(np.var(x, axis=-1) + ln_param.get("eps", 1e-5))
    x_hat = (x - np.mean(x, axis=-1)[..., np.newaxis]) / std[..., np.newaxis]
    return gamma * x_hat + beta, {"x_hat": x_hat, "std": std, "gamma": gamma}


def layernorm_backward(dout, cache):
    dx = np.empty(dout.shape)
    dgamma, dbeta = np.zeros(dout.shape[-1]), np.zeros(dout.shape[-1])
    for at in np.ndindex(dout.shape[:-1]):
        dx[at] = _jacobian(cache["x_hat"][at], cache["std"][at]) @ (cache["gamma"] * dout[at])
        dgamma += dout[at] * cache["x_hat"][at]
        dbeta += dout[at]
    return dx, dgamma, dbeta


def groupnorm_backward(dout, cache):
    x_hat, std, gamma = cache
    g = (dout * gamma).reshape(x_hat.shape)
    dx = np.empty(x_hat.shape)
    for n, k in np.ndindex(x_hat.shape[:2]):
        dx[n, k] = _jacobian(x_hat[n, k], std[n, k, 0]).dot(g[n, k])
    hat = x_hat.reshape(dout.shape)
    return (
        dx.reshape(dout.shape),
        np.tensordot(dout * hat, np.ones(len(dout)), ([0], [0])).sum((1, 2)),
        dout.sum((0, 2, 3)),
    )


def batch_renorm_backward(dout, cache):
    z, x_hat, factor, axes = cache
    dx = np.empty(dout.shape)
    for c in range(dout.shape[1]):
        flat = z[:, c].ravel()
        dx[:, c] = (_jacobian(flat, 1.0) @ dout[:, c].ravel()).reshape(dout[:, c].shape) * factor.ravel()[c]
    return dx, np.sum(dout * x_hat, axis=axes), np.sum(dout, axis=axes)
