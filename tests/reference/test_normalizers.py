"""Layer, group and instance norm by Paddle: against the formula in numpy, and gradients at every index."""

from collections.abc import Callable

import numpy as np
import pytest

from course.reference import normalizers as nz

EPS = 7e-4


def normalized(x: np.ndarray, axes: tuple[int, ...], eps: float) -> np.ndarray:
    centred = x - x.mean(axis=axes, keepdims=True)
    return centred / np.sqrt((centred**2).mean(axis=axes, keepdims=True) + eps)


def by_channel(v: np.ndarray, rank: int) -> np.ndarray:
    return v.reshape((1, -1) + (1,) * (rank - 2))


def layer_truth(x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, eps: float = EPS) -> np.ndarray:
    return gamma * normalized(x, (x.ndim - 1,), eps) + beta


def group_truth(
    x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, groups: int, eps: float = EPS
) -> np.ndarray:
    parts = [normalized(p, tuple(range(1, x.ndim)), eps) for p in np.split(x, groups, axis=1)]
    return by_channel(gamma, x.ndim) * np.concatenate(parts, axis=1) + by_channel(beta, x.ndim)


def numeric_gradient(f: Callable[[], float], at: np.ndarray, step: float = 1e-6) -> np.ndarray:
    gradient = np.empty_like(at)
    for index in np.ndindex(at.shape):
        value = at[index]
        at[index] = value + step
        above = f()
        at[index] = value - step
        below = f()
        at[index] = value
        gradient[index] = (above - below) / (2 * step)
    return gradient


def drawn(shape: tuple[int, ...], features: int, seed: int = 0) -> list[np.ndarray]:
    r = np.random.default_rng(seed)
    return [
        r.normal(0.7, 1.6, shape),
        r.uniform(1.3, 2, features),
        r.uniform(0.4, 1, features),
        r.normal(size=shape),
    ]


LAYER_SHAPES = [(4, 6), (3, 5, 7), (1, 4), (2, 3, 4, 5)]
GROUP_CASES = [((3, 6, 4, 5), g) for g in (1, 2, 3, 6)] + [((4, 6), 3), ((2, 4, 5), 2), ((1, 8, 2, 3), 4)]


@pytest.mark.parametrize("shape", LAYER_SHAPES)
def test_layer_norm_is_the_formula(shape: tuple[int, ...]) -> None:
    x, gamma, beta, _ = drawn(shape, shape[-1])
    np.testing.assert_allclose(
        nz.layer_norm(x, gamma, beta, EPS), layer_truth(x, gamma, beta), rtol=1e-8, atol=1e-9
    )


@pytest.mark.parametrize("shape", LAYER_SHAPES)
def test_layer_norm_gradients_are_the_numeric_ones(shape: tuple[int, ...]) -> None:
    x, gamma, beta, dout = drawn(shape, shape[-1], seed=1)
    found = nz.layer_norm_gradients(x, gamma, beta, dout, EPS)
    for name, leaf in (("dx", x), ("dgamma", gamma), ("dbeta", beta)):
        numeric = numeric_gradient(lambda: float(np.sum(dout * layer_truth(x, gamma, beta))), leaf)
        np.testing.assert_allclose(found[name], numeric, rtol=1e-6, atol=1e-7, err_msg=name)


@pytest.mark.parametrize(("shape", "groups"), GROUP_CASES)
def test_group_norm_is_the_formula(shape: tuple[int, ...], groups: int) -> None:
    x, gamma, beta, _ = drawn(shape, shape[1])
    found = nz.group_norm(x, gamma, beta, groups, EPS)
    np.testing.assert_allclose(found, group_truth(x, gamma, beta, groups), rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize(("shape", "groups"), GROUP_CASES)
def test_group_norm_gradients_are_the_numeric_ones(shape: tuple[int, ...], groups: int) -> None:
    x, gamma, beta, dout = drawn(shape, shape[1], seed=1)
    found = nz.group_norm_gradients(x, gamma, beta, groups, dout, EPS)
    for name, leaf in (("dx", x), ("dgamma", gamma), ("dbeta", beta)):
        numeric = numeric_gradient(lambda: float(np.sum(dout * group_truth(x, gamma, beta, groups))), leaf)
        np.testing.assert_allclose(found[name], numeric, rtol=1e-6, atol=1e-7, err_msg=name)


@pytest.mark.parametrize("name", ["layer", "group"])
def test_gradients_are_the_numeric_ones_where_gamma_is_0(name: str) -> None:
    """x_hat can't be got back from the output there, which is how Paddle's group norm does it on the CPU."""
    x, gamma, beta, dout = drawn((3, 6), 6, seed=2)
    gamma[1] = 0.0
    if name == "layer":
        found = nz.layer_norm_gradients(x, gamma, beta, dout, EPS)
    else:
        found = nz.group_norm_gradients(x, gamma, beta, 2, dout, EPS)

    def summed() -> float:
        out = layer_truth(x, gamma, beta) if name == "layer" else group_truth(x, gamma, beta, 2)
        return float(np.sum(dout * out))

    for leaf_name, leaf in (("dx", x), ("dgamma", gamma), ("dbeta", beta)):
        np.testing.assert_allclose(found[leaf_name], numeric_gradient(summed, leaf), rtol=1e-6, atol=1e-7)


def test_as_many_groups_as_channels_is_instance_norm() -> None:
    x, gamma, beta, _ = drawn((3, 6, 4, 5), 6)
    found = nz.group_norm(x, gamma, beta, 6, EPS)
    np.testing.assert_allclose(found, nz.instance_norm(x, gamma, beta, EPS), rtol=1e-8, atol=1e-9)


def test_one_group_on_a_matrix_is_layer_norm() -> None:
    x, gamma, beta, _ = drawn((5, 6), 6)
    found = nz.group_norm(x, gamma, beta, 1, EPS)
    np.testing.assert_allclose(found, nz.layer_norm(x, gamma, beta, EPS), rtol=1e-8, atol=1e-9)


def test_group_norm_keeps_a_small_spread_beside_a_large_mean() -> None:
    x, gamma, beta, _ = drawn((2, 4, 5, 6), 4)
    x = 1e3 + 0.01 * x
    found = nz.group_norm(x, gamma, beta, 2, 1e-5)
    np.testing.assert_allclose(found, group_truth(x, gamma, beta, 2, 1e-5), rtol=1e-3, atol=1e-3)
