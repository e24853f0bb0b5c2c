"""What every submission's process does, done some times before it is forked.

Python learns a function's types while the function runs, compiles patterns and makes tables on their first use. What is learnt
before the fork need not be learnt in each submission again, where it would also write into memory that forks share.
"""

import contextlib
import linecache
import socket

import numpy as np

from course.autograder.checks.language.protocol import Call
from course.autograder.engine.channel import Channel
from course.autograder.engine.recorder import Stream
from course.autograder.engine.shell import Shell
from course.autograder.engine.student_process import FarJudge
from course.autograder.engine.wire import encode

TIMES = 12  # a function is adapted to its types from the eighth call on
CELLS = (
    "import numpy as np",
    "def double(x, param):\n    out = 2 * x\n    return out, {'x': x, **param}",
    "print(double(1, {}))",
    "double(np.ones((2, 3)), {'mode': 'train'})",
)


def rehearse(shell: Shell) -> None:
    """Run cells and answer questions, of nobody's. What they leave in the shell, a `reset` takes out again."""
    known = set(linecache.cache)
    with contextlib.redirect_stdout(Stream(shell.recorder, "stdout", 1)):
        for _ in range(TIMES):
            shell.recorder.start()
            for source in CELLS:
                shell.run_cell(source, store_history=True)
            shell.recorder.taken()
        _answer(shell)
    for name in linecache.cache.keys() - known:
        del linecache.cache[name]


def _answer(shell: Shell) -> None:
    """A check of so many questions, asked by this process and answered by it."""
    judge, student = socket.socketpair()
    x = np.linspace(0.0, 1.0, 6).reshape(2, 3)
    step = Call("double", ("x", "param"), ("out", "cache"))
    asked = {
        "do": "ask", "functions": ("double",), "steps": (step,), "wanted": ("out", "cache.x"), "until": ("blank",),
        "inputs": {"x": x, "param": {"mode": "train", "eps": 1e-5}}, "again": False,
    }  # fmt: skip
    with judge, student:
        judge.sendall(encode(asked) * TIMES + encode({"do": "judged", "note": "", "points": 0.0}))
        FarJudge(Channel(student), shell)("double", (shell.user_ns["double"],))
