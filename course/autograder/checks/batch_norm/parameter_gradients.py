"""What goes wrong in a normaliser's dgamma and dbeta, and in what comes of a forward pass in between."""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from course.autograder.checks.batch_norm.gradient_parts import Formula, PartsOf
from course.autograder.checks.language import Arrays, Inputs, Mistake
from course.autograder.checks.language.wrong import Wrong, after, instead, of, swapped, without


def parameter_mistakes(parts: PartsOf, right: Wrong, axis: int) -> dict[str, Mistake]:
    """What goes wrong in dgamma and dbeta.

    Args:
        parts: of a case.
        right: the right gradients.
        axis: of x that gamma and beta run along.
    """

    def others(i: Inputs) -> tuple[int, ...]:
        return tuple(a for a in range(i["x"].ndim) if a != axis % i["x"].ndim)

    def collected(output: str, formula: Formula, collect: Callable[..., np.ndarray] = np.sum) -> Wrong:
        return of(output, lambda i: collect(formula(parts(i)).reshape(i["x"].shape), axis=others(i)))

    def as_it_is(output: str, formula: Formula) -> Wrong:
        return of(output, lambda i: formula(parts(i)).reshape(i["x"].shape))

    def of_one_sample(output: str, formula: Formula, place: int) -> Wrong:
        def wrong(i: Inputs) -> np.ndarray:
            share = np.broadcast_to(formula(parts(i)), parts(i).dout.shape).reshape(i["x"].shape)
            one = np.zeros_like(share)
            one[place] = share[place]
            return one.sum(axis=others(i))

        return of(output, wrong)

    def kept(i: Inputs) -> Arrays:
        shape = [1] * i["x"].ndim
        shape[axis] = -1
        return after(right, "dgamma", "dbeta", change=lambda gradient: gradient.reshape(shape))(i)

    def everything(i: Inputs) -> Arrays:
        return after(right, "dgamma", "dbeta", change=np.sum)(i)

    def returned_last(i: Inputs) -> Arrays:
        found = right(i)
        return {"dx": found["dgamma"], "dgamma": found["dbeta"], "dbeta": found["dx"]}

    return {
        "dgamma without x_hat": Mistake(
            "gamma multiplies x_hat, so dgamma sums dout times x_hat.", collected("dgamma", lambda p: p.dout)
        ),
        "dgamma with x instead of x_hat": Mistake(
            "gamma multiplies the normalised x_hat, not x.", collected("dgamma", lambda p: p.dout * p.x)
        ),
        "dgamma averaged": Mistake(
            "dgamma is a sum, not a mean: the mean, if any, is in dout already.",
            collected("dgamma", lambda p: p.dout * p.normalised, np.mean),
        ),
        "parameter gradients of all channels together": Mistake(
            "Each channel has a gamma and a beta of its own: keep its axis when you sum.",
            after(right, "dgamma", "dbeta", change=lambda gradient: np.full_like(gradient, gradient.sum())),
        ),
        "dgamma with the centred x": Mistake(
            "gamma multiplies x_hat, which is divided by the standard deviation; yours is only centred.",
            collected("dgamma", lambda p: p.dout * p.centred),
        ),
        "dgamma multiplied by gamma": Mistake(
            "dgamma sums dout times x_hat: dout has not passed gamma yet.",
            collected("dgamma", lambda p: p.g * p.normalised),
        ),
        "dgamma a product of two sums": Mistake(
            "Multiply dout by x_hat first, then sum; yours sums both first, and multiplies the sums.",
            of("dgamma", lambda i: right(i)["dbeta"] * parts(i).normalised.reshape(i["x"].shape).sum(axis=others(i))),
        ),
        "dgamma not summed": Mistake(
            "One gamma serves every sample: sum its gradient over them; the shape is gamma's.",
            as_it_is("dgamma", lambda p: p.dout * p.normalised),
        ),
        "dbeta averaged": Mistake(
            "dbeta is a sum, not a mean.", collected("dbeta", lambda p: p.dout, np.mean)
        ),
        "dbeta not summed": Mistake(
            "One beta serves every sample: sum its gradient over them; the shape is beta's.",
            as_it_is("dbeta", lambda p: p.dout),
        ),
        **{
            f"{output} of the {which} sample only": Mistake(
                f"One {parameter} serves every sample: add each one's share to {output}, do not assign it.",
                of_one_sample(output, formula, place),
            )
            for output, parameter, formula in (
                ("dgamma", "gamma", lambda p: p.dout * p.normalised),
                ("dbeta", "beta", lambda p: p.dout),
            )
            for which, place in (("first", 0), ("last", -1))
        },
        "dbeta multiplied by gamma": Mistake(
            "beta is added after gamma has multiplied: its gradient does not pass through gamma.",
            collected("dbeta", lambda p: p.g),
        ),
        "parameter gradients keep the summed axis": Mistake(
            "The values are right, a summed axis is still there: dgamma and dbeta have the shape of gamma and beta.",
            after(right, "dgamma", "dbeta", change=lambda gradient: gradient[None]),
        ),
        "parameter gradients keep all axes": Mistake(
            "The values are right, the summed axes are still there: dgamma and dbeta have the shape of gamma and beta.",
            kept,
        ),
        "parameter gradients summed over everything": Mistake(
            "There is one gradient for each gamma and beta: leave out their axis when you sum.", everything
        ),
        "dgamma and dbeta swapped": Mistake(
            "You return (dx, dbeta, dgamma); the order asked for is (dx, dgamma, dbeta).",
            swapped(right, "dgamma", "dbeta"),
        ),
        "dx returned last": Mistake(
            "You return (dgamma, dbeta, dx); the order asked for is (dx, dgamma, dbeta).",
            returned_last,
        ),
    }  # fmt: skip


def later_cache(right: Wrong, *names: str) -> Mistake:
    """The gradients of a student who keeps the cache of the last forward pass, whichever is handed in.

    Args:
        right: the right gradients.
        names: the inputs that a later forward pass was given others of, as `later_...`.
    """
    others = {name: functools.partial(_later, name) for name in names}
    return Mistake(
        "You use what the last forward pass left behind; the cache that comes in belongs to an earlier one.",
        without(instead(right, **others), "dbeta"),
    )


def _later(name: str, i: Inputs) -> Any:
    return i[f"later_{name}"]
