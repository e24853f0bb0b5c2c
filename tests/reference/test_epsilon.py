"""Epsilon is what was asked for, to the last digits, although Paddle's ops keep it in float32."""

import numpy as np
import pytest

from course.reference import batch_norm, batch_norm_net, normalizers
from course.reference.epsilon import held

EPSILONS = [1e-3, 1e-5, 3e-4]
CLOSE = {"rtol": 1e-12, "atol": 1e-13}


def small(shape):
    """Values whose variance is far below every epsilon, where its rounding shows most; and a gradient."""
    rng = np.random.default_rng(3)
    return 1e-4 * rng.normal(size=shape), rng.normal(size=shape)


def normalised(x, axes, eps):
    centred = x - x.mean(axis=axes, keepdims=True)
    return centred / np.sqrt((centred**2).mean(axis=axes, keepdims=True) + eps)


def slope(x, dout, axis, eps):
    """The gradient of sum(dout * normalised(x))."""
    x_hat = normalised(x, axis, eps)
    std = np.sqrt(x.var(axis=axis, keepdims=True) + eps)
    along = dout.mean(axis=axis, keepdims=True) + x_hat * (dout * x_hat).mean(axis=axis, keepdims=True)
    return (dout - along) / std


@pytest.mark.parametrize("eps", [*EPSILONS, 0.0, 1e-50, 2.0**-10, 0.5, 3.0])
def test_what_is_asked_with_is_no_larger_and_its_factor_makes_up_for_it(eps):
    near, factor = held(eps)
    assert near == float(np.float32(near)) <= eps
    assert (near, factor) == (eps, 1.0) or near == pytest.approx(factor**2 * eps, rel=1e-15) or near == 0
    assert factor == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("eps", EPSILONS)
def test_batch_norm_both_ways(eps):
    x, dout = small((4, 3))
    gamma, beta, wanted = np.ones(3), np.zeros(3), normalised(x, 0, eps)
    mean, var = np.array([0.3, -0.2, 0.1]), np.array([1.5, 0.5, 2.0])
    step = batch_norm.batch_norm_train(x, gamma, beta, mean, var, eps, momentum=0.5)
    np.testing.assert_allclose(step["out"], wanted, **CLOSE)
    np.testing.assert_allclose(step["running_mean"], (mean + x.mean(axis=0)) / 2, **CLOSE)
    np.testing.assert_allclose(step["running_var"], (var + x.var(axis=0)) / 2, **CLOSE)
    served = batch_norm.batch_norm_eval(x, gamma, beta, x.mean(axis=0), x.var(axis=0), eps)
    np.testing.assert_allclose(served, wanted, **CLOSE)
    found = batch_norm.batch_norm_gradients(x, gamma, beta, dout, eps)
    np.testing.assert_allclose(found["dx"], slope(x, dout, 0, eps), **CLOSE)
    np.testing.assert_allclose(found["dgamma"], (dout * wanted).sum(axis=0), **CLOSE)


@pytest.mark.parametrize("eps", EPSILONS)
def test_the_block(eps):
    x, dout = small((4, 3))
    w, ones, zeros = np.eye(3), np.ones(3), np.zeros(3)
    found = batch_norm_net.affine_bn_relu(x, w, zeros, ones, zeros, ones, ones, dout, eps, momentum=0.5)
    wanted = normalised(x, 0, eps)
    np.testing.assert_allclose(found["out"], np.maximum(wanted, 0), **CLOSE)
    np.testing.assert_allclose(found["dx"], slope(x, dout * (wanted > 0), 0, eps), **CLOSE)
    np.testing.assert_allclose(found["dw"], x.T @ slope(x, dout * (wanted > 0), 0, eps), **CLOSE)
    np.testing.assert_allclose(found["running_mean"], (1 + x.mean(axis=0)) / 2, **CLOSE)


@pytest.mark.parametrize("eps", EPSILONS)
def test_layer_group_and_instance_norm(eps):
    x, dout = small((3, 4))
    ones, zeros = np.ones(4), np.zeros(4)
    np.testing.assert_allclose(normalizers.layer_norm(x, ones, zeros, eps), normalised(x, 1, eps), **CLOSE)
    found = normalizers.layer_norm_gradients(x, ones, zeros, dout, eps)
    np.testing.assert_allclose(found["dx"], slope(x, dout, 1, eps), **CLOSE)
    images, arriving = small((2, 4, 3, 5))
    for groups in (4, 1):
        parts = normalised(images.reshape(2, groups, -1), 2, eps).reshape(images.shape)
        got = normalizers.group_norm(images, ones, zeros, groups, eps)
        np.testing.assert_allclose(got, parts, **CLOSE)
        grouped = (a.reshape(2, groups, -1) for a in (images, arriving))
        got = normalizers.group_norm_gradients(images, ones, zeros, groups, arriving, eps)["dx"]
        np.testing.assert_allclose(got, slope(*grouped, 2, eps).reshape(images.shape), **CLOSE)
    np.testing.assert_allclose(
        normalizers.instance_norm(images, ones, zeros, eps), normalised(images, (2, 3), eps), **CLOSE
    )
