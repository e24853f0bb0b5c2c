"""An SVG of a student's, made safe: read as XML without entities, written anew from a list of harmless elements.

A browser runs no script in a picture and loads nothing for it; what is left to fear is a picture that takes for ever to
draw, such as ten that each show the next ten times.
"""

import re
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from course.common.cleaning import words

MAX_CHARACTERS = 500_000
MAX_TAGS = 40_000
MAX_DEPTH = 50
MAX_SHOWN = 100_000  # elements that `use` shows again, all together

SPACE, LINKS = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
ELEMENTS = words(
    "svg g defs symbol use path rect circle ellipse line polyline polygon text tspan title desc clipPath "
    "linearGradient radialGradient stop"
)
ATTRIBUTE = re.compile(
    r"id|d|x[12]?|y[12]?|c[xy]|r[xy]?|f[xy]|d[xy]|width|height|points|viewBox|preserveAspectRatio|transform|offset|"
    r"gradientTransform|gradientUnits|clipPathUnits|spreadMethod|style|opacity|fill(-\w+)*|stroke(-\w+)*|clip-path|"
    r"clip-rule|stop-color|stop-opacity|font-\w+|text-anchor|dominant-baseline|version|overflow|rotate|textLength"
)
OUTWARD = re.compile(r"""url\s*\(\s*(?!['"]?#)|@|\\|:\s*expression|script:""", re.IGNORECASE)


def safe_svg(content: str) -> str | None:
    """The SVG with harmless elements and attributes alone, or None where nothing can be made of it."""
    if len(content) > MAX_CHARACTERS or content.count("<") > MAX_TAGS:
        return None
    try:
        root = fromstring(content, forbid_dtd=False, forbid_entities=True)
    except (ElementTree.ParseError, DefusedXmlException, ValueError, LookupError):
        return None
    made = _copy(root, 0)
    if made is None or made.tag != f"{{{SPACE}}}svg" or not _without_towers(made):
        return None
    ElementTree.register_namespace("", SPACE)
    ElementTree.register_namespace("xlink", LINKS)
    return ElementTree.tostring(made, encoding="unicode")


def _copy(element: Element, depth: int) -> Element | None:
    space, _, name = element.tag.rpartition("}") if isinstance(element.tag, str) else ("", "", "")
    if name not in ELEMENTS or space not in ("", "{" + SPACE) or depth > MAX_DEPTH:
        return None
    made = Element(f"{{{SPACE}}}{name}", {k: v for k, v in element.attrib.items() if _kept(name, k, v)})
    made.text, made.tail = element.text, element.tail
    made.extend(child for one in element if (child := _copy(one, depth + 1)) is not None)
    return made


def _kept(element: str, name: str, value: Any) -> bool:
    if name in ("href", f"{{{LINKS}}}href"):
        return str(value).startswith("#") and element != "image"
    return bool(ATTRIBUTE.fullmatch(name)) and not OUTWARD.search(value)


def _without_towers(root: Element) -> bool:
    """Whether no `use` shows another `use`, and all that is shown again is not too much."""
    sizes: dict[str, int] = {}
    nested: set[str] = set()

    def measure(element: Element) -> tuple[int, bool]:
        inner = [measure(child) for child in element]
        size = 1 + sum(one for one, _ in inner)
        uses = element.tag.endswith("}use") or any(one for _, one in inner)
        if name := element.get("id"):
            sizes[name] = max(size, sizes.get(name, 0))
            nested.update({name} if uses else ())
        return size, uses

    measure(root)
    links = [one.get("href") or one.get(f"{{{LINKS}}}href") or "" for one in root.iter(f"{{{SPACE}}}use")]
    targets = [link[1:] for link in links]
    return not nested.intersection(targets) and sum(sizes.get(one, 0) for one in targets) <= MAX_SHOWN
