"""What `make gpu-check` compares, tried on the CPU under another name."""

import importlib
import inspect
import pkgutil
import sys
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner

from course import reference
from course.autograder.checks import list_checks
from course.autograder.checks.language.tolerances import EXACT, Tolerance
from course.autograder.cli import gpu_check
from course.autograder.grading import device_table
from course.autograder.grading.device_cases import tried
from course.reference import (
    batch_norm,
    batch_norm_net,
    convolution,
    dropout,
    normalizers,
    remembering,
    warmup,
)
from course.reference.device import Device, device

HERE = Device("cpu", "biased", True, "the CPU")
THERE = replace(HERE, reason="faked")
NO_OPS = {
    "counting",
    "device",
    "framework",
    "layer_plan",
    "ledger",
    "quiet",
    "remembering",
}  # no device computes what is in these
MODULES = [
    importlib.import_module(f"{reference.__name__}.{module.name}")
    for module in pkgutil.iter_modules(reference.__path__)
    if module.name not in NO_OPS
]


@pytest.fixture(scope="module")
def whole():
    """All comparisons, and the functions of the references that were called for them."""
    called = set()

    def note(frame, event, argument):
        if event == "call" and frame.f_code.co_filename.startswith(str(reference.__path__[0])):
            called.add(frame.f_code)

    remembering.forget()  # what was asked before is not called again
    sys.setprofile(note)
    try:
        return list(device_table.compared(HERE, THERE, device_table.everything())), called
    finally:
        sys.setprofile(None)


@pytest.mark.slow
def test_every_check_and_every_reference_is_compared(whole):
    comparisons, called = whole
    assert set(list_checks()) <= {one.op for one in comparisons}
    for module in MODULES:
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if function.__module__ == module.__name__ and name[0] != "_":
                assert inspect.unwrap(function).__code__ in called, f"{module.__name__}.{name}"


@pytest.mark.slow
def test_a_device_that_computes_the_same_is_told_so_and_float32_would_not_do(whole):
    comparisons, _ = whole
    assert not any(one.failed for one in comparisons)
    assert all(one.share == 0 for one in comparisons if one.precision == "float64")
    single = [one for one in comparisons if one.precision == "float32" and not one.ok]
    assert {"batch norm", "nets", "layer, group and instance norm"} <= {one.op for one in single}
    assert all("badly" in one.case or "far" in one.case for one in single if one.op == "batch norm")
    assert not [one for one in single if one.op == "convolution"]


OFF = {
    "batch norm": (batch_norm, "batch_norm_gradients"),
    "convolution": (convolution, "conv2d_gradients"),
    "layer, group and instance norm": (normalizers, "group_norm_gradients"),
    "dropout given a mask": (dropout, "dropconnect"),
    "nets": (batch_norm_net, "six_layer_loss"),
}


@pytest.mark.parametrize("op", OFF)
def test_a_device_whose_gradients_are_a_little_off_is_found(monkeypatch, op):
    module, name = OFF[op]
    honest = getattr(module, name)

    def off(*given, **options):
        found = honest(*given, **options)
        by = 1 + 1e-4 * (device().reason == "faked")
        return {k: v * by for k, v in found.items()} if isinstance(found, dict) else found * by

    monkeypatch.setattr(module, name, off)
    comparisons = list(device_table.compared(HERE, THERE, (one for one in tried() if one.op == op)))
    assert any(not one.ok and one.share > 10 for one in comparisons if one.precision == "float64")


def test_a_device_that_fails_is_a_row_and_not_the_end(monkeypatch):
    def fails(*given, **options):
        if device().reason == "faked":
            raise RuntimeError("CUDNN_STATUS_NOT_SUPPORTED\nlong trace")
        return np.zeros(3)

    monkeypatch.setattr(warmup, "relu", fails)
    cases = [one for one in tried() if one.op == "warm-up"]
    rows = device_table.worst(device_table.compared(HERE, THERE, cases))
    assert rows["warm-up"]["float64"].failed == "RuntimeError: CUDNN_STATUS_NOT_SUPPORTED"


def test_shares_of_what_is_allowed():
    one, nan = np.ones(2), np.array([1.0, np.nan])
    assert device_table.share(one + 5e-7, one, Tolerance(1e-6, 0)) == pytest.approx(0.5)
    assert device_table.share(one[:1], one, Tolerance(1, 1)) == float("inf")
    assert device_table.share(nan, nan, Tolerance(1e-6, 0)) == 0
    assert device_table.share(one, nan, Tolerance(1e-6, 0)) == float("inf")
    assert device_table.share(np.array([3]), np.array([3]), EXACT.float64) == 0
    assert device_table.share(np.array([4]), np.array([3]), EXACT.float64) == float("inf")


@pytest.mark.parametrize(
    ("there", "asked", "wrong", "code", "told"),
    [
        (HERE, "auto", 0, 0, "No GPU is in use"),
        (HERE, "gpu", 0, 2, "No GPU is in use"),
        (replace(HERE, untrusted=True, reason="gpu:0 is not trusted: TF32"), "auto", 0, 2, "not trusted"),
        (THERE, "auto", 1, 1, "1 is OFF, the worst: warm-up, relu"),
    ],
)
def test_the_exit_code_says_what_came_of_it(monkeypatch, there, asked, wrong, code, told):
    honest = warmup.relu
    monkeypatch.setattr(
        warmup, "relu", lambda x: honest(x) + wrong * (device().reason == "faked") * device().float64
    )
    monkeypatch.setenv("COURSE_DEVICE", asked)
    monkeypatch.setattr("course.reference.device._chosen", lambda: there)
    monkeypatch.setattr(device_table, "everything", lambda: (one for one in tried() if one.op == "warm-up"))
    done = CliRunner().invoke(gpu_check.gpu_check)
    assert done.exit_code == code, done.output
    assert told in done.output.replace("\n", " ")
