"""A mistake of the forward pass is paid for once: a gradient that is its own earns a share, and a trivial one nothing."""

import numpy as np
import pytest

from course.autograder.checks import find_check
from course.autograder.checks.language.protocol import perform
from course.autograder.judging import answers
from course.autograder.judging.deciding import decided, weighed
from course.autograder.judging.following import may_follow, with_own_gradient
from course.autograder.judging.rules import STANDARD, Rules

pytestmark = pytest.mark.filterwarnings("ignore")
BATCH, LAYER, CONV, POOL = (
    "batchnorm_backward",
    "layernorm_backward",
    "conv_backward_naive",
    "max_pool_backward",
)
ALL_CALLS = 600


def followed(name, *functions, rules=STANDARD):
    """The verdict without follow-up marks, the one with them, and how many more calls it took."""
    check = find_check(name)
    by_name = dict(zip(check.functions, functions, strict=True))
    calls = []

    def ask(further):
        calls.extend(further)
        return [perform(*one, by_name) for one in further]

    with np.errstate(all="ignore"):
        tally = weighed(check, lambda *asked: perform(*asked, by_name))
        plain = decided(check, tally, graded=True)
        if not may_follow(check, plain, rules):
            return plain, plain, 0
        return plain, with_own_gradient(check, tally, plain, rules, ask), len(calls)


def normalizer(axis, moments=lambda x, m, v: v, epsilon=0.0):
    """A normalising forward pass with a variance of one's own, and its own right gradient."""

    def forward(x, gamma, beta, param):
        mean = x.mean(axis=axis, keepdims=True)
        var = ((x - mean) ** 2).mean(axis=axis, keepdims=True)
        eps = param.get("eps", 1e-5) + epsilon
        root = np.sqrt(var + eps)
        x_hat = (x - mean) / root
        return gamma * x_hat + beta, (x_hat, root, gamma)

    def backward(dout, cache):
        x_hat, root, gamma = cache
        g = gamma * dout
        dx = (g - g.mean(axis, keepdims=True) - x_hat * (g * x_hat).mean(axis, keepdims=True)) / root
        return dx, (dout * x_hat).sum(0), dout.sum(0)

    return forward, backward


WRONG_EPSILON = normalizer(0, epsilon=0.1)  # no mistake with a name


def test_the_gradient_of_ones_own_wrong_forward_pass_earns_its_share():
    plain, verdict, calls = followed(BATCH, *WRONG_EPSILON)
    assert plain.points == pytest.approx(12 / 5), "dbeta alone does not depend on the moments"
    assert verdict.points == pytest.approx(12 * (4 * 0.8 + 1) / 5)
    assert (
        not verdict.passed and "dx, dgamma are not right, but are the gradient of your own" in verdict.text()
    )
    assert "80% of the points" in verdict.text() and "batchnorm_forward" in verdict.html()
    assert 0 < calls <= ALL_CALLS


def test_the_share_is_the_instructors_and_none_asks_nothing():
    assert followed(BATCH, *WRONG_EPSILON, rules=Rules(own_gradient=0.5))[1].points == pytest.approx(
        12 * 3 / 5
    )
    plain, verdict, calls = followed(BATCH, *WRONG_EPSILON, rules=Rules(own_gradient=0.0))
    assert verdict is plain and not calls


def test_an_epsilon_of_ones_own_is_followed_in_layer_norm_too():
    functions = answers.functions_of("ps4_normalizers")
    forward, backward = functions["layernorm_forward"], functions["layernorm_backward"]

    def wrong(x, gamma, beta, param):
        return forward(x, gamma, beta, {**param, "eps": 0.1})

    _, verdict, _ = followed(LAYER, wrong, backward)
    assert verdict.points == pytest.approx(16 * (3 * 0.8 + 1) / 4)


def test_a_gradient_that_is_wrong_by_itself_earns_nothing():
    forward, backward = WRONG_EPSILON
    for spoilt in (
        lambda dout, cache: (1.001 * (g := backward(dout, cache))[0], *g[1:]),
        lambda dout, cache: (0 * (g := backward(dout, cache))[0], *g[1:]),
    ):
        _, verdict, _ = followed(BATCH, forward, spoilt)
        assert verdict.points == pytest.approx(12 * (0.8 + 1) / 5), "dgamma is right by its own forward pass"


def test_over_a_right_forward_pass_nothing_more_is_asked():
    forward, backward = normalizer(0)
    plain, verdict, calls = followed(BATCH, forward, lambda d, c: tuple(2 * g for g in backward(d, c)))
    assert verdict is plain and not calls and plain.points == 0


def test_a_gradient_that_is_wrong_where_the_forward_pass_is_right_earns_nothing_either():
    right, wrong = normalizer(0), WRONG_EPSILON

    def forward(x, *rest):
        out, cache = (wrong if x.shape == (7, 5) else right)[0](x, *rest)
        return out, (cache, x.shape == (7, 5))

    def backward(dout, cache):
        found = right[1](dout, cache[0])
        return found if cache[1] else tuple(2 * gradient for gradient in found)

    plain, verdict, calls = followed(BATCH, forward, backward)
    assert verdict is plain and not calls


@pytest.mark.slow
@pytest.mark.parametrize("name", [CONV, POOL])
def test_what_is_linear_or_picks_values_is_followed_too(name):
    functions = answers.functions_of(find_check(name).assignment)
    forward, backward = (functions[one] for one in find_check(name).functions)
    if name == CONV:
        wrong = (
            lambda x, w, b, p: forward(1.5 * x, w, b, p),
            lambda d, c: (1.5 * (g := backward(d, c))[0], *g[1:]),
        )
    else:  # the minimum for the maximum
        wrong = (
            lambda x, p: (lambda out, cache: (-out, cache))(*forward(-x, p)),
            backward,
        )
    plain, verdict, calls = followed(name, *wrong)
    assert verdict.points > plain.points and calls <= ALL_CALLS, verdict.text()


def _numeric(forward):
    """A backward pass that differentiates whatever its forward pass is."""

    def kept(x, gamma, beta, param):
        return forward(x, gamma, beta), (x.copy(), gamma.copy(), beta.copy())

    def backward(dout, cache):
        found = []
        for at, array in enumerate(cache):
            gradient = np.zeros_like(array, dtype=float)
            for index in np.ndindex(array.shape):
                ends = []
                for step in (1e-5, -1e-5):
                    moved = [one.astype(float) for one in cache]
                    moved[at][index] += step
                    ends.append((forward(*moved) * dout).sum())
                gradient[index] = (ends[0] - ends[1]) / 2e-5
            found.append(gradient)
        return tuple(found)

    return kept, backward


TRIVIAL = {
    "a constant": lambda x, gamma, beta: np.zeros(x.shape),
    "x itself": lambda x, gamma, beta: 1.0 * x,
    "x scaled and shifted": lambda x, gamma, beta: gamma * x + beta,
    "each value by itself, curved": lambda x, gamma, beta: gamma * np.tanh(x) + beta,
    "only centred": lambda x, gamma, beta: gamma * (x - x.mean(0)) + beta,
    "centred, with a little curve": lambda x, gamma, beta: gamma * (x - x.mean(0)) + beta + 0.01 * (x**2).mean(0),
    "the batch's mean alone": lambda x, gamma, beta: gamma * (x.mean(0) + 0 * x) + beta,
    "the mean of squares alone": lambda x, gamma, beta: gamma * ((x**2).mean(0) + 0 * x) + beta,
    "a product with the mean": lambda x, gamma, beta: x * x.mean(0),
    "a sum that is curved": lambda x, gamma, beta: np.sin(x.sum()) + 0 * x,
    "beta alone": lambda x, gamma, beta: beta + 0 * x,
    "NaN": lambda x, gamma, beta: np.nan * x,
    "another shape": lambda x, gamma, beta: x.mean(0),
}  # fmt: skip


@pytest.mark.parametrize("forward", TRIVIAL.values(), ids=TRIVIAL.keys())
def test_a_forward_pass_made_trivial_on_purpose_earns_nothing_by_its_gradient(forward):
    plain, verdict, calls = followed(BATCH, *_numeric(forward))
    assert verdict is plain and calls <= ALL_CALLS, verdict.text()


def test_one_that_turns_trivial_once_it_is_differentiated_earns_nothing():
    """It gives a wrong normalisation while it is judged, and x and dout as soon as it is asked again and again."""
    forward, _ = WRONG_EPSILON
    calls = []

    def two_faced(x, gamma, beta, param):
        calls.append(1)
        return (1.0 * x, ()) if len(calls) > 40 else (forward(x, gamma, beta, param)[0], ())

    plain, verdict, _ = followed(BATCH, two_faced, lambda d, c: (1.0 * d, 0 * d.sum(0), d.sum(0)))
    assert verdict is plain


def test_where_constants_are_kept_out_of_the_derivative_it_is_not_looked_for():
    """Batch renorm's r and d count as constants, so its gradient is not the derivative of its forward pass."""
    functions = answers.functions_of("ps4_normalizers")
    forward, backward = functions["batch_renorm_forward"], functions["batch_renorm_backward"]

    def wrong(x, gamma, beta, param):
        return forward(x, gamma, beta, {**param, "eps": 0.5})

    plain, verdict, calls = followed("batch_renorm_backward", wrong, backward)
    assert verdict is plain and not calls
