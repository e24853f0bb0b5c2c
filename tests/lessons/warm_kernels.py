"""Kernels for lessons: forks of one process that has Paddle and matplotlib imported, which takes longer than most lessons."""

import functools
import os
import subprocess
import sys
from typing import Any

from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning import LocalProvisioner

from tests.warm import AT_THE_END, Warm


class Forking(LocalProvisioner):
    """Starts kernels by forking the process below."""

    async def launch_kernel(self, cmd: list[str], **start: Any) -> dict[str, Any]:
        command = [sys.executable, *cmd[cmd.index("-m") :]]
        warm = _warm()
        environment = {**start["env"], "JPY_PARENT_PID": str(warm.pid)}
        self.process = warm.Popen(
            command,
            cwd=start["cwd"],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.pid = self.pgid = self.process.pid
        return self.connection_info


class WarmKernelManager(AsyncKernelManager):
    """For nbclient's `kernel_manager_class`."""

    async def _async_pre_start_kernel(self, **start: Any) -> Any:
        self.provisioner = Forking(kernel_id=self.kernel_id, kernel_spec=self.kernel_spec, parent=self)
        return await super()._async_pre_start_kernel(**start)


@functools.cache
def _warm() -> Warm:
    """One for all lessons."""
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        # A net's arrays are kept for the next step; given back to the system after each, all their pages are made anew.
        "MALLOC_MMAP_THRESHOLD_": "1000000000",
        "MALLOC_TRIM_THRESHOLD_": "10000000000",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",  # else its debugger warns of Python's own frozen modules
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    }
    warm = Warm("tests.lessons.preloaded", env=environment)
    AT_THE_END.callback(warm.close)
    return warm
