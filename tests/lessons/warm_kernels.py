"""Kernels for lessons: forks of one process that has Paddle and matplotlib imported, which takes longer than most lessons.

Run as a program it forks a kernel for each line it reads; one after the other, since it waits for each to end.
"""

import functools
import gc
import importlib
import json
import os
import select
import subprocess
import sys
from pathlib import Path
from typing import Any

from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning import LocalProvisioner

ROOT = Path(__file__).parents[2]


class Kernel:
    """A forked kernel; its process is our process's grandchild, so the program below tells us when it has ended."""

    stdin = stdout = stderr = None

    def __init__(self, forking: subprocess.Popen[bytes], **start: Any) -> None:
        assert forking.stdin and forking.stdout
        self.told, self.ended = forking.stdout, False
        forking.stdin.write(json.dumps(start).encode() + b"\n")
        self.pid = int(self.told.readline())

    def poll(self) -> int | None:
        if not self.ended and select.select([self.told], [], [], 0)[0]:
            self.ended = bool(self.told.readline())
        return 0 if self.ended else None

    def wait(self) -> int | None:
        return self.poll()

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)


class Forking(LocalProvisioner):
    """Starts kernels by asking the program below for them."""

    async def launch_kernel(self, cmd: list[str], **start: Any) -> dict[str, Any]:
        arguments = cmd[cmd.index("ipykernel_launcher") + 1 :]
        self.process = Kernel(_forking(), arguments=arguments, env=start["env"], cwd=str(start["cwd"]))
        self.pid = self.pgid = self.process.pid
        return self.connection_info


class WarmKernelManager(AsyncKernelManager):
    """For nbclient's `kernel_manager_class`."""

    async def _async_pre_start_kernel(self, **start: Any) -> Any:
        self.provisioner = Forking(kernel_id=self.kernel_id, kernel_spec=self.kernel_spec, parent=self)
        return await super()._async_pre_start_kernel(**start)


@functools.cache
def _forking() -> subprocess.Popen[bytes]:
    """The program below; it ends with this process, whose end closes its input."""
    command = [sys.executable, "-m", "tests.lessons.warm_kernels"]
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        # A net's arrays are kept for the next step; given back to the system after each, all their pages are made anew.
        "MALLOC_MMAP_THRESHOLD_": "1000000000",
        "MALLOC_TRIM_THRESHOLD_": "10000000000",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    }
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
    )


def be_a_kernel(settled: dict[str, str], arguments: list[str], env: dict[str, str], cwd: str) -> None:
    """Do what `python -m ipykernel_launcher` does; does not return.

    `settled` is what imports have set in the environment: they are done, and MKL reads there how it is to multiply later.
    """
    from ipykernel.kernelapp import launch_new_instance

    failed = 1
    try:
        os.setsid()
        os.dup2(os.open(os.devnull, os.O_RDWR), 0)
        os.dup2(0, 1)
        os.environ.clear()
        os.environ.update({**settled, **env}, JPY_PARENT_PID=str(os.getppid()))
        os.chdir(cwd)
        launch_new_instance(argv=arguments)
        failed = 0
    finally:
        os._exit(failed)


def serve() -> None:
    """Fork a kernel for each line."""
    before = dict(os.environ)
    for name in (
        "psutil",
        "ipykernel.debugger",
        "ipykernel.kernelapp",
        "ipykernel.zmqshell",
        "matplotlib.pyplot",
        "course.reference.framework",
        "course.teaching.plots",
        "course.teaching.prose",
    ):
        importlib.import_module(name)
    settled = {name: value for name, value in os.environ.items() if before.get(name) != value}
    gc.collect()
    gc.freeze()
    gc.set_threshold(
        20_000
    )  # a net in training makes and drops objects faster than Python's 700 are meant for

    for line in sys.stdin.buffer:
        if (pid := os.fork()) == 0:
            be_a_kernel(settled, **json.loads(line))
        print(pid, flush=True)
        print(os.waitpid(pid, 0)[1], flush=True)


if __name__ == "__main__":
    serve()
