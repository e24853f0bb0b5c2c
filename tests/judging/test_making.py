"""What makings say of outputs: their right pieces give the right answer, and wrong pieces are found from the numbers."""

import numpy as np
import pytest

from course.autograder.checks import find_check, list_checks
from course.autograder.judging.comparing import near, tolerance_of
from course.autograder.judging.computing import question
from course.autograder.judging.making import _made, _values, made_otherwise

SEED = 3
MADE = [(name, path) for name in list_checks() for path in find_check(name).makings]


def entries(name, path, choose):
    """Of each case that has values: the question, and the output put together with the chosen pieces."""
    check = find_check(name)
    making = check.makings[path]
    for index, case in enumerate(check.cases + check.hidden):
        if case.raises:
            continue
        asked = question(name, index, SEED)
        right = asked.right[path]
        values, taken = _values(making, np.array([choose]), path, asked, right.shape)
        made = _made(making, values, taken, slice(None))[0].reshape(right.shape)
        yield asked, right, made


def output_of(name, path):
    return next(output for output in find_check(name).outputs if output.path == path)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("name", "path"), MADE)
def test_the_right_pieces_make_the_right_output(name, path):
    pieces = find_check(name).makings[path].pieces
    told = 0
    for asked, right, made in entries(name, path, [0] * len(pieces)):
        if not np.isfinite(made).all():  # pieces that have no value there say nothing of it
            continue
        told += 1
        assert near(made, right.astype(np.float64), tolerance_of(output_of(name, path), asked.inputs, right))
    assert told >= 3


def chosen_for(name, path, count):
    """A few choices of `count` wrong pieces."""
    pieces = list(find_check(name).makings[path].pieces.values())
    open_to_choice = [k for k, piece in enumerate(pieces) if piece.instead]
    r = np.random.default_rng(len(name) + len(path) + count)
    for _ in range(2 if count <= len(open_to_choice) else 0):
        choose = [0] * len(pieces)
        for k in r.choice(open_to_choice, count, replace=False):
            choose[k] = int(r.integers(1, 1 + len(pieces[k].instead)))
        yield choose


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("name", "path"), MADE)
def test_what_is_made_with_wrong_pieces_is_found_to_be_so(name, path):
    making, output = find_check(name).makings[path], output_of(name, path)
    for choose in (*chosen_for(name, path, 1), *chosen_for(name, path, 2)):
        wrong, right = [], []
        for asked, wanted, made in entries(name, path, choose):
            if np.isfinite(made).all():
                same = near(made, wanted.astype(np.float64), tolerance_of(output, asked.inputs, made))
                (right if same else wrong).append((asked, made))
        if len(wrong) < 2 or not sum(1 for _, made in wrong if made.any()) > 1:
            continue
        found = made_otherwise(making, output, wrong, right)
        assert found is not None
        assert found.cases == {asked.case.name for asked, _ in wrong}
        assert 1 <= len(found.mistakes) <= 2 * sum(which > 0 for which in choose)
