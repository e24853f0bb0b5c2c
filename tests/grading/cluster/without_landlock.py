"""Be a program on a machine without Landlock: `python -m tests.grading.cluster.without_landlock MODULE ARGUMENTS`.

A filter makes the kernel answer as one that has never heard of it. Everything else is as it is.
"""

import ctypes
import errno
import os
import sys

from course.autograder.sandbox import seccomp

NO_NEW_PRIVS = 38
LANDLOCK_CREATE_RULESET = 444  # on every processor


def main() -> None:
    asked = seccomp._for(LANDLOCK_CREATE_RULESET, [seccomp._ret(seccomp._ERRNO | errno.ENOSYS)])
    seccomp.program = lambda machine, pid: [
        (seccomp._LOAD, 0, 0, seccomp._NUMBER),
        *asked,
        seccomp._ret(seccomp._ALLOW),
    ]
    if ctypes.CDLL(None).prctl(NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise OSError("no_new_privs is refused")
    seccomp.restrict(os.getpid())
    os.execv(sys.executable, [sys.executable, "-m", *sys.argv[1:]])


if __name__ == "__main__":
    main()
