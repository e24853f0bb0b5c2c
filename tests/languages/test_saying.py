"""What is said in another language: found by the English text, by its template, sentence by sentence; else English."""

import pytest

from course.autograder.judging.verdict import Finding, Verdict
from course.languages import saying, spoken
from course.languages.saying import Words, filled, joined, said

PAIRS = {
    "{gap.outside:,} of {gap.size:,} values differ.": "{gap.size:,} 个值中有 {gap.outside:,} 个不同。",
    "only where {min(telling)}": "只在{min(telling)}时",
    "the stride is above 1": "步长大于 1",
    "{name} in test mode": "测试模式下{name}",
    "gamma forgotten": "忘了 gamma",
    "no epsilon in test mode": "测试模式下没有 epsilon",
    "It is 0 everywhere.": "处处为 0。",
    "{said[:-1]}, on each of these {len(pairs)} cases.": "在这 {len(pairs)} 种情形上都是这样：{said[:-1]}。",
    "Yours is {factors[0]:.6g} times the right one everywhere.": "你的处处是正确值的 {factors[0]:.6g} 倍。",
    "Look at it.": "看一看。",
    "{got} of {most} points": "{most} 分中的 {got} 分",
    "first": "第一个",
    "a {{}} of {kind}": "{kind} 的 {{}}",
    "normalised twice": "归一化了两次",
    "You normalise twice: once is enough.": "你归一化了两次：一次就够了。",
    "two rows": "两行",
    "It shows on the case “{f.case}”{rest}.": "它出现在情形“{f.case}”上{rest}。",
    "; the other {others} are right": "；其余 {others} 种都对",
}  # fmt: skip
SAID = {
    "7 of 1,024 values differ.": "1,024 个值中有 7 个不同。",
    "only where the stride is above 1": "只在步长大于 1 时",
    "gamma forgotten in test mode": "测试模式下忘了 gamma",
    "no epsilon in test mode": "测试模式下没有 epsilon",  # whole, before any template
    "It is 0 everywhere": "处处为 0",
    "it is 0 everywhere.": "处处为 0。",
    "Yours is 2 times the right one everywhere, on each of these 3 cases.":
        "在这 3 种情形上都是这样：你的处处是正确值的 2 倍。",
    "It is 0 everywhere. Look at it.": "处处为 0。看一看。",
    "It is 0 everywhere. Nobody translated this.": "处处为 0。Nobody translated this.",
    "a {} of first": "第一个的 {}",
    "Nobody translated this.": "Nobody translated this.",
    "0.5": "0.5",
    "": "",
}  # fmt: skip


@pytest.mark.parametrize("english", SAID)
def test_words(english):
    assert Words.of_pairs(PAIRS).of(english) == SAID[english]


@pytest.fixture
def chinese(monkeypatch):
    monkeypatch.setenv(saying.OWN, "zh_CN.UTF-8")
    monkeypatch.setattr(saying, "_words", lambda language: Words.of_pairs(PAIRS))


def verdict():
    finding = Finding(
        "two rows", "out", "value", "7 of 12 values differ.", got_shape=(3, 4), wanted_shape=(3, 4),
        wanted_dtype="float64", misconception="normalised twice", failing=1,
        advice="You normalise twice: once is enough.",
    )  # fmt: skip
    return Verdict("batchnorm.train", 0.5, 10, (finding,), ("mean",), 3)


def test_a_verdict_is_kept_in_english_and_read_in_chinese(chinese, monkeypatch):
    kept = verdict().as_dict()
    for text in (verdict().text(), verdict().html()):
        for part in (
            "归一化了两次",
            "一次就够了",
            "12 个值中有 7 个不同。它出现在情形“两行”上；其余 2 种都对。",
        ):
            assert part in text
        assert "10 分中的 5 分" in text
    monkeypatch.setenv(saying.OWN, "en")
    assert "normalised twice" in verdict().text() and kept == verdict().as_dict()


def test_who_chooses(chinese, monkeypatch):
    assert said("Look at it.") == joined(["Look at it."]) == "看一看。"
    assert filled("{got} of {most} points", got=1, most=2) == "2 分中的 1 分"
    monkeypatch.delenv(saying.OWN)
    monkeypatch.setenv(saying.COURSES, "zh")
    assert saying.language() == "zh"
    monkeypatch.setenv(saying.OWN, "en")  # a reader's own choice comes first
    assert said("Look at it.") == "Look at it."
    monkeypatch.setenv(saying.OWN, "fr_FR.UTF-8")
    assert (saying.language(), saying.tag()) == ("en", "en")
    assert joined(["Look at it.", "", "Why not?"]) == "Look at it. Why not?"


def test_every_text_of_every_check_has_a_place_in_a_catalogue(texts):
    """Whatever composed it: a text that no message fits would stay English for ever."""
    from course.autograder.checks import find_check, list_checks
    from course.autograder.judging.sealing import _texts

    messages = [e.text for name in texts for e in texts[name] if name in spoken.PARTS]
    words = Words.of_pairs(dict.fromkeys(messages, "译"))
    missed = {text for name in list_checks() for text in _texts(find_check(name)) if words.of(text) == text}
    assert {text for text in missed if any(len(word) > 1 for word in text.split() if word.isalpha())} == set()


def test_whose_array_it_is_is_said_within_a_sentence_too(monkeypatch):
    monkeypatch.setenv(saying.OWN, "zh")
    assert saying.said("theirs minus right, 3 of 5 differ") == "学生的减去正确的，5 个中有 3 个不同"
    assert saying.said("yours minus right, 3 of 5 differ") == "你的减去正确的，5 个中有 3 个不同"
