"""How often chance alone is blamed, and how often a mistake hides behind it: exact probabilities, not simulations."""

import itertools
import math

import numpy as np
import pytest

from course.autograder import judge
from course.autograder.checks import find_check, list_checks
from course.autograder.checks.chance import bounds, relations
from course.autograder.checks.chance import coins as toss
from course.autograder.checks.chance.bounds import (
    ALPHA,
    few_rows,
    largest_chance,
    may_surprise,
    scattered,
    surprise,
    surprising,
)
from course.autograder.checks.chance.forms import Quadratic, Weighted
from course.autograder.checks.dropout import units as dropout_units
from course.autograder.checks.dropout.chance import CALLS, batch_sharing, coins, rates
from course.autograder.checks.dropout.masks import repeats
from course.autograder.checks.dropout.monte_carlo import Summary
from course.autograder.checks.language.seen import Seen
from course.autograder.checks.language.stand_ins import Thinned
from course.autograder.judging import question
from course.reference import dropout

P_AS_KEEP = "p taken for the keep probability"
RATES = [0.1, 0.2, 0.3, 0.5, 0.68, 0.8, 0.9]


def log_binomial(n, q):
    """log P(X = k) for k = 0..n."""
    log = np.array([math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) for k in range(n + 1)])
    k = np.arange(n + 1)
    return log + k * math.log(q) + (n - k) * math.log1p(-q)


def rejected(n, q):
    """Which counts are beyond chance: the two ends of 0..n, found by bisection."""
    likely = round(n * q)
    low, high = -1, n + 1
    if surprising(0, n, q):
        low, inside = 0, likely
        while inside - low > 1:
            middle = (low + inside) // 2
            low, inside = (middle, inside) if surprising(middle, n, q) else (low, middle)
    if surprising(n, n, q):
        high, inside = n, likely
        while high - inside > 1:
            middle = (high + inside) // 2
            high, inside = (middle, inside) if surprising(middle, n, q) else (high, middle)
    return low, high


def probability_of_rejection(n, claimed, real):
    low, high = rejected(n, claimed)
    p = np.exp(log_binomial(n, real))
    return p[: low + 1].sum() + p[high:].sum()


@pytest.mark.parametrize("q", RATES)
@pytest.mark.parametrize("n", [1, 30, 200, 1000, 7000])
def test_a_fair_coin_is_blamed_in_alpha_of_all_cases_at_most(n, q):
    assert probability_of_rejection(n, q, q) <= ALPHA
    assert n < 200 or probability_of_rejection(n, q, q) > ALPHA * 1e-4  # and the bound is not idle


def test_sure_things():
    assert surprise(5, 5, 1.0) == 0 and surprise(0, 5, 0.0) == 0
    assert surprising(4, 5, 1.0) and surprising(1, 5, 0.0)


@pytest.mark.parametrize(("n", "a", "b"), [(300, 210, 205), (713, 500, 480), (811, 690, 685)])
def test_the_bound_holds_for_two_masks_of_given_counts(n, a, b):
    """The overlap of two independent masks, given how many each keeps, is hypergeometric."""

    def choose(n, k):
        return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)

    possible = range(max(0, a + b - n), min(a, b) + 1)
    log = {k: choose(b, k) + choose(n - b, a - k) - choose(n, a) for k in possible}
    assert sum(math.exp(v) for k, v in log.items() if surprising(k, a, b / n)) <= ALPHA
    assert surprising(a, a, b / n)


def test_equal_counts_by_chance_are_rarer_than_alpha():
    for n, q in ((390, 0.8), (336, 0.7), (311, 0.3), (480, 0.9)):
        assert largest_chance(n, q) == pytest.approx(np.exp(log_binomial(n, q).max()), rel=1e-9)
        assert largest_chance(n, q) ** (CALLS - 1) <= ALPHA / 2


def chance_of(n, groups, q, found):
    """The probability of independent counts of one Binomial with such a sum of squares, by adding one after the other."""
    sums = {0.0: 1.0}
    for _ in range(groups):
        new = {}
        for total, p in sums.items():
            for k in range(n + 1):
                key = round(total + (k - n * q) ** 2, 9)
                new[key] = new.get(key, 0.0) + p * math.comb(n, k) * q**k * (1 - q) ** (n - k)
        sums = new
    return sum(p for total, p in sums.items() if found(total))


@pytest.mark.parametrize(("n", "groups", "q"), [(6, 5, 0.7), (4, 8, 0.5), (9, 4, 0.2)])
def test_counts_of_fair_coins_are_called_scattered_less_often_than_alpha(n, groups, q, monkeypatch):
    """At bounds that so few coins can reach, the exact probability stays below."""

    def found(total):
        far = math.sqrt(total / groups)  # counts that are so far off together
        return scattered(np.full(groups, n * q + far), n, q) != 0

    for alpha in (0.3, 1e-2, 1e-4):
        monkeypatch.setattr(bounds, "ALPHA", alpha)
        assert chance_of(n, groups, q, found) <= alpha
    assert chance_of(n, groups, q, lambda total: True) == pytest.approx(1)


def test_counts_that_hardly_vary_and_such_that_vary_wildly_are_called_so():
    exact, wild = np.full(40, 21), np.where(np.arange(40) % 2, 10, 30)
    fair = np.random.default_rng(0).binomial(30, 0.7, 40)
    assert [scattered(counts, 30, 0.7) for counts in (exact, fair, wild)] == [-1, 0, 1]


def test_columns_of_fair_coins_are_called_few_less_often_than_alpha(monkeypatch):
    """All columns of two tosses at five places, each with its probability."""
    q, n, tosses = 0.6, 5, 2
    weights = np.array([q ** bin(c).count("1") * (1 - q) ** (tosses - bin(c).count("1")) for c in range(4)])
    for alpha in (0.5, 0.1, 0.02):
        monkeypatch.setattr(bounds, "ALPHA", alpha)
        blamed = 0.0
        for columns in itertools.product(range(4), repeat=n):
            kept = np.array([[c >> t & 1 for c in columns] for t in range(tosses)], dtype=bool)
            blamed += few_rows(kept, q) * weights[list(columns)].prod()
        assert blamed <= alpha


def test_columns_that_come_twice_are_called_few():
    kept = np.random.default_rng(0).random((CALLS, 150)) < 0.7
    assert not few_rows(kept, 0.7) and few_rows(np.concatenate([kept, kept], axis=1), 0.7)


def all_may(successes, trials, probability):
    return np.ones(len(successes), bool)


@pytest.mark.parametrize("q", [0.003, 0.1, 0.36, 0.5, 0.8, 0.998])
def test_a_look_at_many_counts_at_once_overlooks_none(q):
    for n in (1, 2, 7, 60, 400, 5_000):
        counts = np.arange(n + 1)
        beyond = np.array([surprising(int(k), n, q) for k in counts])
        may = may_surprise(counts, n, q)
        assert not (beyond & ~may).any() and (may & ~beyond).sum() <= 4
    assert may_surprise(np.array([0, 1]), np.array([0, 1]), 1e-20).tolist() == [False, True]


def test_a_class_of_a_thousand_sees_a_false_alarm_with_less_than_one_in_a_million(monkeypatch):
    counted, beyond = [], bounds.beyond

    def count(nats):
        counted.append(nats)
        return beyond(nats)

    monkeypatch.setattr(bounds, "beyond", count)
    for module in (
        relations,
        toss,
    ):  # what is passed over after a look at all of them is a test like any other
        monkeypatch.setattr(module, "may_surprise", all_may)
    namespace = solution()
    for name in list_checks("ps2_dropout"):
        functions = (namespace[f] for f in find_check(name).functions)
        assert judge(
            name, *functions, seed=77
        ).passed  # a seed of its own: what was tossed before is not counted
    assert 1000 < len(counted) < 15_000, len(counted)
    assert len(counted) * ALPHA * 1000 < 1e-6


def solution():
    """The instructor's functions, from the notebook."""
    from pathlib import Path

    import nbformat

    path = Path(__file__).parents[2] / "course" / "assignments" / "ps2_dropout" / "ps2_dropout.ipynb"
    namespace = {"np": np}
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("solution"):
            exec(cell.source, namespace)
    return namespace


# --- power ---


def coins_of(name, inputs):
    """How many coins a case tosses in all."""
    if name == "dropout_mask":
        return CALLS * math.prod(inputs["shape"])
    if name == "spatial_dropout_forward":
        return CALLS * math.prod(inputs["x"].shape[a] for a in inputs["dropout_param"].get("axis", (0, 1)))
    if name == "dropconnect_forward":
        return CALLS * inputs["x"].size * inputs["w"].shape[1]
    if name == "affine_relu_dropout":
        return int((dropout_units.hidden(inputs["x"], inputs["w"], inputs["b"]) > 0).sum())
    return CALLS * inputs["x"].size


RANDOM = [
    "dropout_mask",
    "dropout_forward.train",
    "spatial_dropout_forward",
    "dropconnect_forward",
    "affine_relu_dropout",
]


@pytest.mark.parametrize("name", RANDOM)
@pytest.mark.parametrize("mistake", ["one half instead of p", "normal instead of uniform", P_AS_KEEP])
def test_a_wrong_rate_goes_unseen_with_less_than_one_in_a_billion(name, mistake):
    check = find_check(name)
    for seed in range(3):
        missed = []
        for index in range(len(check.cases)):
            i = question(name, index, seed).values
            given = i.get("dropout_param", i)
            p = given["p"]
            if not 0 < p < 1 or given.get("mode") == "test":
                continue
            rate = dict(reversed(rates(p)))[mistake]
            missed.append(1 - probability_of_rejection(coins_of(name, i), 1 - p, rate))
        assert min(missed) < 1e-9, missed


@pytest.mark.parametrize("p", [0.1, 0.3, 0.8])
@pytest.mark.parametrize(
    ("axis", "told"), [((1,), "one mask for the whole batch"), ((0,), "one draw for each sample")]
)
def test_shared_coins_are_named_whatever_they_show(p, axis, told):
    for seed in range(20):
        kept = np.stack(dropout.masks((14, 23), p, seed, CALLS, axis)) > 0
        assert [f.misconception for f in coins("out", p, batch_sharing(2)).flaws(kept)] == [told]


def period(shape, p, rng):
    """Coins that come again after every third row."""
    return np.resize(rng.random((3, *shape[1:])) >= p, shape)


def sticky(shape, p, rng):
    """Each value falls like its neighbour half of the time."""
    kept, stay = rng.random(shape) >= p, rng.random(shape) < 0.5
    for k in range(1, shape[1]):
        kept[:, k] = np.where(stay[:, k], kept[:, k - 1], kept[:, k])
    return kept


def rows_and_columns(shape, p, rng):
    """A row mask times a column mask, with the right share."""
    q = math.sqrt(1 - p)
    return (rng.random((shape[0], 1)) < q) & (rng.random((1, shape[1])) < q)


def complement(shape, p, rng, last=[]):  # noqa: B006 - the memory is the mistake
    """Every second call drops what the one before kept: right on average at p = 0.5 alone."""
    last.append(rng.random(shape) >= p if len(last) % 2 == 0 else ~last[-1])
    return last[-1]


@pytest.mark.parametrize("toss", [period, sticky, rows_and_columns, complement])
@pytest.mark.parametrize("p", [0.3, 0.8])
def test_dependence_that_nobody_listed_is_found(toss, p):
    for seed in range(20):
        rng = np.random.default_rng(seed)
        kept = np.stack([toss((14, 23), p, rng) for _ in range(CALLS)])
        assert coins("out", p).flaws(kept)


def said_of(kept, p):
    return [flaw.misconception or flaw.advice for flaw in coins("out", p).flaws(kept)]


@pytest.mark.parametrize("p", [0.3, 0.8])
def test_coins_that_fall_apart_are_said_to_fall_together_too_rarely(p):
    numbers = np.random.default_rng(0).random((CALLS, 14, 23))
    numbers[:, 7:] = 1 - numbers[:, :7]
    told = "Values 7 apart along axis 0 are kept or dropped together too rarely."
    assert said_of(numbers >= p, p) == [told]
    numbers[:, 7:] = numbers[:, :7]
    assert said_of(numbers >= p, p) == [told.replace("rarely", "often")]


def test_a_share_that_is_not_quite_right_is_no_relation():
    """Independent coins at another probability, near enough for the share alone to look like chance now and then."""
    told = []
    for seed in range(100):
        kept = np.random.default_rng(seed).random((CALLS, 14, 23)) >= 0.843
        told += [flaw.plain or flaw.advice for flaw in coins("out", 0.8).flaws(kept)]
    assert told and all("of the values are kept at p = 0.8" in one for one in told), set(told)


def with_replacement(shape, p, rng):
    mask = np.ones(math.prod(shape))
    mask[rng.integers(0, mask.size, int(p * mask.size))] = 0
    return mask.reshape(shape)


def exponential(shape, p, rng):
    return (rng.exponential(size=shape) >= p) * 1.0


def test_indices_drawn_with_replacement_are_told_from_exponential_numbers():
    told = [judge("dropout_mask", with_replacement, seed=seed).misconceptions for seed in range(10)]
    assert told == [("indices drawn with replacement",)] * 10
    told = [judge("dropout_mask", exponential, seed=seed).misconceptions for seed in range(10)]
    assert told == [("numbers of another distribution",)] * 10


def repeated(first, second):
    """What is said of two masks of one generator."""
    flaws = repeats("mask", "again").flaws(
        Seen({"first": first}), {"mask": first, "second": second, "again": first}
    )
    return [flaw.misconception or flaw.advice for flaw in flaws]


def test_masks_with_a_coin_for_each_row_are_not_related_to_each_other():
    rng = np.random.default_rng(0)
    for p in (0.15, 0.8):
        for _ in range(200):
            first, second = (np.repeat(rng.random((23, 1)) >= p, 31, axis=1) for _ in range(2))
            assert repeated(first, second) in ([], ["nothing is dropped"], ["everything is dropped"])
    mask = rng.random((23, 31)) >= 0.3
    assert repeated(mask, mask.copy()) == ["the same mask on every call"]
    assert repeated(mask, ~mask) == ["The second mask is related to the first."]


@pytest.mark.parametrize(
    "draw",
    [lambda rng: np.random.default_rng(0), lambda rng: np.random.default_rng()],
    ids=["one", "another"],
)
def test_what_is_made_of_predictions_that_were_drawn_wrongly_is_not_called_right(draw):
    def spread(predict, x, n, rng):
        made = np.stack([predict(x, draw(rng)) for _ in range(n)])
        return made.mean(0), made.std(0)

    found = judge("mc_dropout", spread)
    assert found.misconceptions and found.right == () and "Right already" not in found.text()


def test_that_nothing_is_dropped_is_said_only_where_it_holds_on_every_case():
    def judged(mask):
        return judge("dropout_mask.generator", mask)

    assert judged(lambda shape, p, rng: np.ones(shape)).misconceptions == ("nothing is dropped",)
    for seed in range(5):
        one_coin = np.random.default_rng(seed)
        found = judged(lambda shape, p, rng: np.ones(shape) * (one_coin.random() >= p))  # noqa: B023 - called at once
        assert "No value is ever dropped" not in found.text()
        assert "Every value is dropped" not in found.text()


@pytest.mark.parametrize("shape", [(9,), (14, 23), (4, 5, 3)])
def test_the_pairs_of_a_distance_are_counted_alike_one_by_one_and_all_at_once(shape, monkeypatch):
    counted = []
    monkeypatch.setattr(relations, "together", lambda *counts: counted.append(counts))
    monkeypatch.setattr(relations, "may_surprise", all_may)
    for seed in range(3):
        kept = np.random.default_rng(seed).random((CALLS, *shape)) < 0.6
        for axis in range(kept.ndim):
            counted.clear()
            assert relations.related_lag(kept, axis, 0.4) == 0
            at_once = list(counted)
            counted.clear()
            for lag in relations.lags(kept.shape[axis]):
                relations.related(*relations.pairs(kept, axis, lag), 0.4)
            assert at_once == counted and len(counted) == kept.shape[axis] - 1


@pytest.mark.parametrize("p", [0.1, 0.35, 0.8])
@pytest.mark.parametrize("shape", [(311,), (14, 23), (7, 5, 4, 3)])
def test_fair_independent_coins_pass(p, shape):
    for seed in range(40):
        kept = np.random.default_rng(seed).random((CALLS, *shape)) >= p
        assert coins("out", p, batch_sharing(len(shape))).flaws(kept) == []


@pytest.mark.parametrize("shape", [(1, 3, 2), (5, 7, 4), (40, 6, 2)])
def test_mean_and_spread_of_predictions_are_paddles(shape):
    predictions = np.random.default_rng(0).normal(3, 2, size=shape)
    asked = {
        "n": shape[0],
        "x": np.zeros((shape[1], 3)),
        "predict": Thinned(np.zeros((2, 3, shape[2])), np.zeros((2, shape[2]))),
    }
    ours, paddles = Summary().of(asked, predictions), dropout.spread(predictions)
    assert all(np.allclose(ours[path], paddles[path], rtol=1e-12, atol=1e-14) for path in paddles)


def test_a_form_has_no_answer_where_there_is_no_draw():
    assert Weighted("predictions", np.ones(()), (0,)).of(Seen()) is None
    assert Quadratic("predictions", (0,), 1.0, 0.0, 0.5).of(Seen()) is None
