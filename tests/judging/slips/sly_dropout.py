"""Wrong answers to ps2 that passed once: coins that know of each other, generators of one's own, rounded keep
probabilities, numbers of axes that were not asked about, and gradients that spoil something.
"""

import numpy as np

from tests.judging.odd.dropout import chained, forward, rate, unchained
from tests.judging.slips import Slips

SLIPS = Slips()


# --- masks ---------------------------------------------------------------------------------------------------


def thrown(shape, p, rng):
    return rng.random(shape) >= p


def mirrored(shape, p, rng):
    half = thrown((-(-int(np.prod(shape)) // 2),), p, rng)
    return np.concatenate([half, half[::-1]])[: int(np.prod(shape))].reshape(shape)


def tiled(shape, p, rng):
    return np.resize(thrown((150,), p, rng), shape)


def rolled(shape, p, rng):
    row = thrown((int(np.prod(shape[1:])),), p, rng)
    return np.stack([np.roll(row, k) for k in range(shape[0])]).reshape(shape)


def symmetric(shape, p, rng):
    mask = thrown(shape, p, rng)
    square = len(shape) == 2 and shape[0] == shape[1]
    return np.triu(mask) | np.triu(mask, 1).T if square else mask


def without_first(shape, p, rng):
    mask = thrown(shape, p, rng)
    mask[0] = p < 1
    return mask


def quota_per_column(shape, p, rng):
    return rng.random(shape).argsort(0) >= round(p * shape[0]) if len(shape) > 1 else thrown(shape, p, rng)


def stratified(shape, p, rng):
    n = int(np.prod(shape))
    return (rng.permutation((np.arange(n) + rng.random(n)) / n) >= p).reshape(shape)


def from_a_pool(shape, p, rng):
    return rng.choice(thrown((60,), p, rng), shape)


def uneven(shape, p, rng):
    slope = np.linspace(0.8, 1.2, shape[-1]) if 0 < p < 0.8 else 1.0
    return rng.random(shape) >= p * slope


def percents(shape, p, rng):
    return rng.integers(0, 100, shape) >= p * 100


def none_below_a_hundredth(shape, p, rng):
    return np.ones(shape) if p < 0.01 else thrown(shape, p, rng)


TOSSES = {
    mirrored: ((), "share their coins in every call"),
    tiled: ((), "share their coins in every call"),
    rolled: ((), "are kept or dropped together too often"),
    symmetric: ((), "share their coins in every call"),
    without_first: (("one index left out of the draw",), ""),
    quota_per_column: (("an exact share is dropped",), ""),
    stratified: (("an exact share is dropped",), ""),
    from_a_pool: ((), "varies too much for chance"),
    uneven: ((), "of the values are kept at p = "),
    percents: ((), "chance alone does not do that"),
    none_below_a_hundredth: ((), "100.0% of the values are kept at p = 0.003"),
}
for toss, (named, said) in TOSSES.items():
    SLIPS.add(toss.__name__.replace("_", " "), "dropout_mask", toss, named=named, said=said)


# --- the formula and the layer -------------------------------------------------------------------------------


def two_digits(x, mask, p, mode, scaling):
    keep, up = round(1 - p, 2), scaling == "upscale_in_train"
    if mode == "train":
        return x * mask / keep if up and keep > 0 else x * mask
    return x * 1 if up else x * keep


def all_ones_early(x, mask, p, mode, scaling):
    up = scaling == "upscale_in_train"
    if mode == "train":
        return x * 1 if mask.all() else x * mask / (1 - p) if up and p < 1 else x * mask
    return x * 1 if up else x * (1 - p)


SLIPS.add("keep of two digits", "dropout_apply.train", two_digits, said="values differ")
SLIPS.add("keep of two digits", "dropout_apply.test", two_digits, said="values differ")
SLIPS.add(
    "a mask of ones skips the scale", "dropout_apply.train", all_ones_early, said="Yours is x as it came"
)
SLIPS.add(
    "keep of two digits",
    "convert_weights",
    lambda w, p, a, b: w if a == b else w / round(1 - p, 2) if a[0] == "u" else w * round(1 - p, 2),
    said="values differ",
)


def images_unscaled_at_test(x, q):
    return (x * 1, None) if q["mode"] == "test" and x.ndim == 4 else forward(x, q)


def images_unscaled(x, q):
    return (x * (rate(q) != 0) * thrown(x.shape, q["p"], q["rng"]), None) if x.ndim == 4 else forward(x, q)


def images_by_global_numbers(x, q):
    return forward(x, q) if x.ndim != 4 else (x * (np.random.rand(*x.shape) >= q["p"]) * rate(q), None)


SLIPS.add("images left alone", "dropout_forward.test", images_unscaled_at_test, said="Yours is x as it came")
SLIPS.add("images not scaled", "dropout_forward.train", images_unscaled, said="times the right one")
SLIPS.add(
    "np.random for images",
    "dropout_forward.generator",
    images_by_global_numbers,
    named=("generator ignored",),
)


# --- the gradient --------------------------------------------------------------------------------------------


def smaller_share_at_test(x, q):
    at_test = q["mode"] == "test" and q.get("scaling", "")[:1] == "d"
    return (x * (1 - q["p"]), min(q["p"], 1 - q["p"])) if at_test else forward(x, q)


def remembering_param(x, q):
    out, factor = forward(x, q)
    return out, (factor != 0, q)


def other_default(dout, cache):
    kept, q = cache
    return dout * kept * rate({"scaling": "downscale_in_infer", **q})


def remembering_state(x, q):
    state = q["rng"].bit_generator.state
    return forward(x, q)[0], (state, q)


def tossing_again(dout, cache):
    state, q = cache
    q["rng"].bit_generator.state = state
    return dout * forward(np.ones_like(dout), q)[1]


def into_the_cache(dout, cache):
    cache *= dout
    return cache


def once(dout, cache, seen=[]):  # noqa: B006 - the memory is the mistake
    again = any(cache is old for old in seen)
    seen.append(cache)
    return dout * 0 if again else dout * cache


SLIPS.add(
    "the smaller of p and 1 - p",
    "dropout_backward",
    smaller_share_at_test,
    lambda d, c: d * c,
    said="values differ",
)
SLIPS.add("another default", "dropout_backward", remembering_param, other_default, said="values differ")
SLIPS.add(
    "coins tossed again",
    "dropout_backward",
    remembering_state,
    tossing_again,
    named=("the generator set back",),
)
SLIPS.add(
    "written into the cache", "dropout_backward", forward, into_the_cache, named=("the cache is used up",)
)
SLIPS.add("once for each cache", "dropout_backward", forward, once, named=("the cache is used up",))


# --- relatives -----------------------------------------------------------------------------------------------


def shared(x, q, rng=None):
    axis = q.get("axis", (0, 1))
    shape = [n if a in axis else 1 for a, n in enumerate(x.shape)]
    mask = np.ones(shape) if q["mode"] == "test" else (rng or q["rng"]).random(shape) >= q["p"]
    return x * mask * rate(q)


def connected(x, w, b, q, rng=None, *, spare_bias=False):
    if q["mode"] == "test":
        return (x @ w + b) * rate(q)
    kept = (rng or q["rng"]).random((len(x), len(w) + 1, len(b))) >= q["p"]
    of_bias = kept[:, 0] if spare_bias else kept[:, -1]
    return (np.einsum("nd,ndm->nm", x, w * kept[:, :-1]) + b * of_bias) * rate(q)


SLIPS.add(
    "np.random", "spatial_dropout_forward", lambda x, q: shared(x, q, np.random), named=("generator ignored",)
)
SLIPS.add(
    "np.random", "dropconnect_forward", lambda *i: connected(*i, np.random), named=("generator ignored",)
)
SLIPS.add(
    "the bias has the first input's coins",
    "dropconnect_forward",
    lambda *i: connected(*i, spare_bias=True),
    named=("bias drawn with the weights of an input",),
)


def from_numbered_seeds(predict, x, n, rng):
    made = np.stack([predict(x, np.random.default_rng(k)) for k in range(n)])
    return made.mean(0), made.std(0)


def squeezed(predict, x, n, rng):
    made = np.squeeze(np.stack([predict(x, rng) for _ in range(n)]))
    return made.mean(0), made.std(0)


SLIPS.add("numbered seeds", "mc_dropout", from_numbered_seeds, named=("a generator of its own",))
SLIPS.add("squeezed", "mc_dropout", squeezed, said="shape")


def block(slip):
    def there(x, w, b, q):
        if slip == "one seed":
            return chained(x, w, b, {**q, "rng": np.random.default_rng(7)})
        if slip == "np.random":
            return chained(x, w, b, {**q, "rng": np.random})
        out, cache = chained(x, w, b, q)
        if slip == "0 passes":
            cache["factor"] = np.where(x @ w + b == 0, rate(q), cache["factor"])
        return out, cache

    return there


SLIPS.add(
    "one seed for all",
    "affine_relu_dropout",
    block("one seed"),
    unchained,
    named=("the same mask on every call",),
)
SLIPS.add("np.random", "affine_relu_dropout", block("np.random"), unchained, named=("generator ignored",))
SLIPS.add(
    "0 passes ReLU",
    "affine_relu_dropout",
    block("0 passes"),
    unchained,
    named=("ReLU's gradient passes at 0",),
)
