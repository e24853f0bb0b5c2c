"""Slips in masks, in the layer and in its gradient."""

import numpy as np

from tests.judging.slips import Slips

SLIPS = Slips()


SLIPS.add(
    "mask keep",
    "dropout_mask",
    lambda s, p, rng: (rng.random(s) < p) * 1.0,
    named=("p taken for the keep probability",),
)
SLIPS.add(
    "mask np.random",
    "dropout_mask.generator",
    lambda s, p, rng: (np.random.rand(*s) >= p) * 1.0,
    named=("generator ignored",),
)
SLIPS.add(
    "mask exact",
    "dropout_mask",
    lambda s, p, rng: rng.permutation((np.arange(int(np.prod(s))) >= round(p * np.prod(s))) * 1.0).reshape(s),
    named=("an exact share is dropped",),
)
SLIPS.add(
    "mask scaled",
    "dropout_mask",
    lambda s, p, rng: (rng.random(s) >= p) / (1 - p) if p < 1 else np.zeros(slip),
    named=("mask already scaled",),
)
SLIPS.add(
    "mask normal",
    "dropout_mask",
    lambda s, p, rng: (rng.normal(size=s) >= p) * 1.0,
    named=("normal instead of uniform",),
)
SLIPS.add(
    "mask rows",
    "dropout_mask",
    lambda s, p, rng: np.broadcast_to((rng.random(s[-1]) >= p) * 1.0, s).copy(),
    named=("one mask for the whole batch",),
)
SLIPS.add(
    "mask half",
    "dropout_mask",
    lambda s, p, rng: rng.integers(0, 2, s) * 1.0,
    named=("one half instead of p",),
)
SLIPS.add(
    "mask reseeded",
    "dropout_mask.generator",
    lambda s, p, rng: (np.random.default_rng(0).random(s) >= p) * 1.0,
    named=("the same mask on every call",),
)


def applied(slip):
    """Dropout with a given mask."""

    def f(x, mask, p, mode, scaling):
        up = scaling == "upscale_in_train"
        if mode == "train":
            if slip == "scale by p":
                return x * mask / p if up and p > 0 else x * mask
            if slip == "times 1-p":
                return x * mask * (1 - p) if up else x * mask
            if slip == "always up":
                return x * mask / (1 - p) if p < 1 else x * 0
            if slip == "nan at 1":
                with np.errstate(all="ignore"):
                    return x * mask / np.float64(1 - p) if up else x * mask
            if slip == "scalings swapped":
                return x * mask if up else x * mask / (1 - p) if p < 1 else x * 0
            if slip == "mask inverted":
                return x * (1 - mask) / (1 - p) if up and p < 1 else x * (1 - mask)
            if slip == "mean of mask":
                return x * mask / mask.mean() if up and mask.any() else x * mask
            return x * mask / (1 - p) if up and p < 1 else x * mask
        if slip == "test mask":
            return x * mask if up else x * (1 - p) * mask
        if slip == "test times p":
            return x if up else x * p
        if slip == "test swapped":
            return x * (1 - p) if up else x
        if slip == "test divides":
            return x if up else x / (1 - p) if p < 1 else x * 0
        if slip == "test both":
            return x * (1 - p)
        return x if up else x * (1 - p)

    return f


for slip, named in {
    "scale by p": ("p taken for the keep probability",),
    "times 1-p": ("multiplied where it must be divided",),
    "always up": ("scaling ignored while training",),
    "nan at 1": ("0 divided by 0 at p = 1",),
    "scalings swapped": ("scaling modes swapped",),
    "mask inverted": ("mask inverted",),
    "mean of mask": ("scaled by the share that happened to be kept",),
}.items():
    SLIPS.add("apply " + slip, "dropout_apply.train", applied(slip), named=named)
for slip, named in {
    "test mask": ("mask applied at test time",),
    "test times p": ("p taken for the keep probability",),
    "test swapped": ("scaling modes swapped",),
    "test divides": ("divided at test time",),
    "test both": ("scaled again at test time",),
}.items():
    SLIPS.add("apply " + slip, "dropout_apply.test", applied(slip), named=named)


def mask(s, p, rng):
    """A mask."""

    return (rng.random(s) >= p) * 1.0


def layer(slip=None):
    """The layer."""

    def f(x, q):
        p, mode, rng = (q["p"], q["mode"], q["rng"])
        sc = q.get("scaling", "upscale_in_train")
        if slip == "default downscale":
            sc = q.get("scaling", "downscale_in_infer")
        if mode == "test":
            if slip == "drops in test":
                m = mask(x.shape, p, rng)
                return (applied(None)(x, m, p, "train", sc).astype(x.dtype), m)
            return (applied(None)(x, None, p, "test", sc).astype(x.dtype), (None, p, mode, sc))
        m = mask(x.shape, p, rng)
        if slip == "per feature":
            m = np.broadcast_to(mask(x.shape[1:], p, rng), x.shape)
        if slip == "two masks":
            return (
                (x * mask(x.shape, p, rng) * m / (1 - p if p < 1 and sc[0] == "u" else 1)).astype(x.dtype),
                (m, p, mode, sc),
            )
        if slip == "upscale by mean":
            return ((x * m / (m.mean() or 1) if sc[0] == "u" else x * m).astype(x.dtype), (m, p, mode, sc))
        return (applied(None)(x, m, p, mode, sc).astype(x.dtype), (m, p, mode, sc))

    return f


for slip, check, named in (
    ("default downscale", "dropout_forward.train", ("default is the other scaling",)),
    ("per feature", "dropout_forward.train", ("one mask for the whole batch",)),
    ("two masks", "dropout_forward.train", ("dropped twice",)),
    ("upscale by mean", "dropout_forward.train", ("scaled by the share that happened to be kept",)),
    ("drops in test", "dropout_forward.test", ("random at test time",)),
):
    SLIPS.add("fwd " + slip, check, layer(slip), named=named)


def layer_gradient(slip):
    """The layer's gradient."""

    def f(d, c):
        m, p, mode, sc = c
        if slip == "mask only":
            return d * m if mode == "train" else d
        if slip == "no mask":
            return d / (1 - p) if mode == "train" and sc[0] == "u" and (p < 1) else d
        if slip == "scaled twice":
            return (
                d * m / (1 - p) ** 2
                if mode == "train" and sc[0] == "u" and (p < 1)
                else d * m
                if mode == "train"
                else d * (1 if sc[0] == "u" else 1 - p)
            )
        if slip == "test is identity":
            return applied(None)(d, m, p, "train", sc) if mode == "train" else d
        if slip == "test zero":
            return applied(None)(d, m, p, "train", sc) if mode == "train" else d * 0
        if slip == "inverted":
            return (
                applied(None)(d, 1 - m, p, "train", sc)
                if mode == "train"
                else applied(None)(d, m, p, mode, sc)
            )
        if slip == "always scaled":
            return (
                d * m / (1 - p)
                if mode == "train" and p < 1
                else d * 0
                if mode == "train"
                else applied(None)(d, m, p, mode, sc)
            )
        if slip == "divides by p":
            return (
                d * m / p
                if mode == "train" and sc[0] == "u" and (p > 0)
                else applied(None)(d, m, p, mode, sc)
            )
        if slip == "times 1-p":
            return d * m * (1 - p) if mode == "train" and sc[0] == "u" else applied(None)(d, m, p, mode, sc)
        if slip == "test scaled always":
            return applied(None)(d, m, p, mode, sc) if mode == "train" else d * (1 - p)
        if slip == "new mask":
            return (
                applied(None)(d, (np.random.default_rng().random(d.shape) >= p) * 1.0, p, "train", sc)
                if mode == "train"
                else applied(None)(d, m, p, mode, sc)
            )

    return f


for slip, named in {
    "mask only": ("gradient without the scale", "test-time scale missing in the gradient"),
    "no mask": ("gradient without the mask", "test-time scale missing in the gradient"),
    "scaled twice": ("scaled twice",),
    "test is identity": ("test-time scale missing in the gradient",),
    "test zero": ("no gradient at test time",),
    "inverted": ("mask inverted",),
    "always scaled": ("scaling ignored while training",),
    "divides by p": ("p taken for the keep probability",),
    "times 1-p": ("multiplied where it must be divided",),
    "test scaled always": ("scaled again at test time",),
    "new mask": ("mask drawn anew for the gradient",),
}.items():
    SLIPS.add("bwd " + slip, "dropout_backward", layer(), layer_gradient(slip), named=named)


def layer_keeping_out(x, q):
    """The layer, its output kept for the gradient."""

    o, c = layer()(x, q)
    return (o, (x, o))


SLIPS.add(
    "bwd out nonzero",
    "dropout_backward",
    layer_keeping_out,
    lambda d, c: d * (c[1] != 0),
    named=(
        "gradient without the scale",
        "test-time scale missing in the gradient",
        "mask read from the output",
    ),
)
SLIPS.add(
    "bwd forward keeps p, backward consistent",
    "dropout_backward",
    lambda x, q: (
        lambda m: (
            (x * m / (q["p"] or 1) if q.get("scaling", "u")[0] == "u" else x * m).astype(x.dtype)
            if q["mode"] == "train"
            else applied(None)(x, None, q["p"], "test", q.get("scaling", "upscale_in_train")),
            (m, q["p"], q["mode"], q.get("scaling", "upscale_in_train")),
        )
    )((q["rng"].random(x.shape) < q["p"]) * 1.0),
    lambda d, c: (
        d * c[0] / (c[1] or 1)
        if c[2] == "train" and c[3][0] == "u"
        else d * c[0]
        if c[2] == "train"
        else applied(None)(d, None, *c[1:])
    ),
    named=("gradient of a forward pass that is wrong",),
)
