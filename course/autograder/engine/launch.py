"""How the engine starts a Python of its own, and what the two say to each other first."""

import os
import socket
import struct
import subprocess
import sys
from pathlib import Path

from course.languages.saying import COURSES, language

ROOT = Path(__file__).parents[3]
ENVIRONMENT = {
    "LANG": "C.UTF-8",
    "PATH": "/usr/bin:/bin",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "USER": "student",
    "LOGNAME": "student",
}
STATUS = struct.Struct("<i")  # a process id, or a wait status


def fonts_folder() -> str:
    """`matplotlib.get_cachedir()`, by its rule on Linux: to ask it takes its import, which the judge's side has no use for."""
    if not sys.platform.startswith("linux"):
        import matplotlib

        return matplotlib.get_cachedir()
    caches = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111 (never raises)
    return str(Path(os.environ.get("MPLCONFIGDIR") or f"{caches}/matplotlib").resolve())


def environment(private: str) -> dict[str, str]:
    """All that the zygote sees of the host's environment: where matplotlib keeps its list of fonts, and the language."""
    return ENVIRONMENT | {
        "HOME": private,
        "IPYTHONDIR": str(Path(private) / "ipython"),
        "MPLCONFIGDIR": fonts_folder(),
        "PYTHONHASHSEED": "0",
        COURSES: language(),
    }


def start_python(
    code: str, arguments: list[str], private: str, end: socket.socket
) -> subprocess.Popen[bytes]:
    """A Python of its own that gets one end of a socket, and nothing of this process's environment."""
    return subprocess.Popen(
        [sys.executable, "-s", "-P", "-X", "utf8", "-c", code, *arguments],
        env=environment(private),
        pass_fds=[end.fileno()],
        stdin=subprocess.DEVNULL,
        cwd=private,
    )
