"""Chinese labels in Matplotlib's figures: in a font that the machine has, and in English where it has none.

Matplotlib comes with DejaVu Sans, which has no Chinese. It takes each character from the first of its families that has
it, so a Chinese family behind its own leaves digits, Greek and signs as they are. None ships with the course: the
smallest has 3 MB, and Windows, macOS and Linux in Chinese have one each. Elsewhere `fonts-noto-cjk` or
`fonts-wqy-microhei` brings one; Matplotlib keeps a list of fonts, `fontlist-*.json` in its cache, and sees a new one when
that is deleted.
"""

import re
from typing import Any

from course.languages.saying import in_english, said

HAN = re.compile(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")  # with its punctuation
FAMILIES = (
    "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Source Han Sans CN", "Microsoft YaHei", "PingFang SC",
    "Hiragino Sans GB", "Heiti SC", "STHeiti", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "SimHei", "Noto Sans CJK JP",
    "Heiti TC", "Arial Unicode MS", "Droid Sans Fallback",
)  # fmt: skip


def chinese_labels(everywhere: bool = False) -> str:
    """Have figures show Chinese from now on: the font that does, or '' where labels become English again.

    Args:
        everywhere: whether what the course's own code writes into a figure is translated as well, in a lesson.
    """
    from matplotlib import font_manager, rcParams
    from matplotlib.text import Text

    known = {font.name for font in font_manager.fontManager.ttflist}
    family = next((name for name in FAMILIES if name in known), "")
    if family and family not in rcParams["font.family"]:
        rcParams["font.family"] = [*rcParams["font.family"], family]
    if not hasattr(Text.set_text, "instead") and (everywhere or not family):
        Text.set_text = _translating(Text.set_text, bool(family))  # type: ignore[method-assign]
    return family


def _translating(own: Any, shown: bool) -> Any:
    def set_text(self: Any, s: Any) -> None:
        if isinstance(s, str) and shown != bool(HAN.search(s)):
            s = said(s) if shown else in_english(s)
        own(self, s)

    set_text.instead = own  # type: ignore[attr-defined]
    return set_text
