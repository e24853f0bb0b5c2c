"""Wrong functions that no bank has, each with the names that are true of it; any other name would be false.

Written as students write: whole functions, with the mistake in the middle. `said` is in the message where no
misconception is true of the function.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class MadeUp:
    """A wrong function.

    Attributes:
        about: the mistake, in a few words.
        check: that must reject it.
        functions: for the check.
        named: all of these names must come, and no other may.
        may: further names that are true of it.
        said: words that the message must have.
    """

    about: str
    check: str
    functions: tuple[Callable[..., Any], ...]
    named: tuple[str, ...] = ()
    may: tuple[str, ...] = ()
    said: str = ""


# --- batch norm ----------------------------------------------------------------------------------------------


def _over(x: np.ndarray) -> tuple[int, ...]:
    return (0, 2, 3)[: x.ndim - 1]


def _wide(v: np.ndarray, x: np.ndarray) -> np.ndarray:
    return np.reshape(v, (1, -1) + (1,) * (x.ndim - 2))


def norm(
    x,
    gamma,
    beta,
    bn_param,
    *,
    unbiased=False,
    old=None,
    running_unbiased=False,
    running_eps=False,
    gammas=1,
    sd=False,
):
    """Batch norm with some things that can go wrong in it."""
    eps, m = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    rm = bn_param.get("running_mean", np.zeros(x.shape[1]))
    rv = bn_param.get("running_var", np.ones(x.shape[1]))
    n = x.size // x.shape[1]
    keep = m if old is None else old(m)
    if bn_param["mode"] == "train":
        mean, var = x.mean(_over(x)), x.var(_over(x))
        seen = (
            var * n / (n - 1)
            if running_unbiased
            else var + eps
            if running_eps
            else np.sqrt(var)
            if sd
            else var
        )
        bn_param["running_mean"] = keep * rm + (1 - keep) * mean
        bn_param["running_var"] = keep * rv + (1 - keep) * seen
        if unbiased:
            var = var * n / (n - 1)
    else:
        mean, var = rm, rv
    x_hat = (x - _wide(mean, x)) / np.sqrt(_wide(var, x) + eps)
    return _wide(gamma, x) ** gammas * x_hat + _wide(beta, x), (x_hat, gamma, var, eps)


def with_(**switches: Any) -> Callable[..., Any]:
    """Batch norm with these mistakes."""
    return lambda *given: norm(*given, **switches)


def back(dout, cache, *, direct=1.0, mean=1.0, var=1.0, gamma_power=1, dgamma=1.0, axis0=False):
    """Batch norm's backward pass by its three paths, each of which can go wrong."""
    x_hat, gamma, v, eps = cache
    axes = _over(dout)
    g = dout * _wide(gamma, dout) ** gamma_power
    over = lambda t: t.mean(axes, keepdims=True)  # noqa: E731
    dx = (direct * g - mean * over(g) - var * x_hat * over(g * x_hat)) / np.sqrt(_wide(v, dout) + eps)
    return dx, dgamma * (dout * x_hat).sum(axes), dout.sum(axes)


def back_with(change: Callable[..., Any]) -> Callable[..., Any]:
    """The right backward pass, with its three results changed."""
    return lambda dout, cache: change(dout, cache, *back(dout, cache))


BATCH_NORM = (
    MadeUp("momentum turned round and n - 1 in the running variance", "batchnorm_forward.train",
           (with_(old=lambda m: 1 - m, running_unbiased=True),),
           ("momentum the other way round", "unbiased running variance")),
    MadeUp("momentum ignored and n - 1 in the running variance", "batchnorm_forward.train",
           (with_(old=lambda m: 0.9, running_unbiased=True),), ("momentum hard-coded", "unbiased running variance")),
    MadeUp("momentum turned round and epsilon kept", "batchnorm_forward.train",
           (with_(old=lambda m: 1 - m, running_eps=True),),
           ("momentum the other way round", "epsilon in the running variance")),
    MadeUp("n - 1 and gamma twice", "batchnorm_forward.train", (with_(unbiased=True, gammas=2),),
           ("unbiased variance in normalising", "gamma applied twice")),
    MadeUp("momentum squared", "batchnorm_forward.train", (with_(old=lambda m: m * m),),
           ("momentum squared",)),
    MadeUp("gamma cubed", "batchnorm_forward.train", (with_(gammas=3),)),
    MadeUp("out is twice too large", "scale_shift", (lambda h, g, b: 2 * (g * h + b),), said="2 times the right one"),
    MadeUp("one too much everywhere", "scale_shift", (lambda h, g, b: g * h + b + 1,), said="by +1 everywhere"),
    MadeUp("neither gamma nor beta in test mode", "batchnorm_forward.test",
           (lambda x, g, b, q: norm(x, np.ones_like(g), np.zeros_like(b), q),), ("gamma and beta forgotten",)),
    MadeUp("memory that is never written", "normalize",
           (lambda x, mean, var, eps: np.full(x.shape, 6.9e-310),), said="never written"),
    MadeUp("the first sample alone", "normalize",
           (lambda x, mean, var, eps: np.concatenate([((x - mean) / np.sqrt(var + eps))[:1], x[1:] * 0 + 7.5]),),
           said="right for the first sample alone"),
    MadeUp("the last sample is left out", "normalize",
           (lambda x, mean, var, eps: np.concatenate([((x - mean) / np.sqrt(var + eps))[:-1], x[-1:] * 0]),),
           said="right wherever it is not 0"),
    MadeUp("rounded on the way", "conv_forward_naive",
           (lambda *i: (conv(*i)[0].astype("f4").astype("f8"), None),),
           said="float32 numbers"),
    MadeUp("True and False", "normalize", (lambda x, mean, var, eps: x > mean,), said="True and False"),
    MadeUp("the mean's sum divided by n - 1", "batch_moments",
           (lambda x: (x.sum(0) / (len(x) - 1 + (len(x) == 1)), x.var(0)),), ("mean divided by N - 1",)),
    MadeUp("the root of the deviation", "batch_moments", (lambda x: (x.mean(0), x.std(0) ** 0.5),)),
    MadeUp("both sums missing a half", "batchnorm_backward",
           (norm, lambda d, c: back(d, c, mean=0.5, var=0.5)),
           ("the mean's gradient half as large", "factor 2 of the square forgotten")),
    MadeUp("both paths with the wrong sign", "batchnorm_backward", (norm, lambda d, c: back(d, c, mean=-1, var=-1)),
           ("sign of the variance's gradient", "sign of the mean's gradient")),
    MadeUp("no mean's path, and dgamma averaged", "batchnorm_backward",
           (norm, lambda d, c: back(d, c, mean=0, dgamma=1 / len(d))),
           ("gradient through the mean missing", "dgamma averaged")),
    MadeUp("gradients of the opposite sign", "batchnorm_backward_alt",
           (norm, back_with(lambda d, c, dx, dg, db: (-dx, dg, db))), ("sign of dx",)),
    MadeUp("dgamma over the first axis only", "spatial_batchnorm_backward",
           (norm, back_with(lambda d, c, dx, dg, db: (dx, (d * c[0]).sum(0), db))), (),
           ("parameter gradients per pixel",)),
    MadeUp("dbeta as one number", "batchnorm_backward",
           (norm, back_with(lambda d, c, dx, dg, db: (dx, dg, db.sum()))),
           ("parameter gradients summed over everything",)),
    MadeUp("zeros for dx", "batchnorm_backward",
           (norm, back_with(lambda d, c, dx, dg, db: (np.zeros_like(dx), dg, db))), said="0 everywhere"),
    MadeUp("axes (1, C)", "spatial_batchnorm_backward",
           (norm, back_with(lambda d, c, dx, dg, db: (dx, dg[None], db[None]))),
           ("parameter gradients keep the summed axis",)),
)  # fmt: skip


# --- convolution ---------------------------------------------------------------------------------------------


def conv(x, w, b, conv_param):
    """A convolution."""
    s, p = conv_param["stride"], conv_param["pad"]
    padded = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    views = np.lib.stride_tricks.sliding_window_view(padded, w.shape[2:], (2, 3))[:, :, ::s, ::s]
    return np.einsum("ncijab,ocab->noij", views, w) + b[:, None, None], (x, w, b, conv_param)


def conv_back(dout, cache, *, dw_factor=1.0):
    """Its gradients."""
    x, w, _, q = cache
    s, p = q["stride"], q["pad"]
    padded = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    dxp, dw = np.zeros_like(padded), np.zeros_like(w)
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            window = np.s_[:, :, i * s : i * s + w.shape[2], j * s : j * s + w.shape[3]]
            dw += np.einsum("no,ncab->ocab", dout[:, :, i, j], padded[window])
            dxp[window] += np.einsum("no,ocab->ncab", dout[:, :, i, j], w)
    dx = dxp[:, :, p : p + x.shape[2], p : p + x.shape[3]]
    return dx, dw * dw_factor, dout.sum((0, 2, 3))


def changed(change: Callable[[np.ndarray], np.ndarray]) -> Callable[..., Any]:
    """The right convolution, its output changed."""
    return lambda *given: (lambda out, cache: (change(out), cache))(*conv(*given))


def _without_last(out: np.ndarray) -> np.ndarray:
    kept = out.copy()
    kept[:, :, -1] = 1.5
    return kept


def pooled(x, q):
    """Max pooling."""
    views = np.lib.stride_tricks.sliding_window_view(x, (q["pool_height"], q["pool_width"]), (2, 3))
    return views[:, :, :: q["stride"], :: q["stride"]].max((4, 5)), (x, q)


CONVOLUTION = (
    MadeUp("dw halved", "conv_backward_naive", (conv, lambda d, c: conv_back(d, c, dw_factor=0.5)),
           said="0.5 times the right one"),
    MadeUp("dw divided by the number of samples", "conv_backward_naive",
           (conv, lambda d, c: conv_back(d, c, dw_factor=1 / len(d))), ("dw averaged over the batch",)),
    MadeUp("images upside down", "conv_forward_naive", (changed(lambda o: o[:, :, ::-1]),),
           ("windows in reverse along the rows",)),
    MadeUp("the last row of the output wrong", "conv_forward_naive", (changed(_without_last),), said="but for the last row"),
    MadeUp("the kernels in another order", "conv_forward_naive", (changed(lambda o: o[:, ::-1]),),
           ("output channels in reverse", "biases in reverse")),
    MadeUp("kernel flipped, bias forgotten", "conv_forward_naive",
           (lambda x, w, b, q: conv(x, w[:, :, ::-1, ::-1], b * 0, q),), ("kernel flipped", "bias forgotten")),
    MadeUp("bias forgotten, stride ignored", "conv_forward_naive",
           (lambda x, w, b, q: conv(x, w, b * 0, {**q, "stride": 1}),), ("bias forgotten", "stride ignored")),
    MadeUp("ReLU at the end", "conv_forward_im2col", (changed(lambda o: np.maximum(o, 0)),),
           ("cut off at 0",)),
    MadeUp("squares", "max_pool_forward", (lambda x, q: (pooled(x, q)[0] ** 2, None),), said="square"),
    MadeUp("whole numbers", "max_pool_forward", (lambda x, q: (np.rint(pooled(x, q)[0]), None),)),
    MadeUp("a multiplication counts twice", "conv2d_parameters",
           (lambda i, o, k, groups=1, bias=True: 2 * (o * (i // groups) * np.prod(np.broadcast_to(k, 2)) + bias * o),),
           said="2 times the right one"),
    MadeUp("one too large on both sides", "conv2d_output_shape",
           (lambda i, w, stride, padding, dilation, groups: (i[0], w[0], *(
               (h + 2 * p - d * (k - 1) - 1) // s + 2 for h, k, s, p, d in zip(
                   i[2:], w[2:], *(np.broadcast_to(v, 2).tolist() for v in (stride, padding, dilation)), strict=True))),),
           ("one window too many",)),
)  # fmt: skip


# --- dropout and the other normalizers -----------------------------------------------------------------------


def layer(x, gamma, beta, ln_param, *, axes=-1, eps=None, power=0.5):
    """Layer norm."""
    eps = ln_param.get("eps", 1e-5) if eps is None else eps
    x_hat = (x - x.mean(axes, keepdims=True)) / (x.var(axes, keepdims=True) + eps) ** power
    return gamma * x_hat + beta, (x_hat, gamma, x.var(axes, keepdims=True) + eps)


def layer_back(dout, cache, *, factor=1.0, mean=1.0):
    """Its gradients."""
    x_hat, gamma, v = cache
    g = dout * gamma
    over = lambda t: t.mean(-1, keepdims=True)  # noqa: E731
    dx = (g - mean * over(g) - x_hat * over(g * x_hat)) / np.sqrt(v)
    rest = tuple(range(dout.ndim - 1))
    return factor * dx, (dout * x_hat).sum(rest), dout.sum(rest)


OTHERS = (
    MadeUp("variance to the power one third", "layernorm_forward", (lambda *i: layer(*i, power=1 / 3),)),
    MadeUp("gamma twice, beta forgotten", "layernorm_forward",
           (lambda x, g, b, q: layer(x, g * g, b * 0, q),), ("gamma applied twice", "beta forgotten")),
    MadeUp("no gradient through the mean, dbeta with the opposite sign", "layernorm_backward",
           (layer, lambda d, c: (lambda dx, dg, db: (dx, dg, -db))(*layer_back(d, c, mean=0))),
           ("gradient through the mean missing",), said="opposite sign"),
    MadeUp("dx is three times too large", "layernorm_backward",
           (layer, lambda d, c: layer_back(d, c, factor=3)), said="3 times the right one"),
    MadeUp("x times the mask plus one", "dropout_apply.train",
           (lambda x, mask, p, mode, scaling: x * (mask + 1),)),
    MadeUp("p / (1 - p)", "convert_weights", (lambda w, p, a, b: w * (p / (1 - p)) if a != b else w,)),
)  # fmt: skip

MADE_UP = (*BATCH_NORM, *CONVOLUTION, *OTHERS)
