"""The graph node by node: each forward line has its own backward line, in the opposite order."""

import numpy as np


def batchnorm_forward(x, gamma, beta, bn_param):
    eps = bn_param.get("eps", 1e-5)
    momentum = bn_param.get("momentum", 0.9)
    N, D = x.shape
    running_mean = bn_param.get("running_mean", np.zeros(D, dtype=x.dtype))
    running_var = bn_param.get("running_var", np.ones(D, dtype=x.dtype))

    if bn_param["mode"] == "test":
        out = gamma * (x - running_mean) / np.sqrt(running_var + eps) + beta
        bn_param["running_mean"], bn_param["running_var"] = running_mean, running_var
        return out, None

    mu = 1.0 / N * np.sum(x, axis=0)  # 1
    xmu = x - mu  # 2
    sq = xmu**2  # 3
    var = 1.0 / N * np.sum(sq, axis=0)  # 4
    sqrtvar = np.sqrt(var + eps)  # 5
    ivar = 1.0 / sqrtvar  # 6
    xhat = xmu * ivar  # 7
    gammax = gamma * xhat  # 8
    out = gammax + beta  # 9

    bn_param["running_mean"] = momentum * running_mean + (1.0 - momentum) * mu
    bn_param["running_var"] = momentum * running_var + (1.0 - momentum) * var
    return out, (xhat, gamma, xmu, ivar, sqrtvar, var, eps)


def batchnorm_backward(dout, cache):
    xhat, gamma, xmu, ivar, sqrtvar, var, eps = cache
    N, D = dout.shape
    dbeta = np.sum(dout, axis=0)  # 9
    dgammax = dout
    dgamma = np.sum(dgammax * xhat, axis=0)  # 8
    dxhat = dgammax * gamma
    divar = np.sum(dxhat * xmu, axis=0)  # 7
    dxmu1 = dxhat * ivar
    dsqrtvar = -1.0 / (sqrtvar**2) * divar  # 6
    dvar = 0.5 * 1.0 / np.sqrt(var + eps) * dsqrtvar  # 5
    dsq = 1.0 / N * np.ones((N, D), dtype=dout.dtype) * dvar  # 4
    dxmu2 = 2 * xmu * dsq  # 3
    dx1 = dxmu1 + dxmu2  # 2
    dmu = -1 * np.sum(dxmu1 + dxmu2, axis=0)
    dx2 = 1.0 / N * np.ones((N, D), dtype=dout.dtype) * dmu  # 1
    return dx1 + dx2, dgamma, dbeta


def batchnorm_backward_alt(dout, cache):
    xhat, gamma, _, ivar, *_ = cache
    N = dout.shape[0]
    dbeta = np.sum(dout, axis=0)
    dgamma = np.sum(xhat * dout, axis=0)
    dx = (gamma * ivar / N) * (N * dout - xhat * dgamma - dbeta)
    return dx, dgamma, dbeta
