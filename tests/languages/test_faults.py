"""What is wrong with a translation is said; what is right, in whichever way, is not."""

import pytest
from babel.messages.catalog import Message

from course.languages import catalogue
from course.languages.faults import complete, faults, of_message
from course.languages.translation import po_file


def said(english, chinese, kind="paragraph", comments=()):
    message = Message(english, chinese, context="a", auto_comments=[kind], user_comments=comments)
    return "; ".join(of_message(message, "zh"))


WRONG = {
    "a formula that is other": ("Here $x_i$ is 1.", "这里 $x_j$ 是 1。", "paragraph", "formulas"),
    "a number that is other": ("1,000 of 20", "20 个中的 100 个", "paragraph", "numbers: lost 1000; added 100"),
    "a formula that is gone": ("Here $x$ and $x$.", "这里有 $x$。", "paragraph", "formulas: lost $x$"),
    "a code span that is other": ("Use `a b`.", "用 `a c`。", "paragraph", "code spans"),
    "a link that leads elsewhere": ("[here](a.md#b)", "[这里](a.md)", "paragraph", "links"),
    "an address that is gone": ("See <https://x.org>.", "见网站。", "paragraph", "links"),
    "a value that is gone": ("{a:.2f} and {b}", "只有 {b}", "said with values", "lost {a:.2f}"),
    "a value with another format": ("{a:.2f} of it", "其中的 {a:.1f}", "said with values", "placeholders"),
    "a row that is gone": ("| a | b |\n|---|---|\n| c | d |", "| a | b |\n|---|---|", "table", "rows"),
    "a column more": ("| aa |\n|---|", "| 甲 | 乙 |\n|---|---|", "table", "rows and columns"),
    "bold that is none": ("**Why.** Since", "**原因。**因为", "paragraph", "bold or italic"),
    "a comma of half width": ("First, then", "先做,再说", "paragraph", "full-width punctuation"),
    "brackets of half width": ("a word (so)", "一个词(这样)", "paragraph", "full-width brackets"),
    "no space beside Latin": ("in numpy now", "在numpy里", "paragraph", "a space between"),
    "no space beside code": ("in `f` now", "在`f` 里", "paragraph", "a space between"),
    "a space beside a stop": ("Yes. No", "是的。 不是", "paragraph", "no space"),
    "a term that is gone": ("the learning rate", "步子的大小", "paragraph", "without 学习率"),
    "a word for another school": ("pooling", "池化，也就是汇聚", "paragraph", "says 汇聚"),
    "one word for a longer term": ("batch norm", "归一化", "paragraph", "without 批归一化"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_wrong(case):
    english, chinese, kind, part = WRONG[case]
    assert part in said(english, chinese, kind)


RIGHT = {
    "values in another order": ("{a:.2f} of {b!r} {{}}", "{b!r} 中的 {a:.2f} {{}}", "said with values"),
    "a formula and code": ("In $a*b$, `x*y`: one.", "在 $a*b$ 与 `x*y` 中：其一。", "paragraph"),
    "bold beside a stop": ("**Why.** Since *it* is", "**原因。** 因为*它*是", "paragraph"),
    "code beside a stop": ("Call `f`, then `g`.", "先调用 `f`，再调用 `g`。", "paragraph"),
    "a docstring": ("Do.\n\nArgs:\n    x: array.", "做事。\n\n参数：\n    x: 数组。", "docstring"),
    "left as it is": ("BatchNorm2D", "BatchNorm2D", "said"),
    "a longer term": ("batch norm's running mean", "批归一化的全局均值", "paragraph"),
    "Paddle's word in code": ("`momentum` of 0.9", "`momentum` 取 0.9", "paragraph"),
    "a small number as a word": ("two of 1,000", "1000 个中的 2 个", "paragraph"),
    "numbers": ("from 3.5 to 10%: a lot", "从 3.5 到 10%：很多", "paragraph"),
}


@pytest.mark.parametrize("case", RIGHT)
def test_right(case):
    assert said(*RIGHT[case]) == ""


def test_a_term_may_be_said_otherwise_where_the_entry_says_so():
    assert said("a stride of life", "人生的步伐", comments=["free: stride"]) == ""


def test_gaps_are_wrong_where_the_catalogue_is_declared_complete():
    texts = [catalogue.Entry("a", "One thing."), catalogue.Entry("b", "A second thing.")]
    catalog = catalogue.merged(catalogue.read(po_file("zh", "none"), "zh"), texts, "zh")
    catalog.get("One thing.", context="a").string = "一件事。"
    catalog.get("One thing.", context="a").flags.add("fuzzy")
    assert list(faults(catalog, "zh", whole=False)) == []
    told = list(faults(catalog, "zh", whole=True))
    assert ["fuzzy" in told[0], "missing" in told[1], len(told)] == [True, True, 2]


@pytest.mark.slow
def test_nothing_is_wrong_with_ours(catalogues):
    assert complete("zh") <= set(catalogues)
    for name, catalog in catalogues.items():
        assert list(faults(catalog, "zh", whole=name in complete("zh"))) == [], name
