"""ps1, at work: the gradients of the affine - batch norm - ReLU block."""

from collections.abc import Callable

import numpy as np

from course.autograder.checks.batch_norm import variants as v
from course.autograder.checks.batch_norm.backward import (
    DPARAMETERS,
    DX,
    MAY_CHANGE,
    OF_A_MATRIX,
    one_state,
)
from course.autograder.checks.batch_norm.block import (
    ANOTHER_EPSILON,
    BLOCK,
    BLOCK_FORWARD,
    TRAINING_CASES,
    affine,
    block_given,
)
from course.autograder.checks.batch_norm.forward import no_gamma
from course.autograder.checks.batch_norm.parameter_gradients import later_cache
from course.autograder.checks.batch_norm.pieces import ASSIGNMENT
from course.autograder.checks.language import BATCH_NORM, CANCELLING, draws
from course.autograder.checks.language.spec import Arrays, Case, Inputs, Mistake, Output, check
from course.autograder.checks.language.spent import asked_twice, spent
from course.autograder.checks.language.wrong import (
    Wrong,
    after,
    but,
    inside,
    instead,
    of,
    only,
    returned_as,
    scaled,
    swapped,
    where,
    without,
)
from course.reference import batch_norm, batch_norm_net

GRADIENTS = ("dx", "dw", "db", "dgamma", "dbeta")


def _block(i: Inputs) -> Arrays:
    names = ("x", "w", "b", "gamma", "beta", "running_mean", "running_var", "dout", "eps", "momentum")
    given = {**i, **v.state(i)}
    return batch_norm_net.affine_bn_relu(*(given[name] for name in names))


_gradients = only(_block, *GRADIENTS)


def _throughaffine(i: Inputs, dz: np.ndarray) -> Arrays:
    """What comes out of the affine step for a gradient that comes in."""
    return {
        "dx": dz @ i["w"].T.astype(np.float64),
        "dw": i["x"].T.astype(np.float64) @ dz,
        "db": dz.sum(axis=0),
    }


def _linear_block(i: Inputs) -> Arrays:
    """The gradients where nothing is cut off by the ReLU."""
    bn = batch_norm.batch_norm_gradients(affine(i), i["gamma"], i["beta"], i["dout"], v.eps_of(i))
    return {**_throughaffine(i, bn["dx"]), "dgamma": bn["dgamma"], "dbeta": bn["dbeta"]}


def _positive(i: Inputs) -> np.ndarray:
    return _block(i)["out"] > 0


def _arriving(change: Callable[[Inputs], np.ndarray]) -> Wrong:
    """Another gradient arriving at batch norm than the ReLU lets through."""
    return without(instead(_linear_block, dout=lambda i: change(i).astype(i["dout"].dtype)), "db")


def _dz(i: Inputs) -> np.ndarray:
    """What batch norm sends back to the affine step."""
    bn = batch_norm.batch_norm_gradients(
        affine(i), i["gamma"], i["beta"], i["dout"] * _positive(i), v.eps_of(i)
    )
    return bn["dx"]


def _masked_late(i: Inputs) -> Arrays:
    """The ReLU's mask laid on what batch norm sends back."""
    bn = batch_norm.batch_norm_gradients(affine(i), i["gamma"], i["beta"], i["dout"], v.eps_of(i))
    return {**_throughaffine(i, bn["dx"] * _positive(i)), "dgamma": bn["dgamma"], "dbeta": bn["dbeta"]}


def _dw_of_one(place: int) -> Wrong:
    """dw from one sample's share."""

    def wrong(i: Inputs) -> Arrays:
        inside = _arriving_inside(i)
        x, gamma, beta, dout = (inside[name] for name in ("x", "gamma", "beta", "dout"))
        bn = batch_norm.batch_norm_gradients(x, gamma, beta, dout, v.eps_of(i))
        kept = np.zeros_like(bn["dx"])
        kept[place] = bn["dx"][place]
        return {"dw": _throughaffine(i, kept)["dw"]}

    return wrong


def _x_hat(i: Inputs) -> np.ndarray:
    return v.forward({**i, "x": affine(i), "gamma": np.ones_like(i["gamma"])}, beta="forgotten")


def _arriving_inside(i: Inputs) -> Inputs:
    return {**i, "x": affine(i), "dout": i["dout"] * _positive(i)}


def _on_to_affine(i: Inputs, found: Arrays) -> Arrays:
    return found | _throughaffine(i, found["dx"]) if "dx" in found else found


# A block calls batch norm's backward pass, or repeats it: its mistakes have the same names here.
OF_BACKWARD = inside(
    but(
        {**DX, **OF_A_MATRIX, **DPARAMETERS},
        "dx returned last",
        "dgamma and dbeta swapped",
        "parameter gradients keep all axes",
        "dx divided by n once more",  # the block's own words hold for the affine step as well
    ),
    _arriving_inside,
    _on_to_affine,
)

STEPS = (
    BLOCK,
    "later_out, later_cache = affine_bn_relu_forward(later_x, w, b, gamma, beta, later_bn_param)",
    f"{', '.join(GRADIENTS)} = affine_bn_relu_backward(dout, cache)",
)


def _twice(draw: draws.Draw) -> draws.Draw:
    return draws.twice(draw, "x", "bn_param")


def _at_zero(i: Inputs) -> Inputs:
    """A feature whose ReLU is given 0 everywhere."""
    at = np.arange(len(i["beta"])) == 1
    return {"gamma": np.where(at, 0.0, i["gamma"]), "beta": np.where(at, 0.0, i["beta"])}


BLOCK_BACKWARD = check(
    ASSIGNMENT,
    "affine_bn_relu_backward",
    4,
    STEPS,
    outputs=(
        Output("dx", BATCH_NORM, 2),
        Output("dw", BATCH_NORM, 2),
        Output("db", CANCELLING, guard=True),
        Output("dgamma", BATCH_NORM),
        Output("dbeta", BATCH_NORM),
    ),
    cases=(
        *(Case(case.name, _twice(case.draw)) for case in TRAINING_CASES if case != ANOTHER_EPSILON),
        asked_twice(
            f"{ANOTHER_EPSILON.name}, the gradient asked for twice", _twice(ANOTHER_EPSILON.draw), STEPS
        ),
        Case("a gamma of 0", _twice(no_gamma(block_given(8, 3, 5, eps=1e-3)))),
        Case("a gamma of 0 and a beta of 0", _twice(draws.altered(block_given(7, 4, 3, eps=1e-3), _at_zero))),
        one_state("one bn_param for both forward passes", STEPS, _twice(block_given(6, 5, 4, eps=1e-3))),
    ),
    reference=_gradients,
    rests_on=BLOCK_FORWARD,
    mistakes={
        "ReLU's mask missing": Mistake(
            "Where the ReLU put out 0, no gradient passes: cut dout off there first, by out > 0; out >= 0 is true everywhere.",
            without(_linear_block, "db"),
        ),
        "ReLU's mask from dout": Mistake(
            "The ReLU passes gradient where its INPUT was positive, whatever the sign of dout.",
            _arriving(lambda i: i["dout"] * (i["dout"] > 0)),
        ),
        "ReLU's mask from the affine output": Mistake(
            "The ReLU saw batch norm's output: cut off by its sign, not by that of the affine step.",
            _arriving(lambda i: i["dout"] * (affine(i) > 0)),
        ),
        "gradient where ReLU's input is 0": Mistake(
            "The ReLU passes gradient where its input was positive, and none where it was 0: compare with >, not >=.",
            _arriving(lambda i: i["dout"] * (v.forward({**i, "x": affine(i)}) >= 0)),
        ),
        "ReLU's mask inverted": Mistake(
            "The ReLU passes gradient where its input was positive; yours passes it where it was not.",
            _arriving(lambda i: i["dout"] * ~_positive(i)),
        ),
        "dout multiplied by the output": Mistake(
            "The ReLU's derivative is 1 where its input was positive, not the output itself.",
            _arriving(lambda i: i["dout"] * _block(i)["out"]),
        ),
        "ReLU's mask after batch norm": Mistake(
            "Backwards the ReLU comes first: cut dout off before it goes through batch norm.", _masked_late
        ),
        "batch norm skipped on the way back": Mistake(
            "What the affine step gets is what comes back through batch norm; yours gets what comes in there.",
            lambda i: _throughaffine(i, i["dout"].astype(np.float64) * _positive(i)),
        ),
        "dout handed straight to the affine step": Mistake(
            "What the affine step gets has come back through the ReLU and batch norm; yours gets dout.",
            lambda i: _throughaffine(i, i["dout"].astype(np.float64)),
        ),
        "gradient of a leaky ReLU": Mistake(
            "Where the ReLU put out 0 no gradient passes at all; yours lets a hundredth of it through.",
            _arriving(lambda i: np.where(_positive(i), i["dout"], 0.01 * i["dout"])),
        ),
        "ReLU's mask from x_hat": Mistake(
            "The ReLU saw gamma * x_hat + beta: cut off by the sign of that, not by that of x_hat.",
            _arriving(lambda i: i["dout"] * (_x_hat(i) > 0)),
        ),
        "w not transposed in dx": Mistake(
            "Back through x @ w goes dz @ w.T; yours has w as it is.",
            where(lambda i: i["w"].shape[0] == i["w"].shape[1], of("dx", lambda i: _dz(i) @ i["w"])),
        ),
        "a number for db": Mistake(
            "db is 0 here, one 0 for each entry of b: an array with the shape of b.",
            of("db", lambda i: np.zeros(())),
        ),
        "db summed over the features": Mistake(
            "b is added to every sample: sum over the samples (axis 0), and keep the features.",
            of("db", lambda i: _dz(i).sum(axis=1)),
        ),
        "gradients of the affine step divided by n": Mistake(
            "What the affine step hands on is not averaged: the only 1/n are those of the two averages in batch norm.",
            without(scaled(_gradients, "dx", "dw", by=lambda i: 1 / len(i["x"])), "db"),
        ),
        "dw transposed": Mistake(
            "dw has the shape of w, [D, M]; yours is its transpose.",
            after(_gradients, "dw", change=np.transpose),
        ),
        "dw averaged over the batch": Mistake(
            "dw sums over the samples: the mean, if any, is in dout already.",
            scaled(_gradients, "dw", by=lambda i: 1 / len(i["x"])),
        ),
        **{
            f"dw of the {which} sample only": Mistake(
                "Every sample has a share in dw: add them up, do not assign.", _dw_of_one(place)
            )
            for which, place in (("first", 0), ("last", -1))
        },
        "dx cut off where x is negative": Mistake(
            "x came into the affine step as it is: only the block's own ReLU cuts gradients off.",
            lambda i: {"dx": _gradients(i)["dx"] * (i["x"] > 0)},
        ),
        "dw and db swapped": Mistake(
            "The order asked for is (dx, dw, db, dgamma, dbeta).", swapped(_gradients, "dw", "db")
        ),
        "dgamma and dbeta swapped": Mistake(
            "The order asked for is (dx, dw, db, dgamma, dbeta).", swapped(_gradients, "dgamma", "dbeta")
        ),
        "db returned last": Mistake(
            "You return (dx, dw, dgamma, dbeta, db); the order asked for is (dx, dw, db, dgamma, dbeta).",
            returned_as(_gradients, {"db": "dgamma", "dgamma": "dbeta", "dbeta": "db"}),
        ),
        "cache of a later forward pass": later_cache(_gradients, "x", "bn_param"),
        **spent(_gradients),
        **OF_BACKWARD,  # last: of two that fit alike, the block's own is said
    },
    may_change=MAY_CHANGE,
)

CHECKS = (BLOCK_BACKWARD,)
