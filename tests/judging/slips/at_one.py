"""Dropout's relatives at p = 1 in test mode, where nothing is dropped: taken for training, or divided by 0."""

import numpy as np

from course.autograder.judging.answers import functions_of
from tests.judging.slips import Slips

SLIPS = Slips()

RIGHT = functions_of("ps2_dropout")
SPATIAL, CONNECT = RIGHT["spatial_dropout_forward"], RIGHT["dropconnect_forward"]
FORWARD, BACKWARD = RIGHT["affine_relu_dropout_forward"], RIGHT["affine_relu_dropout_backward"]
NONE_LEFT = ("everything dropped at test time where p is 1",)


def nothing_at_one(x, dropout_param):
    return np.zeros_like(x) if dropout_param["p"] == 1 else SPATIAL(x, dropout_param)


def no_connection_at_one(x, w, b, dropout_param):
    lost = dropout_param["p"] == 1
    return CONNECT(x, 0 * w, 0 * b, dropout_param) if lost else CONNECT(x, w, b, dropout_param)


def no_unit_at_one(x, w, b, dropout_param):
    out, cache = FORWARD(x, w, b, dropout_param)
    lost = dropout_param["p"] == 1
    return (0 * out, (x, 0 * w, False, cache[3])) if lost else (out, cache)


def no_gradient_at_one(dout, cache):
    dx, dw, db = BACKWARD(dout, cache)
    return dx, dw * (cache[2] is not False), db


def divided_whatever_the_mode(function):
    """The scale of training is computed before the mode is asked for."""

    def asked(*given):
        1 / (1 - given[-1]["p"])
        return function(*given)

    return asked


SLIPS.add("nothing left at p = 1", "spatial_dropout_forward", nothing_at_one, named=NONE_LEFT)
SLIPS.add("nothing left at p = 1", "dropconnect_forward", no_connection_at_one, named=NONE_LEFT)
SLIPS.add("nothing left at p = 1", "affine_relu_dropout", no_unit_at_one, no_gradient_at_one, named=NONE_LEFT)
for _check, _function, *_others in (
    ("spatial_dropout_forward", SPATIAL),
    ("dropconnect_forward", CONNECT),
    ("affine_relu_dropout", FORWARD, BACKWARD),
):
    SLIPS.add("divided by 1 - p whatever the mode", _check, divided_whatever_the_mode(_function), *_others,
              said="raised ZeroDivisionError")  # fmt: skip
