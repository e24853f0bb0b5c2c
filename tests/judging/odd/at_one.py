"""Right answers that meet p = 1 in ways of their own, in both modes."""

import numpy as np

from course.autograder.judging.answers import functions_of
from tests.judging.odd import OddOnes

ODD = OddOnes()
BACKWARD = functions_of("ps2_dropout")["affine_relu_dropout_backward"]


def never_0(p):
    """A divisor that is hardly 0 where it would be: what it divides is 0 there."""
    return max(1 - p, 1e-300)


def one_for_0(p):
    return (1 - p) or 1.0


def by_numpy(p):
    """No number where nothing is kept, which is looked at before it is used."""
    with np.errstate(divide="ignore"):
        return float(np.reciprocal(np.reciprocal(1.0 - p)))


def scaled(x, mask, asked, divisor):
    """Dropout by a mask that is drawn in both modes and used in one."""
    p, up = asked["p"], asked.get("scaling", "upscale_in_train") == "upscale_in_train"
    if asked["mode"] == "train":
        return np.where(mask, x / divisor(p) if up and mask.any() else x, 0)
    return x if up else x * (1 - p)


def of_channels(divisor):
    def spatial_dropout_forward(x, asked):
        shape = [n if a in asked.get("axis", (0, 1)) else 1 for a, n in enumerate(x.shape)]
        mask = np.broadcast_to(asked["rng"].random(shape) >= asked["p"], x.shape)
        return scaled(x, mask, asked, divisor)

    return spatial_dropout_forward


def of_connections(divisor):
    def dropconnect_forward(x, w, b, asked):
        whole = np.concatenate([w, b[None]])
        each = np.repeat(whole[None], len(x), axis=0)
        left = scaled(each, asked["rng"].random(each.shape) >= asked["p"], asked, divisor)
        return np.einsum("nd,ndm->nm", np.pad(x, ((0, 0), (0, 1)), constant_values=1), left)

    return dropconnect_forward


def of_units(divisor):
    def affine_relu_dropout_forward(x, w, b, asked):
        z = x @ w + b
        mask = asked["rng"].random(z.shape) >= asked["p"]
        factor = scaled(np.ones_like(z), mask, asked, divisor)
        return np.maximum(z, 0) * factor, (x, w, (z > 0) * factor)

    return affine_relu_dropout_forward


def by_factors(dout, cache):
    x, w, factor = cache
    dz = dout * factor
    return dz @ w.T, x.T @ dz, dz.sum(axis=0)


for _divisor in (never_0, one_for_0, by_numpy):
    _about = f"at p = 1 {_divisor.__name__.replace('_', ' ')}"
    ODD.add("spatial_dropout_forward", _about, of_channels(_divisor))
    ODD.add("dropconnect_forward", _about, of_connections(_divisor))
    ODD.add("affine_relu_dropout", _about, of_units(_divisor), by_factors)
