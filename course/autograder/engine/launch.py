"""How the engine starts a Python of its own, and what the two say to each other first."""

import socket
import struct
import subprocess
import sys
from pathlib import Path

from course.autograder.engine.student_process import ENVIRONMENT
from course.languages.saying import COURSES, language

ROOT = Path(__file__).parents[3]
STATUS = struct.Struct("<i")  # a process id, or a wait status


def environment(private: str) -> dict[str, str]:
    """All that the zygote sees of the host's environment: where matplotlib keeps its list of fonts, and the language."""
    import matplotlib

    return ENVIRONMENT | {
        "HOME": private,
        "IPYTHONDIR": str(Path(private) / "ipython"),
        "MPLCONFIGDIR": matplotlib.get_cachedir(),
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
