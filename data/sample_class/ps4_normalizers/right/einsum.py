"""einsum wherever it fits."""

import numpy as np


def layernorm_forward(x, gamma, beta, ln_param):
    eps = ln_param["eps"] if "eps" in ln_param else 1e-5
    d = x.shape[-1]
    centred = x - np.einsum("...d->...", x)[..., None] / d
    inverse = (np.einsum("...d,...d->...", centred, centred) / d + eps) ** -0.5
    x_hat = np.einsum("...d,...->...d", centred, inverse)
    return np.einsum("...d,d->...d", x_hat, gamma) + beta, (x_hat, inverse, gamma)


def layernorm_backward(dout, cache):
    x_hat, inverse, gamma = cache
    d = len(gamma)
    flat, hat = dout.reshape(-1, d), x_hat.reshape(-1, d)
    g = np.einsum("nd,d->nd", flat, gamma)
    first = np.einsum("nd->n", g)[:, None]
    second = np.einsum("nd,nd,nk->nk", g, hat, hat)
    dx = np.einsum("nd,n->nd", d * g - first - second, inverse.ravel()) / d
    return dx.reshape(dout.shape), np.einsum("nd,nd->d", flat, hat), np.einsum("nd->d", flat)


def groupnorm_forward(x, gamma, beta, G, gn_param):
    n, c, h, w = x.shape
    eps = gn_param.get("eps", 1e-5)
    m = c // G * h * w
    pots = x.reshape(n, G, c // G, h, w)
    centred = pots - np.einsum("ngchw->ng", pots)[:, :, None, None, None] / m
    inverse = (np.einsum("ngchw,ngchw->ng", centred, centred) / m + eps) ** -0.5
    x_hat = np.einsum("ngchw,ng->ngchw", centred, inverse)
    out = np.einsum("nchw,c->nchw", x_hat.reshape(x.shape), gamma) + beta[:, None, None]
    return out, (x_hat, inverse, gamma, m)


def groupnorm_backward(dout, cache):
    x_hat, inverse, gamma, m = cache
    hat = x_hat.reshape(dout.shape)
    g = np.einsum("nchw,c->nchw", dout, gamma).reshape(x_hat.shape)
    total = np.einsum("ngchw->ng", g)[:, :, None, None, None]
    mixed = np.einsum("ngchw,ngchw->ng", g, x_hat)[:, :, None, None, None]
    dx = np.einsum("ngchw,ng->ngchw", g - total / m - x_hat * mixed / m, inverse)
    return dx.reshape(dout.shape), np.einsum("nchw,nchw->c", dout, hat), np.einsum("nchw->c", dout)


def linear_moments(z, weight):
    n = len(z)
    x = np.einsum("nd,dc->nc", z, weight)
    return (
        np.einsum("nc->c", x) / n,
        np.einsum("nc,nc->c", x, x) / n,
        np.einsum("nd,nc->dc", z, np.ones_like(x)) / n,
        np.einsum("nd,nc->dc", z, x) * 2 / n,
    )


def compensate_moment(moment, gradient, weight_then, weight_now):
    return moment + np.einsum("dc,dc->c", gradient, weight_now - weight_then)
