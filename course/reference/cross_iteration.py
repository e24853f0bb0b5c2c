"""Cross-iteration batch norm, which Paddle does not have: built from Paddle's ops and autograd, with a layer.

Source: Yao, Cao, Zheng, Huang and Lin 2020, arXiv 2002.05712. For one layer with weight theta, per channel:

    mean_t, second_t        the batch's means of x and of x * x at step t
    mean_{t-j}, second_{t-j}  expanded to first order from theta_{t-j} to theta_t (Taylor; section 3.2), each
                            moment + (d moment / d theta) * (theta_t - theta_{t-j}); of all weights only the
                            layer's own counts
    mean   = average of mean_{t-j}                          over the window j = 0 .. k-1 (section 3.3)
    second = average of max(second_{t-j}, mean_{t-j} ** 2)  over the same window
    var    = second - mean ** 2

The expansion can push a second moment below the square of its mean, which no data can have; hence the
maximum, taken for each step of the window before averaging. While fewer than k - 1 earlier steps are there,
the window is shorter. With k = 1 this is batch norm. Gradients flow through the current batch alone.
"""

from typing import Any

import numpy as np

from course.reference.batch_norm import EPS, MOMENTUM, tensor
from course.reference.device import device, on_device
from course.reference.framework import paddle

Layer: Any = paddle.nn.Layer
Moments = dict[str, Any]  # 'mean', 'second' (C,); 'mean_gradient', 'second_gradient', 'weight' as the weight


def moments_of(x: Any) -> tuple[Any, Any]:
    """(mean, second) per channel of a tensor [N, C] or [N, C, ...]: the averages of x and of x * x."""
    axes = [a for a in range(x.ndim) if a != 1]
    return paddle.mean(x, axis=axes), paddle.mean(x * x, axis=axes)


def record(x: Any, weight: Any) -> Moments:
    """What later steps need to know of this one, detached: moments, their gradients and the weight.

    Channel c of x depends on its own slice of the weight alone, so the gradient of the sum over channels
    holds the gradient of each channel's moment in that channel's slice.

    Args:
        x: the layer's output [N, C] or [N, C, ...], with the graph that leads to `weight`.
        weight: of a Linear [D, C] or a convolution [C, D, kh, kw].
    """
    mean, second = moments_of(x)
    (mean_gradient,) = paddle.grad([mean], [weight], retain_graph=True)
    (second_gradient,) = paddle.grad([second], [weight], retain_graph=True)
    return {
        "mean": mean.detach(),
        "second": second.detach(),
        "mean_gradient": mean_gradient.detach(),
        "second_gradient": second_gradient.detach(),
        "weight": weight.detach().clone(),
    }


def compensated(past: Moments, name: str, weight: Any, rho: float = 1.0) -> Any:
    """An earlier step's 'mean' or 'second' (C,), expanded to first order to the present weight.

    `rho` scales the correction: 1 is the expansion, 0 leaves the moment as it was (the paper's naive form).
    """
    return _all_compensated([past], [name], weight, rho)[0][0]


def _all_compensated(history: list[Moments], names: list[str], weight: Any, rho: float) -> list[Any]:
    """`compensated` for each name, of each of the earlier steps, [steps, C]: a step on a CPU costs by its ops."""
    if rho == 0:  # what is not corrected needs no weights and gradients
        return [paddle.stack([step[name] for step in history]) for name in names]
    # As many copies of the weight as there are steps: to stretch one over them takes Paddle longer than all else here.
    change = paddle.stack([weight] * len(history)) - paddle.stack([step["weight"] for step in history])
    channel = weight.ndim if weight.ndim == 2 else 1
    axes = [a for a in range(1, change.ndim) if a != channel]
    found = []
    for name in names:
        kept, gradient = (
            paddle.stack([step[part] for step in history]) for part in (name, f"{name}_gradient")
        )
        found.append(kept + rho * paddle.sum(gradient * change, axis=axes))
    return found


def window_moments(x: Any, weight: Any, history: list[Moments], k: int, rho: float = 1.0) -> tuple[Any, Any]:
    """(mean, var), each (C,), over the current batch and the first k - 1 entries of `history`."""
    means, seconds = (moment.unsqueeze(0) for moment in moments_of(x))
    if earlier := history[: k - 1]:
        past = _all_compensated(earlier, ["mean", "second"], weight.detach(), rho)
        means, seconds = (paddle.concat(pair) for pair in zip((means, seconds), past, strict=True))
    mean, second = means.mean(axis=0), paddle.maximum(seconds, means * means).mean(axis=0)
    return mean, paddle.clip(second - mean * mean, min=0.0)


class CrossIterationBatchNorm(Layer):
    """A Linear or Conv2D layer followed by cross-iteration batch norm: the norm has to see the weight.

    Args:
        inner: `paddle.nn.Linear` or `paddle.nn.Conv2D` with bias_attr=False.
        num_features: C, the inner layer's outputs.
        k: steps in the window, the current one counted. A plain attribute: a training loop may start at 1.
        momentum: of the running values, which average the window's moments; weights the OLD one.
        epsilon: added to the variance under the root.
        rho: how much of the correction is made; 0 is the paper's naive form, which makes none. It is not to be changed
            later: a layer with 0 notes nothing that a correction would need.

    Raises:
        ValueError: when the inner layer has a bias: the expansion would forget it, and under batch norm it does
            nothing.
    """

    def __init__(
        self,
        inner: Any,
        num_features: int,
        k: int = 8,
        momentum: float = MOMENTUM,
        epsilon: float = EPS,
        rho: float = 1.0,
    ) -> None:
        """Start gamma at 1, beta at 0, the running moments at 0 and 1, and with an empty window."""
        super().__init__()
        if inner.bias is not None:
            raise ValueError(
                "the layer before cross-iteration batch norm has a bias; make it with bias_attr=False"
            )
        self.inner, self.k, self.momentum, self.epsilon, self.rho = inner, k, momentum, epsilon, rho
        self.weight = self.create_parameter(
            [num_features], default_initializer=paddle.nn.initializer.Constant(1.0)
        )
        self.bias = self.create_parameter([num_features], is_bias=True)
        self.register_buffer("running_mean", paddle.zeros([num_features]))
        self.register_buffer("running_var", paddle.ones([num_features]))
        self.history: list[Moments] = []

    def forward(self, z: Any) -> Any:
        """Normalise inner(z) by the window's moments in training, and by the running ones at prediction."""
        x = self.inner(z)
        if not self.training:
            return self._normalized(x, self.running_mean, self.running_var)
        mean, var = window_moments(x, self.inner.weight, self.history, self.k, self.rho)
        if self.k > 1:
            self.history = [self._noted(z, x), *self.history][: self.k - 1]
        old, new = self.momentum, 1 - self.momentum
        self.running_mean.set_value(old * self.running_mean + new * mean.detach())
        self.running_var.set_value(old * self.running_var + new * var.detach())
        return self._normalized(x, mean, var)

    def _noted(self, z: Any, x: Any) -> Moments:
        """What later steps need to know of this one: the naive form takes moments as they were, and no gradients."""
        if self.rho == 0:
            return dict(zip(("mean", "second"), moments_of(x.detach()), strict=True))
        # Of the layer alone: gradients look through the whole graph that led to them.
        return record(self.inner(z.detach()), self.inner.weight)

    def _normalized(self, x: Any, mean: Any, var: Any) -> Any:
        values: Any = (mean, paddle.sqrt(var + self.epsilon), self.weight, self.bias)
        if x.ndim > 2:  # [N, C] takes (C,) as it is
            values = (t.reshape([1, -1] + [1] * (x.ndim - 2)) for t in values)
        m, s, g, b = values
        return g * (x - m) / s + b


# --- the same on numpy arrays, for checks ---


def linear_moments(z: np.ndarray, weight: np.ndarray) -> dict[str, np.ndarray]:
    """Moments of x = z @ weight and their gradients by autograd.

    Args:
        z: [N, D].
        weight: [D, C].

    Returns:
        {'mean': (C,), 'second': (C,), 'mean_gradient': [D, C], 'second_gradient': [D, C]}.
    """
    with on_device(device().name):
        w = tensor(weight, gradient=True)
        made = record(paddle.matmul(tensor(z), w), w)
        return {name: made[name].numpy() for name in ("mean", "second", "mean_gradient", "second_gradient")}


def cross_iteration_moments(
    x: np.ndarray, weight: np.ndarray, history: list[dict[str, np.ndarray]], k: int
) -> dict[str, np.ndarray]:
    """The window's moments {'mean': (C,), 'var': (C,)}.

    Args:
        x: the current batch [N, C].
        weight: the present weight [D, C].
        history: earlier steps, the newest first: 'mean', 'second' (C,), 'mean_gradient', 'second_gradient'
            and 'weight' [D, C], as they were at that step.
        k: steps in the window, the current one counted.
    """
    with on_device(device().name):
        past = [{name: tensor(value) for name, value in step.items()} for step in history]
        mean, var = window_moments(tensor(x), tensor(weight), past, k)
        return {"mean": mean.numpy(), "var": var.numpy()}
