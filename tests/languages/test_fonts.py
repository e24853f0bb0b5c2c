"""Chinese labels in a figure: in a font that the machine has behind Matplotlib's own, in English where it has none."""

from types import SimpleNamespace

import matplotlib
import pytest
from matplotlib import font_manager, pyplot
from matplotlib.text import Text

from course.languages import saying
from course.languages.fonts import chinese_labels
from course.languages.saying import Words


@pytest.fixture
def machine(monkeypatch):
    """`machine("SimHei")`: a machine that has these fonts beside Matplotlib's own; put right afterwards."""
    monkeypatch.setattr(Text, "set_text", getattr(Text.set_text, "instead", Text.set_text))
    monkeypatch.setenv(saying.OWN, "zh")
    monkeypatch.setattr(saying, "_words", lambda language: Words.of_pairs({"epoch {k}": "第 {k} 轮"}))
    words = {
        "训练损失（nat）": "training loss (nats)",
        "p，q": "p, q",
        "{n} 个{what}": "{n} of {what}",
        "步": "step",
    }
    monkeypatch.setattr(saying, "_labels", lambda: Words.of_pairs(words))

    def has(*names):
        fonts = [SimpleNamespace(name=name) for name in ("DejaVu Sans", *names)]
        monkeypatch.setattr(font_manager, "fontManager", SimpleNamespace(ttflist=fonts))

    with matplotlib.rc_context():
        yield has
    pyplot.close("all")


def test_a_chinese_font_stands_behind_matplotlibs_own(machine):
    machine("SimHei", "Noto Sans CJK SC")
    before = list(matplotlib.rcParams["font.family"])
    assert chinese_labels() == chinese_labels() == "Noto Sans CJK SC"
    assert matplotlib.rcParams["font.family"] == [*before, "Noto Sans CJK SC"]
    assert Text(0, 0, "步").get_text() == "步"


def test_labels_are_english_where_no_font_has_chinese(machine):
    machine()
    assert chinese_labels() == chinese_labels() == ""
    shown = [
        Text(0, 0, text).get_text()
        for text in ("训练损失（nat）", "3 个步", "没有译文", "loss $x$", "步", "p，q")
    ]
    assert shown == ["training loss (nats)", "3 of step", "没有译文", "loss $x$", "step", "p, q"]


def test_the_name_of_the_data_below_a_figure_is_english_again(monkeypatch):
    monkeypatch.setenv(saying.OWN, "zh")
    name = "MNIST test file, 8,000 for training and 2,000 for validation"
    shown = saying.said(name)
    assert shown != name and saying.in_english(shown) == name


def test_what_the_courses_own_code_draws_is_chinese_in_a_lesson_alone(machine):
    machine("SimHei")
    chinese_labels()
    assert Text(0, 0, "epoch 3").get_text() == "epoch 3"  # a student's own figure
    chinese_labels(everywhere=True)
    assert [Text(0, 0, s).get_text() for s in ("epoch 3", "步", "0.5")] == ["第 3 轮", "步", "0.5"]
