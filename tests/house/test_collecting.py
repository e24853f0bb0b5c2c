"""What is made to stay is not looked through again; afterwards Python searches as before, whatever happened."""

import gc

import pytest

from course.common.collecting import made_to_stay


@pytest.mark.slow
def test_nothing_is_searched_for_meanwhile_and_what_was_made_is_left_alone():
    before = gc.get_freeze_count()
    try:
        with made_to_stay():
            assert not gc.isenabled()
            kept = [[] for _ in range(1000)]
        assert gc.isenabled() and gc.get_freeze_count() >= before + len(kept)
        with pytest.raises(ImportError), made_to_stay():
            raise ImportError
        assert gc.isenabled()
        frozen = gc.get_freeze_count()
        with made_to_stay(unless="pytest"):
            assert gc.isenabled()
        assert gc.get_freeze_count() == frozen
    finally:
        gc.freeze()  # as it was, where `tests/conftest.py` has had it: what is made to stay is not looked through
