"""Mini-batch SGD as all the studies do it: seeded batches, a watch at chosen steps, accuracy in eval mode."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from course.reference.framework import paddle
from course.teaching.data import Images

F = paddle.nn.functional
TOGETHER = 16  # batches that are made tensors at once: one by one, that takes longer than a step of the smallest nets


def batches(images: Images, size: int, seed: int) -> Iterator[tuple[Any, Any]]:
    """Endless (x [size, D], y (size,)) as tensors, each epoch in a new order without its short last batch."""
    rng = np.random.default_rng([seed, 1])
    while True:
        order = rng.permutation(len(images.y_train))
        whole = order[: len(order) // size * size].reshape(-1, size)
        for start in range(0, len(whole), TOGETHER):
            taken = whole[start : start + TOGETHER]
            x, y = (paddle.to_tensor(values[taken]) for values in (images.x_train, images.y_train))
            yield from zip(paddle.unbind(x), paddle.unbind(y), strict=True)


def logits(net: Any, x: np.ndarray) -> np.ndarray:
    """What the net says of x in eval mode; the mode is put back."""
    was_training = net.training
    net.eval()
    with paddle.no_grad():
        out = net(paddle.to_tensor(x)).numpy()
    if was_training:
        net.train()
    return out


def accuracy(net: Any, x: np.ndarray, y: np.ndarray) -> float:
    """The share of x that the net gets right in eval mode; a net that answers NaN gets none right."""
    out = logits(net, x)
    return float(((out.argmax(axis=1) == y) & np.isfinite(out).all(axis=1)).mean())


def finite(net: Any) -> bool:
    """Whether every parameter is still a number."""
    return all(bool(paddle.isfinite(p).all()) for p in net.parameters())


def train(
    net: Any,
    images: Images,
    optimizer: Any,
    *,
    batch: int,
    seed: int,
    watched: Sequence[int],
    watch: Callable[[int, float], None],
) -> int | None:
    """Train, and call `watch(step, loss)` after as many steps as `watched` says (0: before the first).

    The loss handed over is the mean over the training batches since the last watch, NaN at step 0.

    Returns:
        None, or the watched step at which a parameter was no number any more: training ends there.
    """
    source, stops = batches(images, batch, seed), set(watched)
    if 0 in stops:
        watch(0, float("nan"))
    losses: list[Any] = []
    for step in range(1, max(stops) + 1):
        x, y = next(source)
        loss = F.cross_entropy(net(x), y)
        loss.backward()
        optimizer.step()
        optimizer.clear_grad()
        losses.append(loss.detach())
        if step in stops:
            watch(step, float(paddle.stack(losses).numpy().mean(dtype=np.float64)))
            losses.clear()
            if not finite(net):
                return step
    return None


def accuracy_curve(
    net: Any, images: Images, learning_rate: float, *, seed: int, stops: Sequence[int], batch: int = 60
) -> list[float]:
    """Train by plain gradient descent; the accuracy on the images kept to judge by, at each of the stops."""
    seen: list[float] = []

    def watch(step: int, loss: float) -> None:
        seen.append(accuracy(net, images.x_val, images.y_val))

    train(net, images, sgd(net, learning_rate), batch=batch, seed=seed, watched=stops, watch=watch)
    return seen


def sgd(net: Any, learning_rate: float) -> Any:
    """Plain gradient descent, without momentum."""
    return paddle.optimizer.SGD(learning_rate=learning_rate, parameters=net.parameters())
