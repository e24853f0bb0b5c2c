"""Batch renormalisation built from Paddle's ops, against algorithm 1 of the paper in numpy."""

import numpy as np
import pytest

from course.reference import batch_norm, batch_renorm
from course.reference.framework import paddle

SHAPES = [(6, 4), (3, 5, 4), (2, 3, 4, 5)]
EPS, MOMENTUM, R_MAX, D_MAX = 2e-3, 0.7, 1.4, 0.5


def drawn(shape: tuple[int, ...], seed: int = 0) -> dict[str, np.ndarray]:
    r, c = np.random.default_rng(seed), shape[1]
    return {
        "x": r.normal(0.4, 1.3, shape),
        "gamma": r.uniform(1.3, 2, c),
        "beta": r.uniform(0.4, 1, c),
        "running_mean": r.normal(size=c),
        "running_std": r.uniform(0.5, 2.5, c),
        "dout": r.normal(size=shape),
    }


def algorithm_1(i: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The paper's algorithm 1 and the gradients printed under it, one channel and one value at a time."""
    x, dout, m = i["x"], i["dout"], i["x"].size // i["x"].shape[1]
    made = {name: np.empty_like(x) for name in ("out", "dx")}
    made |= {
        name: np.empty(x.shape[1]) for name in ("running_mean", "running_std", "r", "d", "dgamma", "dbeta")
    }
    for c in range(x.shape[1]):
        values = x[:, c].ravel()
        mu_b = sum(values) / m
        sigma_b = (EPS + sum((v - mu_b) ** 2 for v in values) / m) ** 0.5
        mu, sigma = i["running_mean"][c], i["running_std"][c]
        r = min(max(sigma_b / sigma, 1 / R_MAX), R_MAX)
        d = min(max((mu_b - mu) / sigma, -D_MAX), D_MAX)
        x_hat = (x[:, c] - mu_b) / sigma_b * r + d
        dx_hat = dout[:, c] * i["gamma"][c]
        d_sigma_b = np.sum(dx_hat * (x[:, c] - mu_b)) * (-r / sigma_b**2)
        d_mu_b = np.sum(dx_hat) * (-r / sigma_b)
        made["out"][:, c] = i["gamma"][c] * x_hat + i["beta"][c]
        made["dx"][:, c] = dx_hat * r / sigma_b + d_sigma_b * (x[:, c] - mu_b) / (m * sigma_b) + d_mu_b / m
        made["dgamma"][c], made["dbeta"][c] = np.sum(dout[:, c] * x_hat), np.sum(dout[:, c])
        made["running_mean"][c] = mu + (1 - MOMENTUM) * (mu_b - mu)
        made["running_std"][c] = sigma + (1 - MOMENTUM) * (sigma_b - sigma)
        made["r"][c], made["d"][c] = r, d
    return made


def given(i: dict[str, np.ndarray], *names: str) -> list[np.ndarray]:
    return [i[name] for name in names]


TRAIN = ("x", "gamma", "beta", "running_mean", "running_std")


@pytest.mark.parametrize("shape", SHAPES)
def test_a_training_step_is_algorithm_1(shape: tuple[int, ...]) -> None:
    i = drawn(shape)
    found = batch_renorm.batch_renorm_train(*given(i, *TRAIN), EPS, MOMENTUM, R_MAX, D_MAX)
    truth = algorithm_1(i)
    for name in found:
        np.testing.assert_allclose(found[name], truth[name], rtol=1e-7, atol=1e-9, err_msg=name)


@pytest.mark.parametrize("shape", SHAPES)
def test_gradients_are_those_of_the_paper(shape: tuple[int, ...]) -> None:
    i = drawn(shape, seed=1)
    found = batch_renorm.batch_renorm_gradients(
        *given(i, "x", "gamma", "beta", "dout", "running_mean", "running_std"), EPS, R_MAX, D_MAX
    )
    truth = algorithm_1(i)
    for name in found:
        np.testing.assert_allclose(found[name], truth[name], rtol=1e-7, atol=1e-9, err_msg=name)


@pytest.mark.parametrize("shape", SHAPES)
def test_gradients_are_numeric_ones_with_r_and_d_held(shape: tuple[int, ...]) -> None:
    i = drawn(shape, seed=2)
    held, rank = algorithm_1(i), len(shape)
    axes = tuple(a for a in range(rank) if a != 1)
    r, d, g, b = (
        v.reshape((1, -1) + (1,) * (rank - 2)) for v in (held["r"], held["d"], i["gamma"], i["beta"])
    )

    def loss(x: np.ndarray) -> float:
        std = np.sqrt(x.var(axis=axes, keepdims=True) + EPS)
        return float(np.sum(i["dout"] * (g * ((x - x.mean(axis=axes, keepdims=True)) / std * r + d) + b)))

    numeric = np.empty(shape)
    for index in np.ndindex(shape):
        step = np.zeros(shape)
        step[index] = 1e-6
        numeric[index] = (loss(i["x"] + step) - loss(i["x"] - step)) / 2e-6
    found = batch_renorm.batch_renorm_gradients(
        *given(i, "x", "gamma", "beta", "dout", "running_mean", "running_std"), EPS, R_MAX, D_MAX
    )
    np.testing.assert_allclose(found["dx"], numeric, rtol=1e-6, atol=1e-7)


def test_the_draws_reach_both_bounds_and_the_middle() -> None:
    held = [algorithm_1(drawn((6, 4), seed)) for seed in range(20)]
    r, d = (np.concatenate([h[name] for h in held]) for name in ("r", "d"))
    for values, low, high in ((r, 1 / R_MAX, R_MAX), (d, -D_MAX, D_MAX)):
        assert (values == low).any() and (values == high).any() and ((values > low) & (values < high)).any()


@pytest.mark.parametrize("shape", SHAPES)
def test_without_room_for_correction_it_is_batch_norm(shape: tuple[int, ...]) -> None:
    i, c = drawn(shape, seed=3), shape[1]
    renorm = batch_renorm.batch_renorm_train(*given(i, *TRAIN), EPS, MOMENTUM, 1.0, 0.0)
    norm = batch_norm.batch_norm_train(
        *given(i, "x", "gamma", "beta"), np.zeros(c), np.ones(c), EPS, MOMENTUM
    )
    np.testing.assert_allclose(renorm["out"], norm["out"], rtol=1e-7, atol=1e-8)
    slopes = batch_renorm.batch_renorm_gradients(
        *given(i, "x", "gamma", "beta", "dout", "running_mean", "running_std"), EPS, 1.0, 0.0
    )
    wanted = batch_norm.batch_norm_gradients(*given(i, "x", "gamma", "beta", "dout"), EPS)
    for name in wanted:
        np.testing.assert_allclose(slopes[name], wanted[name], rtol=1e-6, atol=1e-8, err_msg=name)


@pytest.mark.parametrize("shape", SHAPES)
def test_with_room_enough_training_agrees_with_prediction(shape: tuple[int, ...]) -> None:
    i = drawn(shape, seed=4)
    train = batch_renorm.batch_renorm_train(*given(i, *TRAIN), EPS, MOMENTUM, 1e6, 1e6)
    np.testing.assert_allclose(
        train["out"], batch_renorm.batch_renorm_eval(*given(i, *TRAIN)), rtol=1e-9, atol=1e-9
    )


def test_the_layer_takes_the_same_steps_and_predicts_by_them() -> None:
    layer = batch_renorm.BatchRenorm(4, momentum=MOMENTUM, epsilon=EPS, r_max=R_MAX, d_max=D_MAX)
    layer.to(dtype="float64")
    mean, std = np.zeros(4), np.ones(4)
    for seed in range(3):
        i = drawn((6, 4), seed)
        wanted = batch_renorm.batch_renorm_train(
            i["x"], np.ones(4), np.zeros(4), mean, std, EPS, MOMENTUM, R_MAX, D_MAX
        )
        out = layer(paddle.to_tensor(i["x"]))
        np.testing.assert_allclose(out.numpy(), wanted["out"], rtol=1e-9)
        mean, std = wanted["running_mean"], wanted["running_std"]
    layer.eval()
    predicted = layer(paddle.to_tensor(i["x"])).numpy()
    np.testing.assert_allclose(predicted, (i["x"] - mean) / std, rtol=1e-9)
    np.testing.assert_allclose(layer.running_std.numpy(), std, rtol=1e-9)


def test_the_layer_sends_gradients_to_input_scale_and_shift_but_not_to_the_statistics() -> None:
    layer = batch_renorm.BatchRenorm(3)
    x = paddle.to_tensor(drawn((5, 3))["x"].astype("float32"), stop_gradient=False)
    layer(x).pow(2).sum().backward()
    assert all(t.grad is not None and bool((t.grad.abs() > 0).any()) for t in (x, layer.weight, layer.bias))
    assert layer.running_mean.stop_gradient and layer.running_std.stop_gradient
    assert {"running_mean", "running_std", "weight", "bias"} == set(layer.state_dict())
