"""Dropout and its relatives: draws, masks, two scalings, gradients."""

import functools
import itertools
import random

import numpy as np

from tests.judging.odd import OddOnes

ODD = OddOnes()
MASK = ("dropout_mask", "dropout_mask.generator")
APPLY = ("dropout_apply.train", "dropout_apply.test")


# --- masks ---


@ODD.each(*MASK)
def random_numbers_from_one_down(shape, p, rng):
    return 1 - rng.random(shape) > p


@ODD.each(*MASK)
def whole_numbers(shape, p, rng):
    return (rng.integers(0, 2**53, shape) >= p * 2**53).astype(np.int8)


@ODD.each(*MASK)
def exponential_draws(shape, p, rng):
    with np.errstate(divide="ignore"):
        return np.where(rng.exponential(size=shape) > -np.log1p(-p), 1.0, 0.0)


@ODD.each(*MASK)
def coin_by_coin(shape, p, rng):
    mask = np.ones(shape)
    for index in np.ndindex(*shape):
        if rng.random() < p:
            mask[index] = 0
    return mask


@ODD.each(*MASK)
def ceilings(shape, p, rng):
    return np.clip(np.floor(rng.random(shape) + (1 - p)), 0, 1)


@ODD.each(*MASK)
def flat_and_reshaped(shape, p, rng):
    return (rng.uniform(-p, 1 - p, int(np.prod(shape))) >= 0).reshape(shape)


@ODD.each(*MASK)
def logical_not_of_the_dropped(shape, p, rng):
    return ~(rng.random(tuple(shape)) < p)


@ODD.each(*MASK)
def choice_of_two(shape, p, rng):
    return rng.choice(np.array([0.0, 1.0]), shape, p=[p, 1 - p])


@ODD.each("dropout_mask")
def multinomial_columns(shape, p, rng):
    return rng.multinomial(1, [1 - p, p], size=shape)[..., 0]


@ODD.each(*MASK)
def bytes_put_together(shape, p, rng):
    words = np.frombuffer(rng.bytes(8 * int(np.prod(shape))), dtype=np.uint64)
    return ((words >> np.uint64(11)) * 2.0**-53 >= p).reshape(shape)


@ODD.each(*MASK)
def the_last_axis_first(shape, p, rng):
    return np.transpose(rng.random(tuple(shape)[::-1], dtype=np.float32) >= np.float32(p))


@ODD.each(*MASK)
def one_row_after_the_other_in_any_order(shape, p, rng):
    mask = np.empty(shape)
    for row in rng.permutation(shape[0]):
        mask[row] = rng.random(shape[1:]) >= p
    return mask


@ODD.each(*MASK)
def more_coins_than_needed(shape, p, rng):
    return (rng.random(2 * int(np.prod(shape)))[::2] >= p).reshape(shape, order="F")


# --- apply ---


@ODD.each(*APPLY)
def table_of_factors(x, mask, p, mode, scaling):
    factor = {
        ("train", "upscale_in_train"): lambda: np.divide(mask, 1 - p, out=np.zeros(x.shape), where=mask != 0),
        ("train", "downscale_in_infer"): lambda: mask,
        ("test", "upscale_in_train"): lambda: 1,
        ("test", "downscale_in_infer"): lambda: 1 - p,
    }[mode, scaling]()
    return x * factor


@ODD.each(*APPLY)
def where_the_mask_is(x, mask, p, mode, scaling):
    up = scaling == "upscale_in_train"
    if mode != "train":
        return x if up else x - p * x
    if up and p < 1:
        x = x / (1 - p)
    return np.where(mask, x, 0)


@ODD.each(*APPLY)
def written_into_zeros(x, mask, p, mode, scaling):
    out = np.zeros(x.shape, np.longdouble)
    keep = np.ones(x.shape, bool) if mode == "test" else np.array(mask, dtype=bool)
    out[keep] = x[keep]
    if (mode, scaling) == ("test", "downscale_in_infer"):
        out *= 1 - p
    elif (mode, scaling) == ("train", "upscale_in_train") and p != 1:
        out /= 1 - p
    return out


@ODD.each(*APPLY)
def masked_arrays(x, mask, p, mode, scaling):
    if mode == "test":
        return x * {"upscale_in_train": 1, "downscale_in_infer": 1 - p}[scaling]
    out = np.ma.masked_array(x, mask=np.logical_not(mask)).filled(0)
    return out if p == 1 or scaling != "upscale_in_train" else out * (1 / (1 - p))


@ODD.each(*APPLY)
def vectorized_over_values(x, mask, p, mode, scaling):
    if mode == "test":
        return np.vectorize(lambda v: v if scaling == "upscale_in_train" else (1 - p) * v, otypes=[x.dtype])(
            x
        )
    rate = 1 - p if scaling == "upscale_in_train" else 1
    return np.vectorize(lambda v, m: v / rate if m else 0.0, otypes=[x.dtype])(x, mask)


@ODD.each(*APPLY)
def einsum_of_two(x, mask, p, mode, scaling):
    if mode == "test":
        return np.multiply(x, 1 if scaling.startswith("up") else 1 - p)
    both = np.einsum("...,...->...", x, np.asarray(mask, dtype=x.dtype))
    return both if scaling.startswith("down") or p == 1 else both / (1 - p)


# --- forward and backward ---


def coins(x, q):
    return q["rng"].random(x.shape) >= q["p"]


def rate(q):
    up = q.get("scaling", "upscale_in_train") == "upscale_in_train"
    if q["mode"] == "train":
        return (1 / (1 - q["p"]) if q["p"] != 1 else 0) if up else 1
    return 1 if up else 1 - q["p"]


def forward(x, dropout_param):
    """The cache is what is multiplied by."""
    factor = (coins(x, dropout_param) if dropout_param["mode"] == "train" else np.ones(x.shape)) * rate(
        dropout_param
    )
    return x * factor, factor


def closure(x, dropout_param):
    """The cache is a function."""
    out, factor = forward(x, dropout_param)
    return out, lambda dout: dout * factor


def indices(x, dropout_param):
    """The cache is the list of places that were kept."""
    if dropout_param["mode"] == "test":
        return x * rate(dropout_param), (None, rate(dropout_param), x.shape)
    kept = np.flatnonzero(coins(x, dropout_param))
    out = np.zeros(x.size)
    out[kept] = x.ravel()[kept] * rate(dropout_param)
    return out.reshape(x.shape), (kept, rate(dropout_param), x.shape)


def from_indices(dout, cache):
    kept, factor, shape = cache
    if kept is None:
        return dout * factor
    dx = np.zeros(dout.size)
    dx[kept] = dout.ravel()[kept] * factor
    return dx.reshape(shape)


class Dropout:
    """Callable, and its own cache."""

    def __call__(self, x, dropout_param):
        out, factor = forward(x, dropout_param)
        return out, {"factor": factor, "times": itertools.count()}

    def back(self, dout, cache):
        return np.multiply(cache["factor"], dout)


def bits(x, dropout_param):
    """The cache is a packed mask."""
    out, factor = forward(x, dropout_param)
    return out, (np.packbits(factor != 0), rate(dropout_param))


def from_bits(dout, cache):
    packed, factor = cache
    return np.unpackbits(packed, count=dout.size).reshape(dout.shape) * factor * dout


def tossing_always(x, dropout_param):
    """It tosses at test time as well, and takes no notice of it there."""
    kept = coins(x, dropout_param)
    if dropout_param["mode"] == "test":
        kept = np.ones(x.shape)
    return x * kept * rate(dropout_param), [x, kept, dropout_param]


def asking_again(dout, cache):
    """The factor is looked up in the dict once more."""
    return (lambda x, kept, q: np.where(kept, dout, 0.0) * rate(q))(*cache)


LAYER = Dropout()
PAIRS = {
    "a factor": (forward, lambda dout, cache: cache * dout),
    "a function": (closure, lambda dout, cache: cache(dout)),
    "places": (indices, from_indices),
    "an object": (LAYER, LAYER.back),
    "packed bits": (bits, from_bits),
    "coins of any mode": (tossing_always, asking_again),
}
for about, (there, back) in PAIRS.items():
    ODD.add("dropout_backward", f"the cache is {about}", there, back)
    ODD.add("dropout_forward.test", f"the cache is {about}", there)
for about in ("a factor", "places", "coins of any mode"):
    ODD.add("dropout_forward.train", f"the cache is {about}", PAIRS[about][0])
    ODD.add("dropout_forward.generator", f"the cache is {about}", PAIRS[about][0])


@ODD.each("convert_weights")
def quotient_of_two_rates(w, p, from_scaling, to_scaling):
    test = dict(zip(("upscale_in_train", "downscale_in_infer"), (1, 1 - p), strict=True))
    return w.astype(np.longdouble) * test[from_scaling] / test[to_scaling]


@ODD.each("convert_weights")
def power_of_a_difference(w, p, from_scaling, to_scaling):
    return w * (1 - p) ** ((to_scaling == "upscale_in_train") - (from_scaling == "upscale_in_train"))


@ODD.each("convert_weights")
def copies_in_fortran_order(w, p, from_scaling, to_scaling):
    out = np.array(w, order="F")
    if from_scaling != to_scaling:
        out = out / (1 - p) if from_scaling == "upscale_in_train" else out - p * out
    return out


@ODD.each("mc_dropout")
def running_moments(predict, x, n, rng):
    mean = spread = 0.0
    for k in range(1, n + 1):
        new = np.asarray(predict(x, rng), dtype=float)
        step = new - mean
        mean = mean + step / k
        spread = spread + step * (new - mean)
    return mean, np.sqrt(spread / n)


@ODD.each("mc_dropout")
def stack_of_predictions(predict, x, n, rng):
    made = np.array([predict(x, rng) for _ in itertools.repeat(None, n)])
    return np.einsum("n...->...", made) / n, (((made - made.mean(0)) ** 2).sum(0) / n) ** 0.5


def chained(x, w, b, dropout_param):
    z = np.einsum("nd,dm->nm", x, w) + b
    out, factor = forward(np.where(z > 0, z, 0), dropout_param)
    return out, {"factor": factor * (z > 0), "x": x.T, "w": w.T}


def unchained(dout, cache):
    dz = dout * cache["factor"]
    return dz @ cache["w"], cache["x"] @ dz, np.ones(len(dz)) @ dz


ODD.add("affine_relu_dropout", "one factor for ReLU and dropout", chained, unchained)


@ODD.each("spatial_dropout_forward")
def transposed_mask(x, dropout_param):
    axis = dropout_param.get("axis", (0, 1))
    if dropout_param["mode"] == "test":
        return x * rate(dropout_param)
    shape = [n if a in axis else 1 for a, n in enumerate(x.shape)]
    keep = dropout_param["p"] <= dropout_param["rng"].random(shape[::-1]).T
    return functools.reduce(np.multiply, [x, keep, np.float64(rate(dropout_param))])


@ODD.each("dropconnect_forward")
def sample_by_sample(x, w, b, dropout_param):
    if dropout_param["mode"] == "test":
        return (x @ w + b) * rate(dropout_param)
    rows = []
    for one in x:
        random.random()  # its own stream, which nobody reads
        rows.append(one @ forward(w, dropout_param)[0] + forward(b, dropout_param)[0])
    return np.vstack(rows)


def gated(gate):
    """A block whose ReLU passes a gradient where `gate` of what it got and of what it gave says so: nowhere at just 0."""

    def block(x, w, b, dropout_param):
        z = x @ w + b
        out, factor = forward(np.maximum(z, 0), dropout_param)
        return out, (x, w, factor, gate(z, np.maximum(z, 0)), out)

    def back(dout, cache):
        x, w, factor, through, _ = cache
        dz = dout * factor * through
        return dz @ w.T, x.T @ dz, dz.sum(0)

    return block, back


for _about, _gate in {
    "a step that is 0 at 0": lambda z, h: np.heaviside(z, 0.0),
    "where the ReLU gave something": lambda z, h: h != 0,
    "not where nothing was left": lambda z, h: ~(z <= 0),
    "half of sign and its square": lambda z, h: (np.sign(z) ** 2 + np.sign(z)) / 2,
}.items():
    ODD.add("affine_relu_dropout", _about, *gated(_gate))


def told_by_the_output(dout, cache):
    """Where the output is not 0 both let through, ReLU and dropout."""
    x, w, factor, _, out = cache
    dz = np.where(out > 0, dout * np.max(factor), 0.0)
    return dz @ w.T, x.T @ dz, dz.sum(0)


ODD.add("affine_relu_dropout", "told by the output", gated(lambda z, h: h > 0)[0], told_by_the_output)


@ODD.each("mc_dropout")
def copies_of_all_rows(predict, x, n, rng):
    made = predict(np.tile(x, (n, 1)), rng).reshape(n, len(x), -1)
    return made.mean(axis=0), made.std(axis=0)


@ODD.each("mc_dropout")
def copies_of_each_row(predict, x, n, rng):
    made = predict(np.repeat(x, n, axis=0), rng).reshape(len(x), n, -1)
    return made.mean(axis=1), made.std(axis=1)
