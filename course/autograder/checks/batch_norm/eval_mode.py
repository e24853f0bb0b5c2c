"""ps1, the forward pass in test mode: the running statistics normalise, and stay as they are."""

from typing import Any

from course.autograder.checks.batch_norm import variants as v
from course.autograder.checks.batch_norm.forward import FORWARD, NORMALISING, given
from course.autograder.checks.batch_norm.pieces import ASSIGNMENT
from course.autograder.checks.batch_norm.variants import RUNNING_MEAN, RUNNING_VAR, STATE
from course.autograder.checks.language import BATCH_NORM, RUNNING, Case, Inputs, Mistake, Output, check, draws
from course.autograder.checks.language.wrong import only, where
from course.reference import batch_norm


def _out(**switches: Any) -> Any:
    """A mistake in test mode's out: its switches, on the running statistics."""

    def wrong(i: Inputs) -> Any:
        s = v.state(i)
        return {"out": v.with_statistics(i, s["running_mean"], s["running_var"], **switches)}

    return wrong


def _small_variance(i: Inputs) -> Inputs:
    return {"bn_param": {**i["bn_param"], "running_var": i["bn_param"]["running_var"] * 1e-4}}


TEST_CHECK = check(
    ASSIGNMENT,
    "batchnorm_forward.test",
    6,
    (FORWARD,),
    outputs=(
        Output("out", BATCH_NORM, 4),
        Output(RUNNING_MEAN, RUNNING, guard=True),
        Output(RUNNING_VAR, RUNNING, guard=True),
    ),
    cases=(
        Case("seven samples of five features", given((7, 5), "test", momentum=0.9)),
        Case("a single sample", given((1, 4), "test")),
        Case(
            "a running variance near 0.0001", draws.altered(given((6, 4), "test", sd=0.01), _small_variance)
        ),
        Case("another epsilon", given((5, 3), "test", eps=1e-2)),
        Case("float32 input", given((6, 4), "test", dtype="float32", eps=1e-3)),
    ),
    reference=v.served,
    mistakes={
        "batch statistics at test time": Mistake(
            "In test mode normalise by the running statistics; you used the batch's own.",
            lambda i: {"out": v.forward(i)},
        ),
        "test mode moves the running statistics": Mistake(
            "Test mode only reads the running statistics; yours changed after the call.",
            where(lambda i: len(i["x"]) > 1, only(v.trained, *STATE)),
        ),
        "not normalised in test mode": Mistake(
            "You only scaled and shifted x; subtract the running mean and divide by the running deviation first.",
            lambda i: {"out": batch_norm.scale_shift(i["x"], i["gamma"], i["beta"])},
        ),
        "running statistics ignored": Mistake(
            "You normalised by mean 0 and variance 1; read running_mean and running_var from bn_param.",
            lambda i: {"out": v.with_statistics(i, 0 * i["gamma"], 0 * i["gamma"] + 1)},
        ),
        "x returned as it came": Mistake(
            "The output is x itself: test mode normalises too, only by other statistics.",
            lambda i: {"out": i["x"]},
        ),
        "epsilon outside the root": NORMALISING["epsilon outside the root"].by(_out(eps="outside")),
        "no epsilon": NORMALISING["no epsilon"].by(_out(eps="none")),
        "epsilon hard-coded": NORMALISING["epsilon hard-coded"].by(_out(eps=1e-5)),
        "divided by the variance": Mistake(
            "You divide by the running variance; divide by its square root.", _out(root=False)
        ),
        "mean not subtracted": Mistake("Subtract the running mean first.", _out(centred=False)),
        "gamma forgotten": Mistake("gamma scales in test mode too.", _out(gamma="forgotten")),
        "beta forgotten": Mistake("beta shifts in test mode too.", _out(beta="forgotten")),
    },
)

CHECKS = (TEST_CHECK,)
