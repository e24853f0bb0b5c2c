"""The references against an independent numpy truth and against slopes measured in float64."""

import numpy as np
import pytest

from course.reference import batch_norm, batch_norm_net

EPS = 1e-5
SHAPES = [(7, 5), (4, 3, 6), (2, 3, 4, 5)]


def truth(x, gamma, beta, eps=EPS):
    """Algorithm 1 of arXiv 1502.03167, written out."""
    axes = tuple(a for a in range(x.ndim) if a != 1)
    shape = (1, -1) + (1,) * (x.ndim - 2)
    mu = x.mean(axis=axes, keepdims=True)
    sigma2 = np.mean((x - mu) ** 2, axis=axes, keepdims=True)
    out = gamma.reshape(shape) * (x - mu) / np.sqrt(sigma2 + eps) + beta.reshape(shape)
    return out, mu.ravel(), sigma2.ravel()


def drawn(shape, seed=0, sd=1.0):
    rng = np.random.default_rng(seed)
    c = shape[1]
    return sd * rng.normal(size=shape), rng.uniform(0.5, 2, c), rng.normal(size=c), rng.normal(size=shape)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("sd", [1.0, 0.01])
def test_train_forward_and_running_statistics(shape, sd):
    x, gamma, beta, _ = drawn(shape, sd=sd)
    old_mean, old_var = np.full(shape[1], 0.3), np.full(shape[1], 1.7)
    got = batch_norm.batch_norm_train(x, gamma, beta, old_mean, old_var, momentum=0.75)
    out, mu, sigma2 = truth(x, gamma, beta)
    np.testing.assert_allclose(got["out"], out, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(got["running_mean"], 0.75 * old_mean + 0.25 * mu, atol=1e-7)
    np.testing.assert_allclose(got["running_var"], 0.75 * old_var + 0.25 * sigma2, atol=1e-7)


@pytest.mark.parametrize("shape", SHAPES)
def test_eval_forward(shape):
    x, gamma, beta, _ = drawn(shape)
    mean, var = np.linspace(-1, 1, shape[1]), np.linspace(0.5, 2, shape[1])
    by_feature = (1, -1) + (1,) * (len(shape) - 2)
    wanted = (
        gamma.reshape(by_feature) * (x - mean.reshape(by_feature)) / np.sqrt(var.reshape(by_feature) + EPS)
    )
    got = batch_norm.batch_norm_eval(x, gamma, beta, mean, var)
    np.testing.assert_allclose(got, wanted + beta.reshape(by_feature), rtol=1e-9, atol=1e-9)


def slope(f, x, h=1e-6):
    grad = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[index] += h
        down[index] -= h
        grad[index] = (f(up) - f(down)) / (2 * h)
    return grad


@pytest.mark.parametrize("shape", SHAPES)
def test_gradients_are_slopes_at_every_index(shape):
    x, gamma, beta, dout = drawn(shape, seed=1)
    got = batch_norm.batch_norm_gradients(x, gamma, beta, dout)
    np.testing.assert_allclose(
        got["dx"], slope(lambda v: np.sum(dout * truth(v, gamma, beta)[0]), x), atol=1e-7
    )
    np.testing.assert_allclose(
        got["dgamma"], slope(lambda v: np.sum(dout * truth(x, v, beta)[0]), gamma), atol=1e-7
    )
    np.testing.assert_allclose(
        got["dbeta"], slope(lambda v: np.sum(dout * truth(x, gamma, v)[0]), beta), atol=1e-7
    )


def test_moments_biased_and_unbiased():
    x = drawn((6, 4))[0]
    np.testing.assert_allclose(batch_norm.batch_moments(x)["var"], x.var(axis=0), rtol=1e-12)
    np.testing.assert_allclose(
        batch_norm.batch_moments(x, unbiased=True)["var"], x.var(axis=0, ddof=1), rtol=1e-12
    )


def convolve(x, weight, bias):
    windows = np.lib.stride_tricks.sliding_window_view(x, weight.shape[2:], axis=(2, 3))
    return np.einsum("nchwij,ocij->nohw", windows, weight) + bias[:, None, None]


def test_a_folded_convolution_gives_what_both_gave():
    rng = np.random.default_rng(2)
    x, weight, bias = rng.normal(size=(2, 3, 6, 5)), rng.normal(size=(4, 3, 2, 3)), rng.normal(size=4)
    gamma, beta, mean, var = (
        rng.normal(size=4),
        rng.normal(size=4),
        rng.normal(size=4),
        rng.uniform(0.5, 2, 4),
    )
    both = batch_norm.batch_norm_eval(convolve(x, weight, bias), gamma, beta, mean, var)
    folded = batch_norm.fold_batch_norm(weight, bias, gamma, beta, mean, var)
    np.testing.assert_allclose(convolve(x, folded["weight"], folded["bias"]), both, rtol=1e-9, atol=1e-9)


def numpy_net(x, y, params):
    h = x
    for k in range(1, 6):
        z, *_ = truth(h @ params[f"W{k}"] + params[f"b{k}"], params[f"gamma{k}"], params[f"beta{k}"])
        h = np.maximum(z, 0)
    scores = h @ params["W6"] + params["b6"]
    shifted = scores - scores.max(axis=1, keepdims=True)
    return float(np.mean(np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(len(y)), y]))


def test_six_layer_loss_and_gradients_are_slopes():
    from course.autograder.checks import find_check
    from course.autograder.judging import question

    inputs = question(find_check("six_layer_net").name, 0, 11).values
    x, y, params = inputs["x"], inputs["y"], inputs["params"]
    got = batch_norm_net.six_layer_loss(x, y, params)
    assert got["loss"] == pytest.approx(numpy_net(x, y, params), abs=1e-9)
    for name in params:
        numeric = slope(lambda v, name=name: numpy_net(x, y, {**params, name: v}), params[name])
        np.testing.assert_allclose(got[name], numeric, atol=2e-7, err_msg=name)


def test_what_is_particular_to_paddle_is_still_so():
    """Traps that the references step around; a new version of Paddle that mends one shows here."""
    paddle, F = batch_norm.paddle, batch_norm.F
    one = paddle.to_tensor(np.array([[3.0, -2.0]]))
    state = [paddle.to_tensor(np.array(v)) for v in ([0.0, 0.0], [1.0, 1.0])]
    gamma, beta = paddle.to_tensor(np.array([2.0, 2.0])), paddle.to_tensor(np.array([1.0, 1.0]))
    out = F.batch_norm(one, *state, gamma, beta, training=True)
    np.testing.assert_array_equal(out.numpy(), one.numpy())  # a single value per feature passes as it is
    np.testing.assert_array_equal(state[1].numpy(), [1.0, 1.0])


@pytest.mark.parametrize("shape", [(0, 3), (4,), (2, 3, 4, 5)])
@pytest.mark.parametrize("gradient", [False, True])
def test_a_tensor_is_a_copy_of_its_array_and_a_leaf_where_its_gradient_is_asked_for(shape, gradient):
    array = np.random.default_rng(3).normal(size=shape)
    made, wanted = batch_norm.tensor(array, gradient=gradient), array.copy()
    array += 1
    assert made.numpy().tobytes() == wanted.tobytes() and tuple(made.shape) == shape
    assert (made.dtype, made.is_leaf, made.stop_gradient) == (batch_norm.paddle.float64, True, not gradient)
    assert batch_norm.tensor(wanted.astype("float32"), times=2.0).dtype == batch_norm.paddle.float64


def test_a_gradient_does_not_depend_on_what_was_asked_before():
    x, gamma, beta, dout = drawn((7, 5))
    before = batch_norm.batch_norm_gradients.__wrapped__(x, gamma, beta, dout)
    batch_norm.batch_norm_gradients.__wrapped__(x + np.nan, gamma, beta, dout)
    batch_norm.batch_norm_gradients.__wrapped__(1e200 * x, gamma, beta, dout)
    after = batch_norm.batch_norm_gradients.__wrapped__(x, gamma, beta, dout)
    assert all(before[name].tobytes() == after[name].tobytes() for name in before)
