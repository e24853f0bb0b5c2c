"""The references of dropout against an independent numpy truth, Paddle's own op, and slopes measured in float64."""

import itertools

import numpy as np
import pytest

from course.autograder import judge
from course.autograder.checks.language.protocol import look_up
from course.autograder.checks.language.stand_ins import Thinned, lay_out
from course.reference import dropout
from course.reference.batch_norm import tensor
from course.reference.dropout import DOWNSCALE, UPSCALE
from course.reference.framework import paddle

F = paddle.nn.functional
SHAPES = [(23,), (7, 5), (4, 3, 6), (2, 3, 4, 5)]
SETTINGS = list(itertools.product(("train", "test"), (UPSCALE, DOWNSCALE)))
PS = [0.0, 0.15, 0.3, 0.8, 1.0]


def truth(x, mask, p, mode, scaling):
    """The table of the two scalings, written out element by element."""
    out = np.empty_like(x)
    for index in np.ndindex(x.shape):
        if mode == "test":
            out[index] = x[index] if scaling == "upscale_in_train" else x[index] * (1 - p)
        elif mask[index] == 0:
            out[index] = 0
        else:
            out[index] = x[index] / (1 - p) if scaling == "upscale_in_train" else x[index]
    return out


def coins(shape, p, seed=1):
    return (np.random.default_rng(seed).random(shape) >= p).astype(float)


def slope(f, x, h=1e-6):
    grad = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[index] += h
        down[index] -= h
        grad[index] = (f(up) - f(down)) / (2 * h)
    return grad


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("mode", "scaling"), SETTINGS)
@pytest.mark.parametrize("p", PS)
def test_formula_for_a_given_mask(shape, mode, scaling, p):
    x, mask = np.random.default_rng(0).normal(size=shape), coins(shape, p)
    got = dropout.apply(x, mask, p, mode, scaling)
    np.testing.assert_allclose(got, truth(x, mask, p, mode, scaling), rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("scaling", [UPSCALE, DOWNSCALE])
@pytest.mark.parametrize("p", PS)
def test_paddles_op_does_the_same_with_its_own_mask(shape, scaling, p):
    x = np.random.default_rng(0).normal(size=shape)
    (mask,) = dropout.masks(shape, p, 77)
    assert set(np.unique(mask)) <= {0.0, 1.0}
    got = dropout.dropout(x, p, 77, scaling)
    np.testing.assert_allclose(got, dropout.apply(x, mask, p, "train", scaling), rtol=1e-6, atol=1e-12)
    np.testing.assert_allclose(got, truth(x, mask, p, "train", scaling), rtol=1e-6, atol=1e-12)


def test_masks_follow_their_seed_and_leave_paddles_generator_alone():
    paddle.seed(3)
    wanted = paddle.rand([4]).numpy()
    paddle.seed(3)
    first, second = dropout.masks((9, 8), 0.4, 5, 2)
    again, other = dropout.masks((9, 8), 0.4, 5)[0], dropout.masks((9, 8), 0.4, 6)[0]
    assert np.array_equal(paddle.rand([4]).numpy(), wanted)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, second) and not np.array_equal(first, other)


@pytest.mark.parametrize("axis", [(0,), (1,), (0, 1), (1, 2), (0, 2)])
def test_masks_vary_along_axis_and_nowhere_else(axis):
    (mask,) = dropout.masks((12, 11, 10), 0.4, 9, axis=axis)
    constant = [a for a in range(3) if (mask == mask.take([0], a)).all()]
    assert constant == [a for a in range(3) if a not in axis]


@pytest.mark.parametrize(("mode", "scaling"), SETTINGS)
@pytest.mark.parametrize("p", PS)
def test_gradient_is_the_slope(mode, scaling, p):
    rng = np.random.default_rng(2)
    x, dout, mask = rng.normal(size=(5, 4)), rng.normal(size=(5, 4)), coins((5, 4), p)
    got = dropout.gradient(x, dout, mask, p, mode, scaling)
    wanted = slope(lambda v: np.sum(dout * truth(v, mask, p, mode, scaling)), x)
    np.testing.assert_allclose(got, wanted, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("p", [0.0, 0.15, 0.8])
def test_converted_weights_predict_the_same(p):
    rng = np.random.default_rng(3)
    h, w = rng.normal(size=(6, 5)), rng.normal(size=(5, 4))
    for trained, served in itertools.product((UPSCALE, DOWNSCALE), repeat=2):
        before = F.dropout(tensor(h), p, training=False, mode=trained).numpy() @ w
        converted = dropout.convert_weights(w, p, trained, served)
        after = F.dropout(tensor(h), p, training=False, mode=served).numpy() @ converted
        np.testing.assert_allclose(after, before, rtol=1e-6)
        assert np.allclose(converted, w) == (trained == served or p == 0)


@pytest.mark.parametrize(("mode", "scaling"), SETTINGS)
def test_dropconnect_sample_by_sample(mode, scaling):
    rng = np.random.default_rng(4)
    x, w, b, mask = (
        rng.normal(size=(6, 3)),
        rng.normal(size=(3, 5)),
        rng.normal(size=5),
        coins((6, 4, 5), 0.3),
    )
    wanted = np.empty((6, 5))
    for n in range(6):
        wn, bn = (truth(v, m, 0.3, mode, scaling) for v, m in ((w, mask[n, :3]), (b, mask[n, 3])))
        wanted[n] = x[n] @ wn + bn
    got = dropout.dropconnect(x, w, b, mask, 0.3, mode, scaling)
    np.testing.assert_allclose(got, wanted, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize(("mode", "scaling"), SETTINGS)
def test_affine_relu_dropout_and_its_slopes(mode, scaling):
    rng = np.random.default_rng(5)
    x, w, b, dout = (rng.normal(size=s) for s in ((6, 3), (3, 4), 4, (6, 4)))
    mask = coins((6, 4), 0.4)

    def out(x, w, b):
        return truth(np.maximum(x @ w + b, 0), mask, 0.4, mode, scaling)

    got = dropout.affine_relu_dropout(x, w, b, dout, mask, 0.4, mode, scaling)
    np.testing.assert_allclose(got["out"], out(x, w, b), rtol=1e-6, atol=1e-9)
    for name, value, at in (("dx", x, 0), ("dw", w, 1), ("db", b, 2)):
        args = [x, w, b]
        wanted = slope(lambda v, k=at, a=args: np.sum(dout * out(*a[:k], v, *a[k + 1 :])), value)
        np.testing.assert_allclose(got[name], wanted, rtol=1e-5, atol=1e-7)


def test_spread_divides_by_n():
    y = np.random.default_rng(6).normal(size=(5, 3, 2))
    got = dropout.spread(y)
    mean = sum(y) / 5
    np.testing.assert_allclose(got["mean"], mean, rtol=1e-12)
    np.testing.assert_allclose(got["std"], np.sqrt(sum((v - mean) ** 2 for v in y) / 5), rtol=1e-9)


def test_a_thinned_net_remembers_what_it_was_asked():
    rng = np.random.default_rng(7)
    weights, biases = rng.normal(size=(3, 4, 2)), rng.normal(size=(3, 2))
    net = lay_out(Thinned(weights, biases))
    x = rng.normal(size=(5, 4))
    out = net(x, np.random.default_rng(1))
    out[...] = 0  # what the caller does to its answer is not remembered
    one = net(x[0], np.random.default_rng(2))
    given, returned = (
        look_up({"predict": net}, "predict.given"),
        look_up({"predict": net}, "predict.returned"),
    )
    assert (
        one.shape == (2,)
        and np.array_equal(given, np.vstack([x, x[:1]]))
        and np.array_equal(returned[-1], one)
    )
    for row, answer in zip(given, returned, strict=True):
        assert any(np.allclose(row @ w + b, answer) for w, b in zip(weights, biases, strict=True))


# --- what a student is told ---


def told(name, *functions):
    return judge(name, *functions).text()


def test_a_net_asked_without_a_generator_says_so():
    text = told("mc_dropout", lambda predict, x, n, rng: predict(x, None))
    assert "predict(x, rng) draws from a numpy Generator; rng is a NoneType" in text


def test_a_net_asked_the_wrong_number_of_times_says_how_often():
    def mc_dropout(predict, x, n, rng):
        answers = [predict(x, rng) for _ in range(n + 3)]
        return np.mean(answers, axis=0), np.std(answers, axis=0)

    assert "Each row of x went through predict 8 times; n = 5 were asked for." in told(
        "mc_dropout", mc_dropout
    )


def test_a_forward_pass_without_a_cache_is_told_what_was_wanted():
    assert "wanted (out, cache)" in told("dropout_forward.train", lambda x, dropout_param: x)


def test_a_later_call_that_fails_costs_the_output():
    made = []

    def dropout_mask(shape, p, rng):
        made.append(shape)
        return coins(shape, p) if len(made) % 16 == 1 else None

    verdict = judge("dropout_mask", dropout_mask)
    assert verdict.points == 0 and "mask from calls 2 to 16: It is None" in verdict.text()
    assert verdict.text().count("None") == 1


def test_a_rate_that_nobody_names_is_told_as_a_share():
    text = told("dropout_mask", lambda shape, q, rng: (rng.random(shape) >= q * 0.85) * 1.0)
    assert "of the values are kept at p = 0.8; chance alone does not do that." in text


def test_a_mask_of_another_shape_is_a_matter_of_shape():
    text = told("dropout_mask", lambda shape, p, rng: (rng.random(shape[::-1]) >= p) * 1.0)
    assert "Yours has shape (21, 16); (16, 21) is wanted." in text
