"""The cache is a dict, defaults come by setdefault, the running statistics change in the arrays given."""

import numpy as np


def batchnorm_forward(x, gamma, beta, bn_param):
    D = x.shape[-1]
    bn_param.setdefault("eps", 1e-5)
    bn_param.setdefault("momentum", 0.9)
    bn_param.setdefault("running_mean", np.zeros(D, dtype=x.dtype))
    bn_param.setdefault("running_var", np.ones(D, dtype=x.dtype))
    rm, rv = bn_param["running_mean"], bn_param["running_var"]
    cache = {"eps": bn_param["eps"], "gamma": gamma}
    if bn_param["mode"] == "train":
        cache["mu"], cache["var"] = x.mean(axis=0), x.var(axis=0)
        rm *= bn_param["momentum"]
        rm += (1 - bn_param["momentum"]) * cache["mu"]
        rv *= bn_param["momentum"]
        rv += (1 - bn_param["momentum"]) * cache["var"]
    elif bn_param["mode"] == "test":
        cache["mu"], cache["var"] = rm.copy(), rv.copy()
    else:
        raise ValueError(bn_param["mode"])
    cache["x_hat"] = (x - cache["mu"]) / np.sqrt(cache["var"] + cache["eps"])
    return cache["x_hat"] * gamma + beta, cache


def batchnorm_backward(dout, cache):
    N = dout.shape[0]
    grads = {}
    grads["beta"] = np.sum(dout, axis=0)
    grads["gamma"] = np.sum(dout * cache["x_hat"], axis=0)
    std = np.sqrt(cache["var"] + cache["eps"])
    dxh = dout * cache["gamma"]
    grads["x"] = (N * dxh - dxh.sum(0) - cache["x_hat"] * (dxh * cache["x_hat"]).sum(0)) / (N * std)
    return grads["x"], grads["gamma"], grads["beta"]


def batchnorm_backward_alt(dout, cache):
    x_hat, gamma = cache["x_hat"], cache["gamma"]
    dgamma, dbeta = (dout * x_hat).sum(0), dout.sum(0)
    dx = gamma * (dout - dout.mean(0) - x_hat * (dout * x_hat).mean(0)) / np.sqrt(cache["var"] + cache["eps"])
    return dx, dgamma, dbeta


def affine_bn_relu_forward(x, w, b, gamma, beta, bn_param):
    cache = {"x": x, "w": w}
    cache["z"], cache["bn"] = batchnorm_forward(np.dot(x, w) + b, gamma, beta, bn_param)
    out = cache["z"].copy()
    out[out < 0] = 0
    return out, cache


def affine_bn_relu_backward(dout, cache):
    dz = dout.copy()
    dz[cache["z"] <= 0] = 0
    da, dgamma, dbeta = batchnorm_backward(dz, cache["bn"])
    return da.dot(cache["w"].T), cache["x"].T.dot(da), da.sum(0), dgamma, dbeta
