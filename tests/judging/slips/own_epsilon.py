"""Epsilons of one's own in test mode, down to those that are too small to be told from none."""

import numpy as np

from course.autograder.judging.answers import functions_of
from tests.judging.slips import Slips

SLIPS = Slips()
FORWARD = functions_of("ps1_batchnorm")["batchnorm_forward"]


def served_with(own):
    """Batch norm that is right but for its epsilon in test mode."""

    def batchnorm_forward(x, gamma, beta, bn_param):
        out, cache = FORWARD(x, gamma, beta, bn_param)
        if bn_param["mode"] == "test":
            with np.errstate(divide="ignore", invalid="ignore"):
                root = np.sqrt(bn_param["running_var"] + own)
                out = gamma * (x - bn_param["running_mean"]) / root + beta
        return out, cache

    return batchnorm_forward


for _own, _name in {
    1e-3: "epsilon hard-coded as 0.001",
    1e-5: "epsilon hard-coded",
    1e-6: "epsilon hard-coded as 1e-06",
    1e-8: "epsilon hard-coded as 1e-08",
    1e-12: "no epsilon",
    0.0: "no epsilon",
}.items():
    for _check in ("batchnorm_forward.running", "batchnorm_forward.test"):
        SLIPS.add(f"an epsilon of {_own:g} in test mode", _check, served_with(_own), named=(_name,))
