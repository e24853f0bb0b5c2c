"""What lessons 4 and 5, and a rubric, say in fixed words: each sentence beside the numbers it speaks of.

Everything else that they say of a study branches on its numbers; a study that is run again and comes out otherwise
makes these tests fail, and the sentence is to be written anew.
"""

from itertools import product
from pathlib import Path

import numpy as np
import pytest

from course.reference.framework import paddle
from course.studies.reading import banded, by_seed, kept_promise
from course.studies.record import load
from course.teaching.prose import verdict

ROOT = Path(__file__).parents[2]
ALL, ALIKE = (0.0, np.inf), (0.1, 0.4)


def test_for_the_longest_steps_batch_norm_keeps_a_little_and_the_plain_net_gets_the_opposite() -> None:
    land = load("landscape")
    for std, losses in product((0.05, None), (ALL, ALIKE)):
        plain, normed = (kept_promise(land, std, net, losses)[:, -1] for net in ("plain", "batch norm"))
        assert plain.max() < 0 < normed.min()


def test_for_steps_as_short_as_those_of_training_it_depends_on_the_start_and_on_how_far_the_training_is() -> (
    None
):
    land = load("landscape")
    at = land.settings["lengths"].index(land.settings["learning_rate"])
    told = {
        verdict(*(kept_promise(land, std, net, losses)[:, at] for net in ("batch norm", "plain")))
        for std, losses in product((0.05, None), (ALL, ALIKE))
    }
    assert told == {"above", "below", "overlap"}


def test_at_equal_accuracy_batch_norms_gradients_turn_neither_always_more_nor_always_less() -> None:
    shift = load("covariate_shift")
    bands = [(0.0, 0.5), (0.8, 0.85), (0.85, 0.9), (0.9, 0.93), (0.93, 1.0)]
    told = []
    for band in bands:
        normed, plain = (
            banded(shift, "change", "accuracy", band, net=net)[0] for net in ("batch norm", "plain")
        )
        assert len(normed) == len(plain) == len(shift.seeds), "every band has looks of every seed"
        told.append(verdict(normed, plain))
    assert {"above", "below"} <= set(told)


def test_shaken_inputs_drift_more_than_plain_ones_and_the_net_learns_sooner_all_the_same() -> None:
    shift = load("covariate_shift")
    drift, first = {}, {}
    for net in ("plain", "noisy batch norm"):
        drift[net] = by_seed(shift, "drift", along="step", net=net)[:, -20:].mean(axis=1)
        first[net] = (by_seed(shift, "accuracy", along="step", net=net) >= 0.9).argmax(axis=1)
    assert verdict(drift["noisy batch norm"], drift["plain"]) == "above"
    assert verdict(first["noisy batch norm"], first["plain"]) == "below"


def test_batch_norm_falls_off_a_cliff_at_two_in_the_fully_connected_net_and_not_in_the_convolutional_one() -> (
    None
):
    study = load("batch_sizes")

    def accuracy(net: str, norm: str, batch: int, column: str = "accuracy") -> np.ndarray:
        return by_seed(study, column, net=net, norm=norm, batch=batch)

    fc, cnn = "fully connected", "convolutional"
    others = [norm for norm in study.settings["norms"][fc] if norm != "BN"]
    assert all(verdict(accuracy(fc, "BN", 2), accuracy(fc, norm, 2)) == "below" for norm in others)
    assert verdict(accuracy(fc, "BN", 2, "calibrated"), accuracy(fc, "LN", 2)) == "below", (
        "training is to blame"
    )
    assert verdict(accuracy(cnn, "BN", 2), accuracy(cnn, "BN", 32)) == "overlap"


def test_what_depends_on_no_batch_does_not_care_how_small_it_is_and_suffers_where_few_steps_are_left() -> (
    None
):
    study = load("batch_sizes")
    for norm in ("plain", "GN", "LN"):
        two, four, largest = (
            by_seed(study, "accuracy", net="fully connected", norm=norm, batch=batch) for batch in (2, 4, 128)
        )
        assert verdict(two, four) == "overlap" and largest.mean() < two.mean()


def test_the_rubric_of_ps1_says_what_running_statistics_hold_after_ten_batches_and_what_a_lone_value_becomes() -> (
    None
):
    norm = paddle.nn.BatchNorm1D(1)
    for _ in range(10):
        norm(paddle.to_tensor([[1.0], [5.0]]))  # mean 3, variance 4
    mean, var, left = float(norm._mean), float(norm._variance), 0.9**10
    assert mean / (1 - left) == pytest.approx(3, rel=1e-5)
    assert (var - left) / (1 - left) == pytest.approx(4, rel=1e-5)
    lone = paddle.nn.BatchNorm1D(1, weight_attr=paddle.nn.initializer.Constant(2.0))
    assert float(lone(paddle.to_tensor([[5.0]]))) == 5.0, "Paddle leaves a lone value as it is"
    text = (ROOT / "course/assignments/ps1_batchnorm/ps1_batchnorm.ipynb").read_text(encoding="utf-8")
    assert "it is (r − 0.9^10) / (1 − 0.9^10)" in text and "returns that value unchanged" in text
