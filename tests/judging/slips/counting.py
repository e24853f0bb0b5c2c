"""Slips in shapes, counts, receptive fields and windows as columns."""

import numpy as np

from tests.judging.slips import Slips
from tests.judging.slips.convolution import convolved, sliding

SLIPS = Slips()


def columns(slip):
    """Windows as columns."""

    def f(x, kh, kw, s, p):
        xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
        v = sliding(xp, (kh, kw), (2, 3))[:, :, ::s, ::s]
        n, c, r, k = v.shape[:4]
        if slip == "channel last":
            return v.transpose(0, 4, 5, 1, 2, 3).reshape(n, -1, r * k)
        if slip == "windows first":
            return v.transpose(0, 2, 3, 1, 4, 5).reshape(n, r * k, -1)
        if slip == "columns by column":
            return v.transpose(0, 1, 4, 5, 3, 2).reshape(n, -1, r * k)
        if slip == "taps by column":
            return v.transpose(0, 1, 5, 4, 2, 3).reshape(n, -1, r * k)
        if slip == "plain reshape":
            return v.reshape(n, -1, r * k)
        if slip == "samples in columns":
            return v.transpose(1, 4, 5, 0, 2, 3).reshape(c * kh * kw, -1)

    return f


for slip, named in {
    "channel last": ("channels inside the taps",),
    "windows first": ("rows and columns swapped",),
    "columns by column": ("windows column by column",),
    "taps by column": ("taps column by column",),
    "plain reshape": ("reshaped without moving the taps",),
    "samples in columns": ("samples one after the other in one matrix",),
}.items():
    SLIPS.add("im2col " + slip, "im2col", columns(slip), named=named)


def pair(v):
    """A pair."""

    return (v, v) if isinstance(v, int) else tuple(v)


def output_shape(slip):
    """A convolution's output shape."""

    def f(i, w, stride=1, padding=0, dilation=1, groups=1):
        s, p, d = (pair(stride), pair(padding), pair(dilation))
        o = []
        for a in range(2):
            n, k = (i[2 + a], w[2 + a])
            e = d[a] * (k - 1) + 1
            if slip == "dk":
                e = d[a] * k
            if slip == "dilation off":
                e = k
            if slip == "k+d":
                e = k + (d[a] - 1)
            t = 2 * p[a]
            if slip == "pad once":
                t = p[a]
            v = (n + t - e) / s[a] + 1
            if slip == "round":
                v = round(v)
            elif slip == "ceil":
                v = int(np.ceil(v))
            elif slip == "float":
                v = v
            elif slip == "plus one inside":
                v = (n + t - e + 1) // s[a]
            else:
                v = int(v // 1)
            o.append(v)
        c = w[0]
        if slip == "groups out":
            c = w[0] // groups
        if slip == "out=in":
            c = i[1]
        return (i[0], c, *(o[::-1] if slip == "hw" else o))

    return f


for slip, named in {
    "dk": ("dilation times the kernel",),
    "dilation off": ("dilation ignored",),
    "k+d": ("dilation added to the kernel",),
    "pad once": ("padding counted once",),
    "round": ("rounded to the nearest",),
    "ceil": ("rounded up",),
    "plus one inside": ("plus one inside the division",),
    "groups out": ("output channels divided by the groups",),
    "out=in": ("input channels in the output",),
    "hw": ("height and width swapped",),
}.items():
    SLIPS.add("shape " + slip, "conv2d_output_shape", output_shape(slip), named=named)
SLIPS.add(
    "params no groups",
    "conv2d_parameters",
    lambda i, o, k, groups=1, bias=True: o * i * pair(k)[0] * pair(k)[1] + (o if bias else 0),
    named=("groups ignored",),
)
SLIPS.add(
    "params bias in",
    "conv2d_parameters",
    lambda i, o, k, groups=1, bias=True: o * (i // groups) * pair(k)[0] * pair(k)[1] + (i if bias else 0),
    named=("a bias for each input channel",),
)
SLIPS.add(
    "params bias 1",
    "conv2d_parameters",
    lambda i, o, k, groups=1, bias=True: o * (i // groups) * pair(k)[0] * pair(k)[1] + (1 if bias else 0),
    named=("one bias for the whole layer",),
)
SLIPS.add(
    "params groups both",
    "conv2d_parameters",
    lambda i, o, k, groups=1, bias=True: (
        o // groups * (i // groups) * pair(k)[0] * pair(k)[1] + (o if bias else 0)
    ),
    named=("groups divide the output channels too",),
)


def operations(slip):
    """Multiplications and additions."""

    def f(i, w, stride=1, padding=0, dilation=1, groups=1, bias=True):
        n, o, h, v = output_shape(None)(i, w, stride, padding, dilation, groups)
        size = n * o * h * v
        taps = w[1] * w[2] * w[3]
        if slip == "no batch":
            size = o * h * v
        if slip == "in channels":
            taps = i[1] * w[2] * w[3]
        if slip == "no channels":
            taps = w[2] * w[3]
        m = size * taps
        a = size * (taps - 1) + (size if bias else 0)
        if slip == "add=mul":
            a = m
        if slip == "no minus":
            a = m + (size if bias else 0)
        if slip == "bias once":
            a = size * (taps - 1) + (o if bias else 0)
        if slip == "input positions":
            m = i[0] * o * i[2] * i[3] * taps
        if slip == "bias mult":
            m = m + (size if bias else 0)
        return (m, a)

    return f


for slip, named in {
    "no batch": ("batch forgotten",),
    "in channels": ("groups ignored",),
    "no channels": ("input channels forgotten",),
    "add=mul": ("as many additions as products",),
    "no minus": ("one addition more with a bias",),
    "bias once": ("bias added once for each channel",),
    "input positions": ("multiplied at every input value",),
    "bias mult": ("a bias multiplied",),
}.items():
    SLIPS.add("ops " + slip, "conv2d_operations", operations(slip), named=named)


def field(slip):
    """The receptive field."""

    def f(layers):
        fl, st = ([1, 1], [1, 1])
        for l in layers:
            if "kernel_size" not in l:
                continue
            k, d = (pair(l["kernel_size"]), pair(l.get("dilation", 1)))
            s = pair(l.get("stride", k if l["type"] == "max_pool2d" else 1))
            if slip == "pool stride 1":
                s = pair(l.get("stride", 1))
            for a in range(2):
                if slip == "own stride":
                    st[a] *= s[a]
                e = d[a] * (k[a] - 1)
                if slip == "no dilation":
                    e = k[a] - 1
                if slip == "k":
                    e = k[a]
                if slip == "sum strides":
                    fl[a] += e * st[a]
                    st[a] += s[a] - 1
                    continue
                fl[a] += e * (st[a] if slip != "no step" else 1)
                if slip != "own stride":
                    st[a] *= s[a]
        return tuple(fl[::-1] if slip == "wh" else fl)

    return f


for slip, named in {
    "pool stride 1": ("stride 1 where a pooling layer names none",),
    "own stride": ("a layer's own stride counted for itself",),
    "no dilation": ("dilation ignored",),
    "k": ("kernel instead of kernel less one",),
    "sum strides": ("strides added, not multiplied",),
    "no step": ("strides ignored",),
    "wh": ("height and width swapped",),
}.items():
    SLIPS.add("field " + slip, "receptive_field", field(slip), named=named)


def one_product(slip):
    """The convolution as one product."""

    def f(x, w, b, q):
        o, c = convolved()(x, w, b, q)
        kh, kw = w.shape[2:]
        s, p = (q["stride"], q["pad"])
        xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
        v = sliding(xp, (kh, kw), (2, 3))[:, :, ::s, ::s]
        n, cc, r, k = v.shape[:4]
        col = v.transpose(0, 1, 4, 5, 2, 3).reshape(n, -1, r * k)
        if slip == "weights transposed":
            W2 = w.transpose(0, 2, 3, 1).reshape(len(w), -1)
            out = W2 @ col + b[:, None]
            return (out.reshape(o.shape), c)
        if slip == "out reshaped wrong":
            out = w.reshape(len(w), -1) @ col + b[:, None]
            return (out.transpose(0, 2, 1).reshape(n, r, k, -1).reshape(o.shape), c)
        if slip == "hw":
            out = w.reshape(len(w), -1) @ col + b[:, None]
            return (out.reshape(n, len(w), k, r).transpose(0, 1, 3, 2), c)
        if slip == "no bias":
            return ((w.reshape(len(w), -1) @ col).reshape(o.shape), c)
        if slip == "big matrix":
            big = col.transpose(1, 0, 2).reshape(col.shape[1], -1)
            return ((w.reshape(len(w), -1) @ big + b[:, None]).reshape(o.shape), c)

    return f


for slip, named in {
    "weights transposed": ("channels moved last in the weight",),
    "out reshaped wrong": ("windows and channels mixed by a reshape",),
    "hw": ("columns folded back as width by height",),
    "no bias": ("bias forgotten",),
    "big matrix": ("samples and channels mixed by a reshape",),
}.items():
    SLIPS.add("convcol " + slip, "conv_forward_im2col", one_product(slip), named=named)
