"""Workers as Slurm jobs, for `grade --cluster`: a scheduler here, on the login node, and its workers in the queue.

In the course folder, in the course's environment, with `pip install dask-jobqueue`; change the five lines below first:

    DASK_CONFIG=deploy/dask.yaml python deploy/slurm.py

It prints the address for `--cluster` and keeps so many workers queued until Ctrl-C ends it and them.
"""

import signal

from dask_jobqueue import SLURMCluster
from distributed.security import Security

PARTITION = "compute"
JOBS = 10  # machines, or parts of machines
CORES = 8  # of each job: so many submissions at once
MEMORY = (
    "16GB"  # of each job: 2 GB for each core; a submission may take 1 GB beside the 0.4 GB of a warm process
)
TIME = "02:00:00"

cluster = SLURMCluster(
    queue=PARTITION,
    cores=CORES,
    processes=1,  # one Dask worker a job, whose threads each have a process that grades
    memory=MEMORY,
    walltime=TIME,
    protocol="tls",
    security=Security(),  # the certificates are those that deploy/dask.yaml names
    scheduler_options={"port": 8786, "dashboard": False},
    worker_extra_args=["--no-dashboard", "--memory-limit", "0"],
    job_script_prologue=["export DASK_CONFIG=deploy/dask.yaml", "export OMP_NUM_THREADS=1"],
    local_directory="/tmp",
)
cluster.scale(jobs=JOBS)
print(f"python -m course grade ps1_batchnorm --cluster {cluster.scheduler_address}", flush=True)
signal.sigwait({signal.SIGINT, signal.SIGTERM})
cluster.close()
