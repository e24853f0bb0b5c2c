"""The one place where Paddle is imported: quietly, deterministically, and never from a submission's folder."""

import contextlib
import functools
import importlib.util
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from course.common.later import later
from course.common.quiet import quiet_stderr

MKL_AS = "MKL_DEBUG_CPU_TYPE"  # of which processor MKL 2019 takes the kernels, whatever it runs on
MISSING = (
    "Paddle is not installed in the Python that runs here, and the lessons and the grading side need it: run "
    "`make setup` in the course's folder, and take its .venv as this notebook's kernel. The assignments need no Paddle."
)

# A third of its import, and nothing that the course asks for: building extensions, downloads, data sets, other fields, nets
# on many machines. (Whoever asks all the same, in a lesson of their own say, gets it then.)
NOT_YET = (
    "httpx", "paddle.audio", "paddle.base.proto.data_feed_pb2", "paddle.dataset", "paddle.distribution",
    "paddle.distributed.auto_parallel.static.operators", "paddle.incubate.autograd", "paddle.incubate.cc",
    "paddle.incubate.distributed", "paddle.incubate.nn", "paddle.nn.quant", "paddle.onnx",
    "paddle.quantization", "paddle.sparse", "paddle.static.amp", "paddle.text", "paddle.utils.cpp_extension",
    "paddle.utils.image_util", "paddle.vision", "ssl",
)  # fmt: skip


class PaddleMissing(ModuleNotFoundError):
    """There is no Paddle; a notebook shows the one sentence and no frames."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


@contextlib.contextmanager
def _only_installed_modules() -> Iterator[None]:
    """Import from the installation alone: a student's own `cv2.py` beside the notebook would break Paddle."""
    here = Path.cwd().resolve()
    saved = list(sys.path)
    sys.path[:] = [p for p in saved if p and Path(p).resolve() != here]
    try:
        yield
    finally:
        sys.path[:] = saved


def _take_avx2() -> None:
    """Have the MKL that Paddle brings use AVX2 on processors that are not Intel's.

    MKL 2019 asks for the maker's name before it asks what a processor can do, and takes its slowest way for all but one.
    Trained nets took a fifth less time with its AVX2 kernels.
    """
    with contextlib.suppress(OSError):
        told = Path("/proc/cpuinfo").read_text("utf-8").partition("\n\n")[0]
        if "AuthenticAMD" in told and " avx2 " in told:
            os.environ.setdefault(MKL_AS, "5")


def _read_by_name(get_flags: Callable[[Any], dict[str, Any]]) -> Callable[[Any], dict[str, Any]]:
    """`paddle.get_flags`, which asks once for each flag whether it may be read; `linear` reads one in each call."""
    values = sys.modules["paddle.base.framework"]._global_flags
    may_be_read: set[str] = set()

    @functools.wraps(get_flags)
    def read(flags: Any) -> dict[str, Any]:
        if isinstance(flags, str) and flags in may_be_read:
            return {flags: values()[flags]}
        found = get_flags(flags)
        may_be_read.update(found)
        return found

    return read


def load_paddle() -> ModuleType:
    """Import Paddle with TF32 off (set before the import, or it is not read) and its warnings kept.

    Raises:
        PaddleMissing: where it is not installed.
    """
    os.environ.setdefault("NVIDIA_TF32_OVERRIDE", "0")
    os.environ.setdefault("GLOG_minloglevel", "2")  # no notes from C++ about what it does all the same
    _take_avx2()
    if "paddle" in sys.modules:
        return sys.modules["paddle"]
    if importlib.util.find_spec("paddle") is None:
        raise PaddleMissing(MISSING, name="paddle")
    with quiet_stderr(), _only_installed_modules(), warnings.catch_warnings(), later(*NOT_YET):
        warnings.simplefilter("ignore")
        import paddle

        # Paddle answers signals with a report that needs memory: told to end while it takes some, it would wait for ever.
        paddle.disable_signal_handler()
        paddle.get_flags = _read_by_name(paddle.get_flags)
        layer = paddle.nn.BatchNorm1D(2)  # the first train-mode forward warns too: have it over with
        layer(paddle.to_tensor([[0.0, 1.0], [2.0, 3.0]]))
    # Python forgets what it warned of when the filters above are put back, and would say it again in a lesson.
    warnings.filterwarnings("ignore", message="When training, we now always track", category=UserWarning)
    return paddle


paddle: ModuleType = load_paddle()
