"""The device is chosen by trying it; here the machine's answers are given for it."""

import numpy as np
import pytest

from course.reference import batch_norm
from course.reference import device as devices
from course.reference.device import Device, choose_device, integer_convolution_truth


class Machine:
    """A machine whose answers are set."""

    def __init__(
        self,
        gpus=0,
        convolution=None,
        variance=1.25,
        product=1 + 2.0**-12,
        float64=True,
        fails=None,
        rounds=(),
    ):
        self.gpus, self.variance, self.product = gpus, variance, product
        self.float64, self.fails, self.rounds = float64, fails, rounds
        self.convolution = integer_convolution_truth() if convolution is None else convolution

    def gpu_count(self):
        if self.fails == "count":
            raise RuntimeError("driver too old")
        return self.gpus

    def integer_convolution(self, device):
        if self.fails == "convolution" and device != "cpu":
            raise RuntimeError("CUDNN_STATUS_NOT_SUPPORTED\nlong trace")
        return self.convolution

    def running_variance(self, device):
        return self.variance if device != "cpu" else 1.25

    def product_below_tf32(self, device):
        return self.product

    def step_convolved(self, device, dtype, step):
        return 0.0 if dtype in self.rounds else step

    def has_float64(self, device):
        return self.float64 or device == "cpu"


def test_without_a_gpu_the_cpu_is_chosen_and_said():
    chosen = choose_device(Machine())
    assert chosen.name == "cpu" and "no GPU" in str(chosen) and "\n" not in str(chosen)


def test_a_sound_gpu_is_chosen():
    chosen = choose_device(Machine(gpus=2))
    assert chosen.name == "gpu:0" and "2 GPUs found" in chosen.reason


@pytest.mark.parametrize(
    ("machine", "why"),
    [
        (Machine(gpus=1, convolution=np.zeros((1, 1, 3, 3))), "convolution of small integers is wrong"),
        (Machine(gpus=1, product=1.0), "TF32"),
        (Machine(gpus=1, rounds=["float32"]), "convolution in float32 rounds to fewer bits"),
        (Machine(gpus=1, rounds=["float64"]), "convolution in float64 rounds to fewer bits"),
        (Machine(gpus=1, float64=False), "does not run in float64"),
        (Machine(gpus=1, variance=2.0), "no known estimate"),
        (Machine(gpus=1, fails="convolution"), "it failed when tried"),
        (Machine(gpus=1, fails="count"), "asking for GPUs failed"),
    ],
)
def test_an_unsound_gpu_is_left_alone_in_one_line(machine, why):
    chosen = choose_device(machine)
    assert chosen.name == "cpu" and why in str(chosen) and "\n" not in str(chosen)


def test_the_kept_variance_is_measured_and_not_assumed():
    assert choose_device(Machine(gpus=1, variance=5 / 3)).running_variance == "unbiased"
    assert choose_device(Machine(gpus=1, variance=1.25)).running_variance == "biased"


def test_no_device_is_chosen_that_would_compute_in_float32():
    """Not even one that is asked for: its references would call right answers wrong."""
    for wanted in ("auto", "gpu"):
        chosen = choose_device(Machine(gpus=1, float64=False), wanted)
        assert chosen.name == "cpu" and chosen.dtype == "float64" and chosen.untrusted
    assert not choose_device(Machine()).untrusted and not choose_device(Machine(gpus=1)).untrusted


def test_cpu_can_be_asked_for_and_nonsense_cannot():
    assert choose_device(Machine(gpus=1), "cpu").name == "cpu"
    assert "COURSE_DEVICE=gpu was asked for, but" in choose_device(Machine(), "gpu").reason
    with pytest.raises(ValueError, match="must be 'auto', 'cpu' or 'gpu'"):
        choose_device(Machine(), "tpu")


def test_the_real_cpu_passes_its_own_probe():
    probe = devices.PaddleProbe()
    assert devices._fault(probe, "cpu") is None
    # What is lost where a library rounds: the float64 step in float32.
    assert probe.step_convolved("cpu", "float32", devices.STEPS["float64"]) == 0
    assert choose_device(probe, "cpu").running_variance == "biased"


@pytest.mark.parametrize("shape", [(7, 3), (4, 3, 5), (2, 3, 4, 5)])
def test_points_are_the_same_where_the_device_keeps_the_unbiased_variance(monkeypatch, shape):
    """An op that keeps n/(n-1) times the batch variance is put right, so that the biased one is graded everywhere."""
    rng = np.random.default_rng(3)
    x, old = rng.normal(size=shape), rng.uniform(1, 2, size=3)
    args = (x, np.ones(3), np.zeros(3), np.zeros(3), old, 1e-5, 0.9)
    right = batch_norm.batch_norm_train(*args)["running_var"]

    plain = batch_norm.F.batch_norm

    def keeps_unbiased(t, running_mean, running_var, *rest, **keywords):
        n = x.size // 3
        before = running_var.numpy()
        out = plain(t, running_mean, running_var, *rest, **keywords)
        batch = (running_var.numpy() - 0.9 * before) / 0.1
        running_var.set_value(0.9 * before + 0.1 * batch * n / (n - 1))
        return out

    monkeypatch.setattr(batch_norm.F, "batch_norm", keeps_unbiased)
    there = Device("cpu", running_variance="unbiased", float64=True, reason="faked")
    monkeypatch.setattr(batch_norm, "device", lambda: there)
    np.testing.assert_allclose(batch_norm.batch_norm_train(*args)["running_var"], right, rtol=1e-6)
