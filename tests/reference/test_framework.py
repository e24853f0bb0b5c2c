"""How Paddle is imported: flags are read as ever, and its arithmetic is the quick one."""

import os
from pathlib import Path

import pytest

from course.reference import framework
from course.reference.framework import paddle

LINEAR = "FLAGS_use_legacy_linear"  # which `linear` reads in each call


def test_a_flag_is_read_as_it_stands_each_time():
    before = paddle.get_flags(LINEAR)[LINEAR]
    try:
        for value in (not before, before):
            paddle.set_flags({LINEAR: value})
            assert paddle.get_flags(LINEAR) == paddle.get_flags([LINEAR]) == {LINEAR: value}
    finally:
        paddle.set_flags({LINEAR: before})


@pytest.mark.parametrize("asked", ["FLAGS_of_nobody", ["FLAGS_of_nobody"]])
def test_a_flag_that_is_not_there_is_refused_each_time(asked):
    for _ in range(2):
        with pytest.raises(ValueError, match="FLAGS_of_nobody"):
            paddle.get_flags(asked)


@pytest.mark.parametrize(
    ("told", "before", "after"),
    [
        ("vendor_id\t: AuthenticAMD\nflags\t: fma avx avx2 bmi\n\nprocessor: 1", None, "5"),
        (
            "vendor_id\t: AuthenticAMD\nflags\t: fma avx avx2 bmi\n\nprocessor: 1",
            "4",
            "4",
        ),  # asked for otherwise
        ("vendor_id\t: AuthenticAMD\nflags\t: fma avx bmi\n\nprocessor: 1", None, None),
        ("vendor_id\t: GenuineIntel\nflags\t: fma avx avx2 bmi\n\nprocessor: 1", None, None),
        ("", None, None),
    ],
)
def test_mkl_is_told_of_avx2_where_it_would_not_look(told, before, after, monkeypatch):
    monkeypatch.setattr(Path, "read_text", lambda *_, **__: told)
    monkeypatch.delenv(framework.MKL_AS, raising=False)
    if before is not None:
        monkeypatch.setenv(framework.MKL_AS, before)
    framework._take_avx2()
    assert os.environ.get(framework.MKL_AS) == after
    monkeypatch.delenv(framework.MKL_AS, raising=False)


def test_a_machine_that_says_nothing_of_itself_is_left_as_it_is(monkeypatch):
    def refused(*_, **__):
        raise OSError("no such file")

    monkeypatch.setattr(Path, "read_text", refused)
    monkeypatch.delenv(framework.MKL_AS, raising=False)
    framework._take_avx2()
    assert framework.MKL_AS not in os.environ
