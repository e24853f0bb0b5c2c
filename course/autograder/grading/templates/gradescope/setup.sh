#!/usr/bin/env bash
# Run once, when Gradescope builds the image: a Python of the course's own, and every package at its pinned version.
set -euo pipefail
AUTOGRADER="${AUTOGRADER:-/autograder}"
apt-get update
apt-get install -y --no-install-recommends python3-venv ca-certificates
python3 -m venv "$AUTOGRADER/installer"
"$AUTOGRADER/installer/bin/python" -m pip install --quiet "$(grep '^uv==' "$AUTOGRADER/source/installer.txt")"
"$AUTOGRADER/installer/bin/uv" venv --python 3.12 "$AUTOGRADER/venv"
"$AUTOGRADER/installer/bin/uv" pip install --quiet --python "$AUTOGRADER/venv/bin/python" -r "$AUTOGRADER/source/requirements.txt"
"$AUTOGRADER/venv/bin/python" -c 'import matplotlib.font_manager'
chmod -R go-rwx "$AUTOGRADER/source"
