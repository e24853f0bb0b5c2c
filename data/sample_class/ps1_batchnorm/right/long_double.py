"""Works in extended precision inside, whatever comes in, and rounds to the dtype of the input at the end."""

import numpy as np

LONG = np.longdouble


def batch_moments(x):
    wide = x.astype(LONG)
    mean = wide.mean(axis=0)
    return mean.astype(x.dtype), ((wide - mean) ** 2).mean(axis=0).astype(x.dtype)


def batchnorm_forward(x, gamma, beta, bn_param):
    eps, momentum = LONG(bn_param.get("eps", 1e-5)), LONG(bn_param.get("momentum", 0.9))
    wide = x.astype(LONG)
    rm = np.array(bn_param.get("running_mean", np.zeros(x.shape[1])), dtype=LONG)
    rv = np.array(bn_param.get("running_var", np.ones(x.shape[1])), dtype=LONG)
    if bn_param["mode"] == "train":
        mean = wide.mean(axis=0)
        var = ((wide - mean) ** 2).mean(axis=0)
        rm = momentum * rm + (1 - momentum) * mean
        rv = momentum * rv + (1 - momentum) * var
    else:
        mean, var = rm, rv
    bn_param["running_mean"], bn_param["running_var"] = rm, rv
    x_hat = (wide - mean) / np.sqrt(var + eps)
    out = gamma.astype(LONG) * x_hat + beta
    return out.astype(x.dtype), (wide, mean, var, eps, x_hat, gamma.astype(LONG))


def batchnorm_backward(dout, cache):
    x, mean, var, eps, x_hat, gamma = cache
    wide = dout.astype(LONG)
    dgamma, dbeta = (wide * x_hat).sum(axis=0), wide.sum(axis=0)
    dx = gamma / np.sqrt(var + eps) * (wide - dbeta / len(wide) - x_hat * dgamma / len(wide))
    return dx.astype(dout.dtype), dgamma.astype(dout.dtype), dbeta


def batchnorm_backward_alt(dout, cache):
    return [g.astype(dout.dtype) for g in batchnorm_backward(dout.astype(LONG), cache)]
