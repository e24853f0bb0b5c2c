"""The night on paper: what is simulated agrees with what can be reckoned, and nothing is lost with a machine."""

from dataclasses import replace

import pytest

from benchmarks.scale import HOUR, Night, bound, simulate

SMALL = Night(hand_ins=20_000, machines=2, cores=10, entering=0.001, lives=1e9)


def test_many_cores_take_as_long_as_their_work():
    hours, on = bound(SMALL)
    assert on == "marking"
    assert hours == pytest.approx(20_000 * 0.118 / 20 / HOUR)
    assert simulate(SMALL).hours == pytest.approx(hours, rel=0.05)


def test_with_too_many_cores_the_writer_is_waited_for():
    slow = replace(SMALL, entering=0.02)
    hours, on = bound(slow)
    told = simulate(slow)
    assert on == "entering"
    assert told.hours == pytest.approx(hours, rel=0.05)
    assert told.writer > 0.95
    assert told.cores < 0.4


def test_two_drivers_halve_what_one_writer_takes():
    slow = replace(SMALL, entering=0.02)
    assert simulate(replace(slow, drivers=2)).hours == pytest.approx(simulate(slow).hours / 2, rel=0.05)


def test_what_is_lost_with_a_machine_is_marked_again():
    """Machines that live for ten seconds, and are away for ten: twice the time."""
    told = simulate(replace(SMALL, machines=10, cores=2, lives=10 / HOUR, restart=10.0))
    assert told.again > 0
    assert told.hours == pytest.approx(2 * bound(SMALL)[0], rel=0.2)
