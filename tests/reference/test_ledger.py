"""The timed ledger: reconciled with `paddle.flops` to the unit, and a clock that finds the slow layer."""

from types import SimpleNamespace

import pytest

from course.reference import ledger as ledgers
from course.reference.counting import count_network, total
from course.reference.framework import paddle
from course.reference.layer_plan import SIMPLENET, build_network
from course.reference.ledger import Machine, flops_of, measure_ledger, measure_machine
from course.teaching.ledger_views import HEADER, ledger_rows

nn, F = paddle.nn, paddle.nn.functional


def mixed() -> nn.Layer:
    return nn.Sequential(
        nn.Conv2D(3, 8, 3, padding=1), nn.BatchNorm2D(8), nn.ReLU(), nn.MaxPool2D((2, 3)),
        nn.Conv2D(8, 6, 3, groups=2, bias_attr=False), nn.GroupNorm(2, 6), nn.LeakyReLU(), nn.AvgPool2D(2),
        nn.AdaptiveAvgPool2D(1), nn.Flatten(), nn.Linear(6, 5), nn.BatchNorm1D(5), nn.Sigmoid(),
        nn.Linear(5, 2, bias_attr=False),
    )  # fmt: skip


NETS = {
    "mixed": (mixed, (2, 3, 12, 21)),
    "SimpleNet, small": (lambda: build_network(SIMPLENET, (2, 3, 32, 28)), (2, 3, 32, 28)),
}


@pytest.mark.parametrize("name", NETS)
def test_the_bridge_ends_at_paddle_flops(name: str) -> None:
    make, shape = NETS[name]
    net = make()
    bridge = dict(measure_ledger(net, shape, repeats=1).bridge())
    assert bridge.pop("unexplained") == 0
    assert sum(bridge.values()) == flops_of(net, shape) > bridge["MACs"]


@pytest.mark.parametrize("name", NETS)
def test_what_is_left_out_makes_up_all_arithmetic(name: str) -> None:
    make, shape = NETS[name]
    for entry in measure_ledger(make(), shape, repeats=1).entries:
        arithmetic = sum(number for what, number in entry.left_out() if what != "comparisons")
        assert entry.count.paddle_flops + arithmetic == entry.count.operations, entry.count.kind


def test_a_missing_rule_would_be_seen() -> None:
    ledger = measure_ledger(mixed(), (2, 3, 12, 21), repeats=1)
    fewer = type(ledger)(ledger.entries[1:], ledger.whole, ledger.reported)
    assert dict(fewer.bridge())["unexplained"] == ledger.entries[0].count.paddle_flops != 0


def test_comparisons_of_pooling_and_relu() -> None:
    ledger = measure_ledger(mixed(), (2, 3, 12, 21), repeats=1)
    found = {e.count.kind: e.comparisons for e in ledger.entries if e.comparisons}
    assert found == {
        "ReLU": 2 * 8 * 12 * 21, "MaxPool2D": 2 * 8 * 6 * 7 * (2 * 3 - 1), "LeakyReLU": 2 * 6 * 4 * 5,
    }  # fmt: skip


class Clock:
    """One that moves only when it is told to, by whole seconds."""

    def __init__(self) -> None:
        self.now = 0

    def pass_by(self, seconds: int) -> None:
        self.now += seconds


class Slow(nn.Layer):
    """Nothing but 3 seconds in its second layer, and 2 outside all layers."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.first, self.second, self.clock = nn.ReLU(), nn.ReLU(), clock
        plain = self.second.forward
        self.second.forward = lambda x: (clock.pass_by(3), plain(x))[1]

    def forward(self, x: paddle.Tensor) -> paddle.Tensor:
        self.clock.pass_by(2)
        return self.second(self.first(x))


def test_the_clock_stops_at_the_layer_that_takes_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(ledgers, "time", SimpleNamespace(perf_counter=lambda: clock.now))
    ledger = measure_ledger(Slow(clock), (2, 3), repeats=3)
    first, second = ledger.entries
    assert [e.count.name for e in ledger.entries] == ["first", "second"]
    assert (first.seconds, second.seconds) == ((0, 0, 0), (3, 3, 3))
    assert ledger.whole == (5, 5, 5) and ledger.outside == 2


def test_measuring_leaves_the_net_as_it_was() -> None:
    net, x = mixed(), paddle.rand([4, 3, 12, 21])
    running = net[1]._mean.numpy()
    ledger = measure_ledger(net, (2, 3, 12, 21), repeats=2)
    assert net.training and (net[1]._mean.numpy() == running).all()
    assert [e.count for e in ledger.entries] == count_network(net, (2, 3, 12, 21))
    net(x)
    assert all(len(e.seconds) == 2 for e in ledger.entries)


def test_a_layer_that_runs_twice_is_timed_twice() -> None:
    class Twice(nn.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2D(3, 3, 3, padding=1)

        def forward(self, x: paddle.Tensor) -> paddle.Tensor:
            return F.relu(self.conv(self.conv(x)))

    ledger = measure_ledger(Twice(), (2, 3, 5, 6), repeats=2)
    assert [e.count.parameters for e in ledger.entries] == [84, 0]
    assert dict(ledger.bridge())["unexplained"] == 0


def test_the_roof_has_two_sides() -> None:
    machine = Machine(operations_per_second=100.0, bytes_per_second=20.0)
    assert machine.ridge == 5
    assert (machine.roof(1), machine.roof(5), machine.roof(50)) == (20, 100, 100)
    (count,) = count_network(nn.Sequential(nn.Linear(6, 5)), (2, 6))
    moved = count.bytes_read + count.bytes_written
    assert machine.seconds(count) == max(count.operations / 100, moved / 20) == moved / 20


def test_the_machine_measured_is_a_machine() -> None:
    machine = measure_machine(sides=(64, 256), megabytes=8, budget=0.02)
    assert 1e8 < machine.operations_per_second < 1e16
    assert 1e8 < machine.bytes_per_second < 1e15


def test_totals_of_the_ledger_are_the_counts() -> None:
    net = mixed()
    counts = [e.count for e in measure_ledger(net, (2, 3, 12, 21), repeats=1).entries]
    trained = sum(p.size for p in net.parameters() if not p.stop_gradient)
    assert total(counts)["parameters"] == trained


def test_the_table_of_a_ledger_sums_up_to_the_net() -> None:
    net = mixed()
    ledger = measure_ledger(net, (2, 3, 12, 21), repeats=1)
    rows = ledger_rows(ledger, Machine(1e9, 1e9))
    sums = total([e.count for e in ledger.entries])
    assert len(rows) == len(ledger.entries) + 1 and {len(row) for row in rows} == {len(HEADER)}
    assert rows[-1][2:6] == tuple(
        f"{sums[name]:,}" for name in ("parameters", "multiplications", "additions", "macs")
    )
    assert rows[-1][6] == f"{sums['bytes_read'] + sums['bytes_written']:,}"
