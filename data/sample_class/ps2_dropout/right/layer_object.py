"""A layer is an object that remembers its own forward pass; it is also the cache."""

import numpy as np


class Dropout:
    scaling = "upscale_in_train"

    def __init__(self, **settings):
        self.__dict__.update(settings)

    @property
    def scale(self):
        up = self.scaling == "upscale_in_train"
        if self.mode == "train":
            return 1 / (1 - self.p) if up and self.p < 1 else 1
        return 1 if up else 1 - self.p

    def forward(self, x):
        if self.mode == "train":
            self.dropped = self.rng.random(x.shape) < self.p
        else:
            self.dropped = np.zeros(x.shape, dtype=bool)
        return self.backward(x)

    def backward(self, g):
        out = g * self.scale
        out[self.dropped] = 0
        return out


def dropout_mask(shape, p, rng):
    layer = Dropout(mode="train", p=p, rng=rng, scaling="downscale_in_infer")
    return layer.forward(np.ones(shape))


def dropout_forward(x, dropout_param):
    layer = Dropout(**dropout_param)
    return layer.forward(x), layer


def dropout_backward(dout, cache):
    return cache.backward(dout)
