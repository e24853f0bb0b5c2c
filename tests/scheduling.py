"""Which worker runs which test: pytest-xdist's `loadgroup`, whose bookkeeping costs the same for each test; and what it tells.

Its own counts what waits for a worker by going through everything that this worker was ever given, after every test,
and finds a test's number by looking through all of them: with thirteen thousand tests that was as much processor time
as many of the folders take. And a test over which a worker has ended it would give to the next worker, for ever.
"""

from collections.abc import Callable
from functools import partial
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

    def remove_node(self, node: Any) -> str | None:
        """A worker has ended. The test that it was at has failed; what else waited for it, others are given.

        Returns:
            That test; None where nothing was waiting.
        """
        work = self.assigned_work.pop(node)
        left = [(tests, test) for tests in work.values() for test, done in tests.items() if not done]
        if not left:
            return None
        tests, ended_over = left[0]
        tests[ended_over] = True
        self.workqueue.update({group: tests for group, tests in work.items() if not all(tests.values())})
        for other in self.assigned_work:
            self._reschedule(other)
        return ended_over

    def _reschedule(self, node: Any) -> None:
        """Give a worker more where little waits for it: two tests at least, since it begins none before it knows the next."""
        super()._reschedule(node)
        while not node.shutting_down and self._pending_of(self.assigned_work[node]) < 2:
            super()._reschedule(node)


def tell_less(config: Any) -> None:
    """Have a worker leave unsaid what nobody listens to: that a test begins, and that what it needs has been set up.

    Of the five messages for each test these are two, each packed, sent, unpacked and handed to all plugins.
    """
    for plugin in config.pluginmanager.get_plugins():
        # A class of the program that a worker is sent: there is no module to take it from.
        if type(plugin).__name__ == "WorkerInteractor":
            plugin.sendevent = partial(_tell, plugin.sendevent)


def _tell(send: Callable[..., None], name: str, **what: Any) -> None:
    of_setup = (
        name == "testreport" and what["data"]["when"] == "setup" and what["data"]["outcome"] == "passed"
    )
    if name != "logstart" and not of_setup:
        send(name, **what)
