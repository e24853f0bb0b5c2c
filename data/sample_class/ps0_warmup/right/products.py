"""No function of numpy's that is made for it: masks and products."""

import numpy as np


def relu(x):
    return x * (x > 0)


def l1_norm(x):
    return (x * np.sign(x)) @ np.ones(x.shape[1])
