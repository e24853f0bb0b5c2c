"""Which worker runs which test: pytest-xdist's `loadgroup`, whose bookkeeping costs the same for each test.

Its own counts what waits for a worker by going through everything that this worker was ever given, after every test,
and finds a test's number by looking through all of them: with thirteen thousand tests that was as much processor time
as many of the folders take.
"""

from typing import Any

from xdist.scheduler import LoadGroupScheduling


class Places(list[str]):
    """A worker's tests in their order, each with a number that need not be looked for."""

    def __init__(self, tests: list[str]) -> None:
        """Number them; two of one name share the first one's number, as with a list."""
        super().__init__(tests)
        self.numbers = {test: number for number, test in reversed(list(enumerate(tests)))}

    def index(self, test: str, *bounds: Any) -> int:
        """The test's number."""
        return super().index(test, *bounds) if bounds else self.numbers[test]


class GroupScheduling(LoadGroupScheduling):
    """As `loadgroup` does it: a group's tests in one worker, in their order, and all others as they come."""

    def add_node_collection(self, node: Any, collection: Any) -> None:
        """Number what a worker has collected."""
        super().add_node_collection(node, collection)
        if node in self.registered_collections:
            self.registered_collections[node] = Places(self.registered_collections[node])

    def mark_test_complete(self, node: Any, item_index: int, duration: float = 0) -> None:
        """Note it, and forget a group that is done; the worker is given more where little waits for it."""
        test = self.registered_collections[node][item_index]
        group, given = self._split_scope(test), self.assigned_work[node]
        given[group][test] = True
        if all(given[group].values()):
            del given[group]
        self._reschedule(node)
