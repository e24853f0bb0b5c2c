"""Backward passes that are right once and leave their cache as it was not: asked again, they give something else."""

import copy

import numpy as np

from course.autograder.checks import find_check
from course.autograder.judging.answers import functions_of
from tests.judging.slips import Slips

SLIPS = Slips()

BACKWARD = (
    "batchnorm_backward", "batchnorm_backward_alt", "spatial_batchnorm_backward", "affine_bn_relu_backward",
    "affine_relu_dropout", "conv_backward_naive", "max_pool_backward", "layernorm_backward", "groupnorm_backward",
    "batch_renorm_backward",
)  # fmt: skip


def arrays_in(value):
    """Every array of floats that a cache holds, at any depth."""
    if isinstance(value, np.ndarray):
        return [value] if value.dtype.kind == "f" else []
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, (tuple, list)) else ()
    return [array for part in parts for array in arrays_in(part)]


def with_cache(forward, wrap):
    """The forward pass, with a copy of its cache in something else."""

    def kept(*given):
        out, cache = forward(*given)
        return out, wrap(copy.deepcopy(cache))

    return kept


def worked_on(backward):
    """What is in the cache serves as room for intermediate results."""

    def asked(dout, cache):
        found = backward(dout, cache[0])
        for array in arrays_in(cache[0]):
            np.negative(array, out=array)
        return found

    return asked


def taken_out(backward):
    """The cache is popped from a list, as from a stack of layers."""
    return lambda dout, cache: backward(dout, cache.pop())


def added_up(backward):
    """The sums are begun in the forward pass, and go on."""

    def asked(dout, cache):
        found = backward(dout, cache[0])
        found = found if isinstance(found, tuple) else (found,)
        cache += [0] * (len(found) + 1 - len(cache))
        cache[1:] = [so_far + one for so_far, one in zip(cache[1:], found, strict=True)]
        return tuple(np.array(one) for one in cache[1:]) if len(found) > 1 else np.array(cache[1])

    return asked


for _check in BACKWARD:
    _functions = functions_of(find_check(_check).assignment)
    _forward, _backward = (_functions[name] for name in find_check(_check).functions)
    for _slip in (worked_on, taken_out, added_up):
        SLIPS.add(
            f"cache {_slip.__name__.replace('_', ' ')}",
            _check,
            with_cache(_forward, lambda cache: [cache]),
            _slip(_backward),
            named=("the cache is used up",),
        )


def epsilon_added_in_the_cache(dout, cache):
    """The closed form; the variance in the cache grows by epsilon each time."""
    _, _, var, eps, x_hat, gamma = cache
    dbeta, dgamma = dout.sum(axis=0), (dout * x_hat).sum(axis=0)
    var += eps
    return gamma / np.sqrt(var) * (dout - (dbeta + x_hat * dgamma) / len(dout)), dgamma, dbeta


SLIPS.add(
    "epsilon added to the cached variance",
    "batchnorm_backward_alt",
    functions_of("ps1_batchnorm")["batchnorm_forward"],
    epsilon_added_in_the_cache,
    named=("the cache is used up",),
)
