#!/usr/bin/env bash
# A class in forty parts, as a Slurm array: no scheduler of Dask's, no network between the machines. In the course folder:
#
#   sbatch deploy/slurm-array.sh ps1_batchnorm
#
# and when all are done, where the gradebook is: python -m course record shards
#SBATCH --job-name=grade
#SBATCH --array=1-40
#SBATCH --cpus-per-task=4
#SBATCH --mem=8G
#SBATCH --time=01:00:00
#SBATCH --output=grade-%A-%a.log
set -euo pipefail
export OMP_NUM_THREADS=1
.venv/bin/python -m course grade "$1" --jobs "$SLURM_CPUS_PER_TASK" --shard "$SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT"
