"""No def for what is asked: lambdas, partials, and an instance that can be called."""

import operator
from functools import partial, reduce

import numpy as np


class Moments:
    def __init__(self, axis):
        self.axis = axis

    def __call__(self, x):
        return x.mean(self.axis), x.var(self.axis)


batch_moments = Moments(axis=0)

normalize = lambda x, mean, var, eps: operator.truediv(x - mean, np.sqrt(var + eps))


def _scaled_and_shifted(factor_first, x_hat, gamma, beta):
    return reduce(operator.add, [operator.mul(gamma, x_hat), beta]) if factor_first else None


scale_shift = partial(_scaled_and_shifted, True)


def _backward(dout, cache, *, mean=partial(np.mean, axis=0), total=partial(np.sum, axis=0)):
    x, mu, var, eps, x_hat, gamma = cache
    dx = gamma / np.sqrt(var + eps) * (dout - mean(dout) - x_hat * mean(dout * x_hat))
    return dx, *map(total, (dout * x_hat, dout))


batchnorm_backward = partial(_backward)

batchnorm_backward_alt = _backward


class Block:
    forward = staticmethod(
        lambda x, w, b, gamma, beta, bn_param: (
            lambda z_and_cache: (np.maximum(z_and_cache[0], 0), (x, w, *z_and_cache))
        )(batchnorm_forward(x @ w + b, gamma, beta, bn_param))
    )

    @classmethod
    def backward(cls, dout, cache):
        x, w, z, inner = cache
        da, *rest = batchnorm_backward(dout * np.heaviside(z, 0), inner)
        return [da @ w.T, x.T @ da, da.sum(0), *rest]


affine_bn_relu_forward = Block.forward

affine_bn_relu_backward = Block.backward
