"""The cache is a layer object that has done the work and knows the way back; the functions only call it."""

import numpy as np


class BatchNormLayer:
    def __init__(self, gamma, beta, eps):
        self.gamma, self.beta, self.eps = gamma, beta, eps

    def train(self, x):
        self.mean = np.average(x, axis=0)
        self.var = np.average(np.square(x - self.mean), axis=0)
        return self._apply(x)

    def infer(self, x, mean, var):
        self.mean, self.var = mean, var
        return self._apply(x)

    def _apply(self, x):
        self.std = np.sqrt(self.var + self.eps)
        self.x_hat = np.divide(np.subtract(x, self.mean), self.std)
        return self.gamma * self.x_hat + self.beta

    def backward(self, dout):
        self.dbeta = np.add.reduce(dout, axis=0)
        self.dgamma = np.add.reduce(dout * self.x_hat, axis=0)
        mean_of = lambda a: np.mean(a, axis=0)
        inner = dout - mean_of(dout) - self.x_hat * mean_of(dout * self.x_hat)
        return self.gamma / self.std * inner


def batchnorm_forward(x, gamma, beta, bn_param):
    layer = BatchNormLayer(gamma, beta, bn_param.get("eps", 1e-5))
    mean = bn_param.get("running_mean")
    var = bn_param.get("running_var")
    mean = np.zeros_like(x[0]) if mean is None else mean
    var = np.ones_like(x[0]) if var is None else var
    if bn_param["mode"] == "test":
        return layer.infer(x, mean, var), layer
    out = layer.train(x)
    old = bn_param.get("momentum", 0.9)
    bn_param.update(
        running_mean=old * mean + (1 - old) * layer.mean,
        running_var=old * var + (1 - old) * layer.var,
    )
    return out, layer


def batchnorm_backward(dout, cache):
    return cache.backward(dout), cache.dgamma, cache.dbeta


def batchnorm_backward_alt(dout, cache):
    dx = cache.backward(dout)
    return dx, cache.dgamma, cache.dbeta
