"""Cross-iteration batch norm built from Paddle's ops, against the paper's formulas in numpy."""

import numpy as np
import pytest

from course.reference import batch_norm
from course.reference.cross_iteration import (
    CrossIterationBatchNorm,
    compensated,
    cross_iteration_moments,
    linear_moments,
    record,
)
from course.reference.framework import paddle

N, D, C = 3, 5, 4
History = list[dict[str, np.ndarray]]


def truth_moments(z: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    x = z @ weight
    return x.sum(axis=0) / len(x), (x**2).sum(axis=0) / len(x)


def numeric_moment_gradient(z: np.ndarray, weight: np.ndarray, which: int) -> np.ndarray:
    """d moment_c / d weight_ic for each entry, channel c alone being read."""
    made = np.empty_like(weight)
    for i, c in np.ndindex(weight.shape):
        step = np.zeros_like(weight)
        step[i, c] = 1e-6
        made[i, c] = (
            truth_moments(z, weight + step)[which][c] - truth_moments(z, weight - step)[which][c]
        ) / 2e-6
    return made


def past_step(r: np.random.Generator, weight: np.ndarray) -> dict[str, np.ndarray]:
    z = r.normal(0.6, 1, (N, D))
    mean, second = truth_moments(z, weight)
    slopes = {
        f"{n}_gradient": numeric_moment_gradient(z, weight, k) for k, n in enumerate(("mean", "second"))
    }
    return {"mean": mean, "second": second, "weight": weight, **slopes}


def walk(seed: int, steps: int, stride: float) -> tuple[np.ndarray, np.ndarray, History]:
    """A current batch, its weight, and the earlier steps of a weight that moved by `stride` each time."""
    r = np.random.default_rng(seed)
    weights = [r.normal(size=(D, C))]
    for _ in range(steps):
        weights.append(weights[-1] + stride * r.normal(size=(D, C)))
    history = [past_step(r, w) for w in weights[-2::-1]]
    return r.normal(0.6, 1, (N, D)) @ weights[-1], weights[-1], history


def truth_window(
    x: np.ndarray, weight: np.ndarray, history: History, k: int
) -> tuple[np.ndarray, np.ndarray]:
    mean, var = np.empty(C), np.empty(C)
    for c in range(C):
        mus, nus = [x[:, c].mean()], [(x[:, c] ** 2).mean()]
        for past in history[: k - 1]:
            moved = weight[:, c] - past["weight"][:, c]
            mus.append(past["mean"][c] + past["mean_gradient"][:, c] @ moved)
            nus.append(past["second"][c] + past["second_gradient"][:, c] @ moved)
        mean[c] = np.mean(mus)
        var[c] = np.mean([max(nu, mu**2) for mu, nu in zip(mus, nus, strict=True)]) - mean[c] ** 2
    return mean, var


def test_linear_moments_and_their_gradients_are_the_numeric_ones() -> None:
    r = np.random.default_rng(0)
    z, weight = r.normal(0.6, 1, (N, D)), r.normal(size=(D, C))
    found = linear_moments(z, weight)
    for k, name in enumerate(("mean", "second")):
        np.testing.assert_allclose(found[name], truth_moments(z, weight)[k], rtol=1e-12)
        np.testing.assert_allclose(
            found[f"{name}_gradient"], numeric_moment_gradient(z, weight, k), rtol=1e-6, atol=1e-8
        )


@pytest.mark.parametrize("k", [1, 2, 3, 5, 9])
@pytest.mark.parametrize("stride", [0.01, 2.0])
def test_the_window_is_the_papers(k: int, stride: float) -> None:
    for seed in range(5):
        x, weight, history = walk(seed, 5, stride)
        found = cross_iteration_moments(x, weight, history, k)
        mean, var = truth_window(x, weight, history, k)
        np.testing.assert_allclose(found["mean"], mean, rtol=1e-9, atol=1e-10)
        np.testing.assert_allclose(found["var"], var, rtol=1e-9, atol=1e-9)


def test_large_strides_do_need_the_maximum() -> None:
    needed = 0
    for seed in range(5):
        _, weight, history = walk(seed, 5, 2.0)
        for past in history:
            moved = weight - past["weight"]
            mu = past["mean"] + (past["mean_gradient"] * moved).sum(axis=0)
            needed += int((past["second"] + (past["second_gradient"] * moved).sum(axis=0) < mu**2).sum())
    assert needed > 10


def test_a_window_of_one_is_batch_norm() -> None:
    x, weight, history = walk(1, 4, 0.5)
    found, wanted = cross_iteration_moments(x, weight, history, 1), batch_norm.batch_moments(x)
    np.testing.assert_allclose(found["mean"], wanted["mean"], rtol=1e-12)
    np.testing.assert_allclose(found["var"], wanted["var"], rtol=1e-9)


def test_compensation_halves_the_step_and_quarters_the_error() -> None:
    """First order: the error of an expanded second moment falls with the square of the weight's change."""
    r = np.random.default_rng(2)
    z, then, way = r.normal(0.6, 1, (N, D)), r.normal(size=(D, C)), r.normal(size=(D, C))
    past = past_step(np.random.default_rng(2), then)
    mean, second = truth_moments(z, then)
    past |= {"mean": mean, "second": second, "mean_gradient": numeric_moment_gradient(z, then, 0)}
    past["second_gradient"] = numeric_moment_gradient(z, then, 1)
    errors = []
    for stride in (0.02, 0.01):
        now = then + stride * way
        expanded = past["second"] + (past["second_gradient"] * (now - then)).sum(axis=0)
        errors.append(np.abs(expanded - truth_moments(z, now)[1]))
    np.testing.assert_allclose(errors[0] / errors[1], 4.0, rtol=1e-3)


def linear_layer(k: int) -> CrossIterationBatchNorm:
    paddle.seed(3)
    layer = CrossIterationBatchNorm(
        paddle.nn.Linear(D, C, bias_attr=False), C, k=k, momentum=0.7, epsilon=1e-3
    )
    layer.to(dtype="float64")
    return layer


def test_the_layer_keeps_the_window_that_the_formula_asks_for() -> None:
    layer, r = linear_layer(3), np.random.default_rng(4)
    history: History = []
    running = np.zeros(C)
    for _ in range(5):
        z, weight = r.normal(0.6, 1, (N, D)), layer.inner.weight.numpy().copy()
        out = layer(paddle.to_tensor(z)).numpy()
        mean, var = truth_window(z @ weight, weight, history, 3)
        np.testing.assert_allclose(out, (z @ weight - mean) / np.sqrt(var + 1e-3), rtol=1e-7, atol=1e-9)
        running = 0.7 * running + 0.3 * mean
        moments = linear_moments(z, weight)
        history.insert(0, {**moments, "weight": weight})
        layer.inner.weight.set_value(layer.inner.weight + 0.1 * paddle.to_tensor(r.normal(size=(D, C))))
    np.testing.assert_allclose(layer.running_mean.numpy(), running, rtol=1e-9)
    assert len(layer.history) == 2
    layer.eval()
    predicted, weight = layer(paddle.to_tensor(z)).numpy(), layer.inner.weight.numpy()
    kept = layer.running_var.numpy()
    np.testing.assert_allclose(predicted, (z @ weight - running) / np.sqrt(kept + 1e-3), rtol=1e-9)


def test_gradients_flow_through_the_current_batch_alone() -> None:
    """The loss of a second step, differentiated numerically with the first step's record held."""
    layer, r = linear_layer(2), np.random.default_rng(5)
    z0, z1, way = r.normal(size=(N, D)), r.normal(size=(N, D)), r.normal(size=(N, C))
    layer(paddle.to_tensor(z0))
    weight, past = layer.inner.weight.numpy().copy(), [{**linear_moments(z0, layer.inner.weight.numpy())}]
    past[0]["weight"] = weight

    def loss(z: np.ndarray) -> float:
        mean, var = truth_window(z @ weight, weight, past, 2)
        return float(np.sum(way * (z @ weight - mean) / np.sqrt(var + 1e-3)))

    numeric = np.empty_like(z1)
    for index in np.ndindex(z1.shape):
        step = np.zeros_like(z1)
        step[index] = 1e-6
        numeric[index] = (loss(z1 + step) - loss(z1 - step)) / 2e-6
    z = paddle.to_tensor(z1, stop_gradient=False)
    (layer(z) * paddle.to_tensor(way)).sum().backward()
    np.testing.assert_allclose(z.grad.numpy(), numeric, rtol=1e-5, atol=1e-7)


def test_the_weight_learns_from_the_current_batch_alone() -> None:
    """The present weight moves the current batch; what it was expanded to and the first step stand still."""
    layer, r = linear_layer(2), np.random.default_rng(8)
    z0, z1, way = r.normal(size=(N, D)), r.normal(size=(N, D)), r.normal(size=(N, C))
    layer(paddle.to_tensor(z0))
    held = layer.inner.weight.numpy().copy()
    past = [{**linear_moments(z0, held), "weight": held}]

    def loss(weight: np.ndarray) -> float:
        mean, var = truth_window(z1 @ weight, held, past, 2)
        return float(np.sum(way * (z1 @ weight - mean) / np.sqrt(var + 1e-3)))

    numeric = np.empty_like(held)
    for index in np.ndindex(held.shape):
        step = np.zeros_like(held)
        step[index] = 1e-6
        numeric[index] = (loss(held + step) - loss(held - step)) / 2e-6
    (layer(paddle.to_tensor(z1)) * paddle.to_tensor(way)).sum().backward()
    np.testing.assert_allclose(layer.inner.weight.grad.numpy(), numeric, rtol=1e-5, atol=1e-7)


def test_a_window_of_one_trains_as_batch_norm_on_a_convolution() -> None:
    paddle.seed(6)
    layer = CrossIterationBatchNorm(paddle.nn.Conv2D(2, C, [3, 2], bias_attr=False), C, k=1)
    norm = paddle.nn.BatchNorm2D(C)
    image = paddle.to_tensor(np.random.default_rng(6).normal(size=(2, 2, 5, 4)).astype("float32"))
    np.testing.assert_allclose(layer(image).numpy(), norm(layer.inner(image)).numpy(), rtol=1e-4, atol=1e-5)
    assert layer.history == []


def test_the_record_of_a_convolution_expands_by_output_channel() -> None:
    paddle.seed(7)
    layer = CrossIterationBatchNorm(paddle.nn.Conv2D(2, C, [3, 2], bias_attr=False), C, k=2)
    layer.to(dtype="float64")
    image = paddle.to_tensor(np.random.default_rng(7).normal(size=(2, 2, 5, 4)))
    layer(image)
    past, weight, step = layer.history[0], layer.inner.weight, 1e-6
    for c, i in ((0, (1, 2, 0)), (3, (0, 1, 1))):
        changed = weight.numpy().copy()
        changed[(c, *i)] += step
        x = paddle.nn.functional.conv2d(image, paddle.to_tensor(changed))
        slope = (float(x[:, c].mean()) - float(past["mean"][c])) / step
        assert slope == pytest.approx(float(past["mean_gradient"].numpy()[(c, *i)]), rel=1e-4)


def test_an_inner_layer_with_a_bias_is_refused() -> None:
    with pytest.raises(ValueError, match="bias_attr=False"):
        CrossIterationBatchNorm(paddle.nn.Linear(D, C), C)


def test_rho_scales_the_correction_and_the_naive_form_makes_none() -> None:
    z, then = paddle.to_tensor([[1.0], [2.0], [3.0]]), paddle.to_tensor([[1.0]], stop_gradient=False)
    past = record(z @ then, then)
    moved = [float(compensated(past, "mean", paddle.to_tensor([[1.1]]), rho)) for rho in (0.0, 0.5, 1.0)]
    assert moved == pytest.approx([2.0, 2.1, 2.2])
