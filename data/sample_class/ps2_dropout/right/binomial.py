"""Coins as binomial draws of one trial each; the layer keeps the factor of every value."""


def dropout_mask(shape, p, rng):
    return rng.binomial(1, 1 - p, size=shape)


def dropout_forward(x, dropout_param):
    p = dropout_param["p"]
    upscale = dropout_param.get("scaling", "upscale_in_train") == "upscale_in_train"
    if dropout_param["mode"] == "train":
        factor = dropout_mask(x.shape, p, dropout_param["rng"]).astype(x.dtype)
        if upscale and p != 1:
            factor /= 1 - p
    else:
        factor = x.dtype.type(1 if upscale else 1 - p)
    return factor * x, factor


def dropout_backward(dout, cache):
    return cache * dout
