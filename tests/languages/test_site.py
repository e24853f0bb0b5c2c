"""The pages in Chinese: places that links know, the first page, and search without a dictionary."""

import runpy

from course.building.site import describe_assignments
from course.building.translated import page_in, with_places


def test_a_heading_keeps_the_place_of_the_english_one():
    chinese = "## 为什么要缩放\n\n文字。\n\n### 其二"
    found = with_places(chinese, "## Why the values `x` must be scaled\n\nText.\n\n### The second")
    assert '<a id="why-the-values-x-must-be-scaled"></a>\n\n## 为什么要缩放' in found
    assert '<a id="the-second"></a>\n\n### 其二' in found
    assert with_places(chinese, "## One heading alone") == chinese


def test_the_first_page_is_in_chinese(root, monkeypatch):
    monkeypatch.setenv("COURSE_LANG", "zh")
    source = (root / "course/building/pages/index.md.jinja").read_text("utf-8")
    page = page_in(source, "program/site", "zh")
    assert "## 课程" in page and page_in(source, "program/site", "en") == source
    assert page.count("{%") == source.count("{%") and page.count("{{") == source.count("{{")
    cards = {card.title: card for card in describe_assignments(language="zh")}
    assert cards["ps0：热身"].functions == ("relu", "l1_norm") and "十分钟" in cards["ps0：热身"].line


def test_search_cuts_chinese_into_pairs(root):
    pairs = runpy.run_path(str(root / "course/building/pages/search_chinese.py"))["SearchPairs"]
    assert pairs({}).split("批归一化的 BatchNorm2D，值") == [
        "批归",
        "归一",
        "一化",
        "化的",
        "BatchNorm2D",
        "值",
    ]
