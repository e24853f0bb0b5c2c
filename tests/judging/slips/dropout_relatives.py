"""Slips in whole channels, connections, conversion, Monte Carlo and a block with dropout."""

import numpy as np

from tests.judging.slips import Slips
from tests.judging.slips.dropout import applied, layer, mask

SLIPS = Slips()


SLIPS.add(
    "conv w wrong way",
    "convert_weights",
    lambda w, p, a, b: w if a == b else w * (1 - p) if a[0] == "u" else w / (1 - p),
    named=("converted the wrong way round",),
)
SLIPS.add(
    "conv w by p",
    "convert_weights",
    lambda w, p, a, b: w if a == b else w / p if a[0] == "u" and p > 0 else w * p if a[0] == "d" else w,
    named=("p taken for the keep probability",),
)
SLIPS.add(
    "conv w ignore same",
    "convert_weights",
    lambda w, p, a, b: w / (1 - p) if a[0] == "u" else w * (1 - p),
    named=("converted between equal conventions",),
)


def shared(slip):
    """Dropout whose values share draws."""

    def f(x, q):
        ax = q.get("axis", (0, 1))
        p, rng = (q["p"], q["rng"])
        sc = q.get("scaling", "upscale_in_train")
        sh = [s if i in ax else 1 for i, s in enumerate(x.shape)]
        if slip == "complement":
            sh = [1 if i in ax else s for i, s in enumerate(x.shape)]
        if slip == "ordinary":
            sh = x.shape
        if slip == "default channel":
            sh = [s if i in q.get("axis", (1,)) else 1 for i, s in enumerate(x.shape)]
        if slip == "axis ignored":
            sh = [s if i in (0, 1) else 1 for i, s in enumerate(x.shape)]
        m = mask(tuple(sh), p, rng)
        if slip == "channels zero together":
            pass
        if slip == "no scaling":
            return x * m if q["mode"] == "train" else x
        return applied(None)(x, m, p, q["mode"], sc)

    return f


for slip, named in {
    "complement": ("axis taken for the axes that share",),
    "ordinary": ("every value has its own draw",),
    "default channel": ("one mask for the whole batch",),
    "axis ignored": ("axis ignored",),
    "no scaling": ("not scaled while training", "not scaled at test time"),
}.items():
    SLIPS.add("spatial " + slip, "spatial_dropout_forward", shared(slip), named=named)


def connections(slip):
    """DropConnect."""

    def f(x, w, b, q):
        p, rng = (q["p"], q["rng"])
        sc = q.get("scaling", "upscale_in_train")
        N = len(x)
        if q["mode"] == "test":
            k = 1 if sc[0] == "u" else 1 - p
            if slip == "test bias unscaled":
                return x @ w * k + b
            return x @ (w * k) + b * k
        k = 1 / (1 - p) if sc[0] == "u" and p < 1 else 1
        if slip == "one mask":
            return x @ (w * mask(w.shape, p, rng) * k) + b * mask(b.shape, p, rng) * k
        if slip == "bias kept":
            return np.einsum("nd,ndm->nm", x, w * mask((N, *w.shape), p, rng) * k) + b
        if slip == "inputs dropped":
            return x * mask(x.shape, p, rng) * k @ w + b
        if slip == "bias one mask":
            return (
                np.einsum("nd,ndm->nm", x, w * mask((N, *w.shape), p, rng) * k)
                + b * mask(b.shape, p, rng) * k
            )
        if slip == "out dropped":
            return (x @ w + b) * mask((N, len(b)), p, rng) * k
        return (
            np.einsum("nd,ndm->nm", x, w * mask((N, *w.shape), p, rng) * k)
            + b * mask((N, len(b)), p, rng) * k
        )

    return f


for slip, named in {
    "one mask": ("one mask for the whole batch",),
    "bias kept": ("bias kept",),
    "inputs dropped": ("bias kept", "inputs dropped"),
    "bias one mask": ("one mask of the biases for the whole batch",),
    "out dropped": ("outputs dropped",),
    "test bias unscaled": ("bias not scaled at test time",),
}.items():
    SLIPS.add("dconn " + slip, "dropconnect_forward", connections(slip), named=named)
SLIPS.add(
    "mc ddof",
    "mc_dropout",
    lambda pr, x, n, rng: (lambda a: (a.mean(0), a.std(0, ddof=1) if n > 1 else a.std(0)))(
        np.stack([pr(x, rng) for _ in range(n)])
    ),
    named=("unbiased standard deviation",),
)
SLIPS.add(
    "mc var",
    "mc_dropout",
    lambda pr, x, n, rng: (lambda a: (a.mean(0), a.var(0)))(np.stack([pr(x, rng) for _ in range(n)])),
    named=("variance for standard deviation",),
)
SLIPS.add(
    "mc one call",
    "mc_dropout",
    lambda pr, x, n, rng: (lambda a: (a.mean(0), a.std(0)))(np.stack([pr(x, rng)] * n)),
    named=("one prediction only",),
)
SLIPS.add(
    "mc sem",
    "mc_dropout",
    lambda pr, x, n, rng: (lambda a: (a.mean(0), a.std(0) / np.sqrt(n)))(
        np.stack([pr(x, rng) for _ in range(n)])
    ),
    named=("standard error for standard deviation",),
)


def hidden(x, w, b, q):
    """Affine, ReLU, dropout."""

    z = x @ w + b
    o, c = layer()(np.maximum(z, 0), q)
    return (o, (x, w, z, c))


def hidden_gradients(slip):
    """Back through the three."""

    def f(d, c):
        x, w, z, dc_ = c
        dz = applied(None)(d, *dc_)
        if slip == "no relu":
            pass
        elif slip == "dropout skipped":
            dz = d * (z > 0)
        else:
            dz = dz * (z > 0)
        if slip == "db mean":
            return (dz @ w.T, x.T @ dz, dz.mean(0))
        return (dz @ w.T, x.T @ dz, dz.sum(0))

    return f


for slip, named in {
    "no relu": ("ReLU forgotten in the gradient",),
    "dropout skipped": ("dropout forgotten in the gradient",),
    "db mean": ("bias gradient averaged",),
}.items():
    SLIPS.add("block " + slip, "affine_relu_dropout", hidden, hidden_gradients(slip), named=named)


def inputs_dropped(x, w, b, q):
    """Dropout first."""

    o, c = layer()(x, q)
    z = o @ w + b
    return (np.maximum(z, 0), (o, w, z, c))


SLIPS.add(
    "block dropout on input",
    "affine_relu_dropout",
    inputs_dropped,
    lambda d, c: (
        applied(None)(d * (c[2] > 0) @ c[1].T, *c[3]),
        c[0].T @ (d * (c[2] > 0)),
        (d * (c[2] > 0)).sum(0),
    ),
    named=("dropout before the affine map",),
)
