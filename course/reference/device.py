"""Which device computes the references: asked of the machine once, and said in one line.

A GPU is used only when it is there, multiplies integers right, computes in float64 and keeps TF32 off, in products
and in convolutions; otherwise the CPU is, and the line says why. Points never depend on the answer: the course grades
the biased running variance whatever the device keeps (see `Device.running_variance`), and no reference is computed in
float32, which would call right answers wrong where a batch is badly conditioned (`docs/gpu.md`).
"""

import contextlib
import functools
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np


@dataclass(frozen=True)
class Device:
    """A device that has been tried.

    Attributes:
        name: Paddle's name for it, 'cpu' or 'gpu:0'.
        running_variance: 'biased' or 'unbiased': which estimate its batch norm op puts into the running variance.
        float64: whether references are computed in float64 there. A device that cannot is never chosen; `make gpu-check`
            alone asks for float32, to say what it would cost.
        reason: one sentence on why this device was chosen.
        untrusted: whether there is a GPU that was tried and is not used.
    """

    name: str
    running_variance: str
    float64: bool
    reason: str
    untrusted: bool = False

    @property
    def dtype(self) -> str:
        """The dtype that references are computed in."""
        return "float64" if self.float64 else "float32"

    def __str__(self) -> str:
        """The one line that a run prints."""
        return f"references on {self.name} in {self.dtype}, running variance {self.running_variance} there: {self.reason}"


class Probe(Protocol):
    """What is asked of a machine. Tests answer in its place."""

    def gpu_count(self) -> int:
        """How many GPUs this build of Paddle can see; 0 for a CPU build."""
        ...

    def integer_convolution(self, device: str) -> np.ndarray:
        """The convolution of `INTEGER_IMAGE` with `INTEGER_KERNEL` on the device, [1, 1, 3, 3]."""
        ...

    def running_variance(self, device: str) -> float:
        """The running variance after one train-mode step with momentum 0 on [[0.], [1.], [2.], [3.]]."""
        ...

    def product_below_tf32(self, device: str) -> float:
        """(1 + 2**-12) * 1 by matrix product in float32: TF32 keeps 10 bits and returns 1."""
        ...

    def step_convolved(self, device: str, dtype: str, step: float) -> float:
        """What a convolution with a kernel of one 1 leaves of `step` in 1 + step: it has a switch for TF32 of its own."""
        ...

    def has_float64(self, device: str) -> bool:
        """Whether batch norm and a convolution run on float64 tensors there, forward and back."""
        ...


INTEGER_IMAGE = np.arange(25, dtype=np.float32).reshape(1, 1, 5, 5)
INTEGER_KERNEL = np.array([[1, -2, 3], [0, 4, -1], [2, 5, -3]], dtype=np.float32).reshape(1, 1, 3, 3)


def integer_convolution_truth() -> np.ndarray:
    """The same convolution by numpy alone: small integers are exact in float32, so equality is demanded."""
    windows = np.lib.stride_tricks.sliding_window_view(INTEGER_IMAGE, (1, 1, 3, 3))[:, :, :, :, 0, 0]
    return np.einsum("nchwij,ocij->nohw", windows, INTEGER_KERNEL)


class PaddleProbe:
    """The real answers, from the Paddle that is installed."""

    def gpu_count(self) -> int:
        """See `Probe`."""
        from course.reference.framework import paddle

        if not paddle.device.is_compiled_with_cuda():
            return 0
        return int(paddle.device.cuda.device_count())

    def integer_convolution(self, device: str) -> np.ndarray:
        """See `Probe`."""
        from course.reference.framework import paddle

        with on_device(device):
            out = paddle.nn.functional.conv2d(
                paddle.to_tensor(INTEGER_IMAGE), paddle.to_tensor(INTEGER_KERNEL)
            )
        return out.numpy()

    def running_variance(self, device: str) -> float:
        """See `Probe`."""
        from course.reference.framework import paddle

        with on_device(device):
            running = paddle.zeros([1], dtype="float32")
            x = paddle.to_tensor(np.arange(4, dtype=np.float32).reshape(4, 1))
            paddle.nn.functional.batch_norm(
                x,
                paddle.zeros([1]),
                running,
                paddle.ones([1]),
                paddle.zeros([1]),
                training=True,
                momentum=0.0,
            )
        return float(running.numpy()[0])

    def product_below_tf32(self, device: str) -> float:
        """See `Probe`."""
        from course.reference.framework import paddle

        a = np.zeros((64, 64), dtype=np.float32)
        a[0, 0] = 1 + 2.0**-12
        with on_device(device):
            product = paddle.matmul(paddle.to_tensor(a), paddle.eye(64, dtype="float32"))
        return float(product.numpy()[0, 0])

    def step_convolved(self, device: str, dtype: str, step: float) -> float:
        """See `Probe`."""
        from course.reference.framework import paddle

        # Channels by the dozen, as tensor cores like them; each output channel is a copy of its input channel.
        x, w = np.full((4, 32, 8, 8), 1 + step, dtype=dtype), np.zeros((32, 32, 3, 3), dtype=dtype)
        w[range(32), range(32), 1, 1] = 1
        with on_device(device):
            out = paddle.nn.functional.conv2d(paddle.to_tensor(x), paddle.to_tensor(w), padding=1)
        return float(out.numpy().min()) - 1

    def has_float64(self, device: str) -> bool:
        """See `Probe`."""
        from course.reference.framework import paddle

        functional = paddle.nn.functional
        try:
            with on_device(device):
                x = paddle.ones([4, 1, 3, 3], dtype="float64")
                x.stop_gradient = False
                one, zero = paddle.ones([1], dtype="float64"), paddle.zeros([1], dtype="float64")
                out = functional.batch_norm(x, zero, one.clone(), one, zero.clone(), training=True)
                out = functional.conv2d(out, paddle.ones([1, 1, 2, 2], dtype="float64"))
                paddle.grad([out.sum()], [x])[0].numpy()
        except Exception:
            return False
        return True


class on_device:
    """Run a block on one device and put the earlier one back."""

    def __init__(self, name: str) -> None:
        """Take Paddle's name of the device."""
        self.name = name

    def __enter__(self) -> None:
        """Switch."""
        from course.reference.framework import paddle

        self.before = paddle.device.get_device()
        if self.before != self.name:
            paddle.device.set_device(self.name)

    def __exit__(self, *error: object) -> None:
        """Switch back."""
        from course.reference.framework import paddle

        if self.before != self.name:
            paddle.device.set_device(self.before)


# Far above each precision's own rounding, be it Winograd's; lost in TF32's 10 bits, or in float32's 23.
STEPS = {"float32": 2.0**-12, "float64": 2.0**-40}
BIASED, UNBIASED = 1.25, 5.0 / 3.0  # of 0, 1, 2, 3


def _kept_variance(value: float) -> str | None:
    for name, expected in (("biased", BIASED), ("unbiased", UNBIASED)):
        if abs(value - expected) < 1e-3:
            return name
    return None


def _fault(probe: Probe, device: str) -> str | None:
    """Why the device must not compute references, in one clause, or None."""
    try:
        if not np.array_equal(probe.integer_convolution(device), integer_convolution_truth()):
            return "its convolution of small integers is wrong (a wheel built for another chip does that)"
        if probe.product_below_tf32(device) == 1.0:
            return "TF32 is on there although NVIDIA_TF32_OVERRIDE=0 was asked for"
        if not probe.has_float64(device):
            return "its batch norm or convolution does not run in float64, and float32 would reject right answers"
        for dtype, step in STEPS.items():
            if not 0.5 * step < probe.step_convolved(device, dtype, step) < 1.5 * step:
                return f"its convolution in {dtype} rounds to fewer bits than that has, as TF32 does"
        if _kept_variance(probe.running_variance(device)) is None:
            return f"its running variance of 0, 1, 2, 3 is {probe.running_variance(device):.4g}, no known estimate"
    except Exception as error:
        return f"it failed when tried ({type(error).__name__}: {str(error).strip().splitlines()[0][:120]})"
    return None


def choose_device(probe: Probe, wanted: str = "auto") -> Device:
    """Pick the device for references.

    Args:
        probe: who answers for the machine.
        wanted: 'auto' (GPU where a sound one is found), 'cpu' or 'gpu'.

    Raises:
        ValueError: when `wanted` is none of the three.
    """
    if wanted not in ("auto", "cpu", "gpu"):
        raise ValueError(f"COURSE_DEVICE is {wanted!r}; it must be 'auto', 'cpu' or 'gpu'")
    name, reason, untrusted = "cpu", "COURSE_DEVICE=cpu was asked for", False
    if wanted != "cpu":
        try:
            count = probe.gpu_count()
        except Exception as error:
            count, reason = 0, f"asking for GPUs failed ({type(error).__name__})"
        else:
            reason = "this Paddle sees no GPU"
        if count:
            fault = _fault(probe, "gpu:0")
            if fault is None:
                name, reason = (
                    "gpu:0",
                    f"{count} GPU{'s' if count > 1 else ''} found, gpu:0 is sound and TF32 is off",
                )
            else:
                reason, untrusted = f"gpu:0 is not trusted: {fault}", True
        if wanted == "gpu" and name == "cpu":
            reason = f"COURSE_DEVICE=gpu was asked for, but {reason}"
    kept = _kept_variance(probe.running_variance(name)) or "biased"
    return Device(name=name, running_variance=kept, float64=True, reason=reason, untrusted=untrusted)


@functools.cache
def _chosen() -> Device:
    return choose_device(PaddleProbe(), os.environ.get("COURSE_DEVICE", "auto"))


_instead: list[Device] = []


def device() -> Device:
    """The device of this process, chosen on first use (environment variable COURSE_DEVICE: auto, cpu, gpu)."""
    return _instead[-1] if _instead else _chosen()


@contextlib.contextmanager
def references_on(other: Device) -> Iterator[None]:
    """Have every reference computed on another device, or in another precision, within a block."""
    _instead.append(other)
    try:
        yield
    finally:
        _instead.pop()
