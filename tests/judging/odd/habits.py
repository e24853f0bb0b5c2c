"""Right answers by the habits of other libraries: how their kernels compute, and what their users carry over."""

import numpy as np

from tests.judging.odd import OddOnes

ODD = OddOnes()


def _along(axes):
    return {"axis": axes, "keepdims": True}


def _affine_in_x(dout, x, mean, rstd, gamma, axes):
    """dx as rstd * g + b * x + c, from the sums of g * x and of g."""
    n = np.prod([x.shape[a] for a in axes])
    g = dout * gamma
    sums = (g * x).sum(**_along(axes)), g.sum(**_along(axes))
    b = (sums[1] * mean - sums[0]) * rstd**3 / n
    return rstd * g + b * x - b * mean - sums[1] * rstd / n


def batch(x, gamma, beta, bn_param):
    mean = x.mean(axis=0)
    rstd = (x.var(axis=0) + bn_param.get("eps", 1e-5)) ** -0.5
    bn_param.setdefault("running_mean", 0 * mean)
    return gamma * rstd * (x - mean) + beta, (x, mean, rstd, gamma)


def batch_back(dout, cache):
    x, mean, rstd, gamma = cache
    dx = _affine_in_x(dout, x, mean, rstd, gamma, (0,))
    return dx, rstd * (dout * (x - mean)).sum(axis=0), dout.sum(axis=0)


for name in ("batchnorm_backward", "batchnorm_backward_alt"):
    ODD.add(name, "dx as an affine map of x, as kernels have it", batch, batch_back)


def rows_as_columns(x, gamma, beta, ln_param):
    flat = x.reshape(-1, x.shape[-1]).T
    out, cache = batch(flat, gamma[:, None], beta[:, None], dict(ln_param))
    return out.T.reshape(x.shape), cache


def rows_as_columns_back(dout, cache):
    x, mean, rstd, gamma = cache
    d = dout.reshape(-1, dout.shape[-1]).T
    dx = _affine_in_x(d, x, mean, rstd, gamma, (0,)).T.reshape(dout.shape)
    return dx, (d * (x - mean) * rstd).sum(axis=1), d.sum(axis=1)


ODD.add("layernorm_forward", "batch norm of the rows' transpose", rows_as_columns)
ODD.add("layernorm_backward", "batch norm of the rows' transpose", rows_as_columns, rows_as_columns_back)


def _correlated(x, w):
    """Every place where w [O, C, kh, kw] fits into x [N, C, H, W], one by one."""
    seen = np.lib.stride_tricks.sliding_window_view(x, w.shape[2:], axis=(2, 3))
    return np.einsum("nchwij,ocij->nohw", seen, w)


def strided(x, w, b, conv_param):
    s, p = conv_param["stride"], conv_param["pad"]
    padded = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    return _correlated(padded, w)[:, :, ::s, ::s] + b.reshape(1, -1, 1, 1), (padded, w, s, p)


def by_convolutions(dout, cache):
    """dw and dx as convolutions with a dout that is spread out, cut and filled up where rows are left over."""
    padded, w, s, p = cache
    n, o, rows, columns = dout.shape
    spread = np.zeros((n, o, (rows - 1) * s + 1, (columns - 1) * s + 1))
    spread[:, :, ::s, ::s] = dout
    dw = _correlated(padded.swapaxes(0, 1), spread.swapaxes(0, 1)).swapaxes(0, 1)
    wide = np.pad(spread, ((0, 0), (0, 0), *((k - 1,) * 2 for k in w.shape[2:])))
    part = _correlated(wide, np.rot90(w, 2, axes=(2, 3)).swapaxes(0, 1))
    dx = np.zeros(padded.shape)
    dx[:, :, : part.shape[2], : part.shape[3]] = part
    height, width = padded.shape[2:]
    return (
        dx[:, :, p : height - p, p : width - p],
        dw[:, :, : w.shape[2], : w.shape[3]],
        dout.sum(axis=(0, 2, 3)),
    )


ODD.add("conv_backward_naive", "convolutions with a spread dout", strided, by_convolutions)


@ODD.each("spatial_dropout_forward")
def floor_of_keep_and_a_uniform_number(x, dropout_param):
    keep, up = 1 - dropout_param["p"], dropout_param.get("scaling", "upscale_in_train") == "upscale_in_train"
    if dropout_param["mode"] == "test":
        return x if up else x * keep
    axis = dropout_param.get("axis", (0, 1))
    shape = [n if a in axis else 1 for a, n in enumerate(x.shape)]
    coins = np.floor(keep + dropout_param["rng"].random(shape))
    return x * coins / keep if up and keep > 0 else x * coins
