"""A quick run leaves nothing out but repetition and what is slow."""

from tests.quick import EACH, choose, spread


class Item:
    def __init__(self, nodeid: str, slow: bool = False, needs: str = "tmp_path") -> None:
        self.nodeid, self.slow, self.fixturenames = nodeid, slow, [needs]

    def get_closest_marker(self, name: str) -> object | None:
        return object() if self.slow and name == "slow" else None


def test_every_test_that_is_not_slow_is_run_with_a_few_of_its_parameters() -> None:
    many = [Item(f"t.py::test_bank[{k}]") for k in range(100)]
    one, slow = Item("t.py::test_one"), Item("t.py::test_class", slow=True)
    sealed = Item("t.py::test_release", needs="released")
    chosen = choose([one, *many, slow, sealed])
    assert chosen[0] is one and slow not in chosen and sealed not in chosen
    assert len(chosen) == 1 + EACH and chosen[1] is many[0] and chosen[-1] is many[-1]


def test_spread_keeps_both_ends_and_never_repeats() -> None:
    for length in range(40):
        kept = spread(list(range(length)), EACH)
        assert len(set(kept)) == len(kept) == min(length, EACH)
        assert length == 0 or (kept[0], kept[-1]) == (0, length - 1)
