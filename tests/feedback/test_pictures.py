"""Pictures that students attach: shown where a browser can only draw them, an SVG written anew from harmless parts."""

import base64
import io
import itertools
import zlib

import pytest
from PIL import Image

from course.autograder.feedback.budget import processor_seconds
from course.autograder.feedback.pictures import Attachments, address
from course.autograder.feedback.svg import safe_svg
from tests.feedback.shown import page_of, written


def picture(kind, **options):
    file = io.BytesIO()
    Image.new("L", (4, 3), 128).save(file, kind, **options)
    return base64.b64encode(file.getvalue()).decode()


PNG, JPEG, GIF, BMP = (picture(kind) for kind in ("PNG", "JPEG", "GIF", "BMP"))
SPACE = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
SVG = f'<svg {SPACE} viewBox="0 0 9 9"><circle r="3" fill="teal"/></svg>'


def svg(inner):
    return f"<svg {SPACE}>{inner}</svg>"


# --- attachments -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mime", "content"),
    [("image/png", PNG), ("image/jpeg", JPEG), ("image/gif", GIF), ("image/svg+xml", SVG)],
    ids=("png", "jpeg", "gif", "svg"),
)
def test_attachments_are_shown(mime, content):
    page = page_of(written("![my plot](attachment:a%20plot)", attachments={"a plot": {mime: content}}))
    assert f'src="data:{mime};base64,' in page and 'alt="my plot"' in page


def test_a_picture_pasted_into_the_text_is_shown_however_large():
    large = base64.b64encode(base64.b64decode(PNG) + bytes(300_000)).decode()
    page = page_of(written(f"before ![it](data:image/png;base64,{large}) after"))
    assert f'src="data:image/png;base64,{large}"' in page and "before" in page and "after" in page


def test_a_picture_without_a_name_gets_one():
    page = page_of(written("![](attachment:a)", attachments={"a": {"image/png": PNG}}))
    assert 'alt="Picture"' in page and 'alt=""' not in page


@pytest.mark.parametrize(
    "source",
    [
        "![it](attachment:b)",
        "![it](https://example.org/x.png)",
        "![it](plot.png)",
        "![it](data:image/svg+xml;utf8,<svg/>)",
        "![it](attachment:in-the-text-0)",
        "![it](attachment:in-the-text-9)",
    ],
)
def test_a_picture_that_is_not_there_or_elsewhere_is_told(source):
    page = page_of(written(source, attachments={"a": {"image/png": PNG}}))
    assert "[picture not shown: it]" in page and "<img" not in page


@pytest.mark.parametrize(
    ("mime", "content"),
    [
        ("image/png", JPEG),
        ("image/png", BMP),
        ("image/bmp", BMP),
        ("image/png", "not base64"),
        ("image/png", ""),
        ("image/png", base64.b64encode(b"\x89PNG\r\n\x1a\n").decode()),
        ("image/png", 3),
        ("image/png", "A" * 11_000_000),
        ("text/html", PNG),
        ("image/svg+xml", "<svg/><svg/>"),
    ],
    ids=itertools.count(),
)
def test_what_is_no_picture_is_none(mime, content):
    assert address(mime, content) is None


def test_a_picture_that_is_small_as_a_file_and_huge_on_the_screen_is_none():
    header = bytearray(base64.b64decode(PNG))
    header[16:24] = (8_000).to_bytes(4, "big") * 2
    header[29:33] = zlib.crc32(bytes(header[12:29])).to_bytes(4, "big")
    assert address("image/png", base64.b64encode(bytes(header)).decode()) is None


def test_lists_of_lines_are_joined_and_strange_attachments_are_none():
    assert address("image/png", [PNG[:20], PNG[20:]]) == f"data:image/png;base64,{PNG}"
    for attached in (None, [], 3, {"a": None}, {"a": {"image/png": None}}, {"b": {"image/png": PNG}}):
        assert Attachments(attached)("a") is None


# --- SVG ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "inner",
    [
        "<script>alert(1)</script>",
        "<foreignObject><body xmlns='http://www.w3.org/1999/xhtml'>x</body></foreignObject>",
        "<image href='https://example.org/x.png'/>",
        "<image xlink:href='data:image/png;base64,AA'/>",
        "<animate attributeName='href' to='javascript:alert(1)'/>",
        "<set attributeName='onload' to='alert(1)'/>",
        "<a href='javascript:alert(1)'><text>x</text></a>",
        "<style>@import url(https://example.org/x.css)</style>",
        "<filter id='f'><feImage href='https://example.org'/></filter>",
        "<pattern id='p'/>",
        "<rect onclick='alert(1)' onload='alert(1)'/>",
        "<rect style='fill:url(https://example.org/x)'/>",
        "<rect fill='url(https://example.org/x#a)'/>",
        "<rect style='background:u\\72l(https://example.org)'/>",
        "<use href='https://example.org/x.svg#a'/>",
        "<use xlink:href='data:image/svg+xml,x#a'/>",
        "<x:rect xmlns:x='http://example.org' x:onload='1'/>",
        "<rect xml:base='https://example.org/'/>",
    ],
)
def test_an_svg_keeps_nothing_that_acts_or_loads(inner):
    made = safe_svg(svg(inner))
    assert made is not None
    rest = made.replace("http://www.w3.org/2000/svg", "").replace("http://www.w3.org/1999/xlink", "").lower()
    for word in (
        "script",
        "alert",
        "example",
        "http",
        "foreign",
        "onload",
        "onclick",
        "data:",
        "import",
        "<a",
    ):
        assert word not in rest


def test_a_drawing_is_kept_as_it_looks():
    inner = (
        '<defs><linearGradient id="g"><stop offset="0" stop-color="red"/></linearGradient>'
        '<clipPath id="c"><rect width="5" height="5"/></clipPath><g id="tick"><path d="M0 0L1 1"/></g></defs>'
        '<g transform="translate(2 2)" clip-path="url(#c)"><use xlink:href="#tick" x="3"/><use href="#tick"/>'
        '<text x="1" font-size="4" text-anchor="middle" style="fill: #333">σ² &amp; μ<tspan dy="1">B</tspan></text>'
        '<rect fill="url(#g)" stroke-width="2"/></g>'
    )
    made = safe_svg(svg(inner))
    for kept in (
        'fill="url(#g)"', 'clip-path="url(#c)"', 'xlink:href="#tick"', "σ² &amp; μ", 'text-anchor="middle"',
        'style="fill: #333"', 'stop-color="red"', 'd="M0 0L1 1"', "<tspan",
    ):  # fmt: skip
        assert kept in made


def test_what_matplotlib_writes_can_be_read():
    begin = '<?xml version="1.0"?><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/x.dtd">'
    assert safe_svg(begin + SVG) is not None
    assert address("image/svg+xml", base64.b64encode((begin + SVG).encode()).decode()) is not None


LAUGHS = '<!DOCTYPE svg [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>' + svg("<text>&b;</text>")
OUTSIDE = '<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + svg("<text>&a;</text>")
TOWER = svg(
    "".join(f"<g id='a{n}'>" + f"<use href='#a{n - 1}'/>" * 10 + "</g>" for n in range(1, 9))
    + "<g id='a0'><rect/></g><use href='#a8'/>"
)
WIDE = svg("<g id='a'>" + "<rect/>" * 1_000 + "</g>" + "<use href='#a'/>" * 200)
SELF = svg("<g id='a'><use href='#a'/></g>")


REFUSED = {
    "entities in entities": LAUGHS,
    "a file from here": OUTSIDE,
    "ten times ten": TOWER,
    "a thousand, two hundred times": WIDE,
    "itself": SELF,
    "no XML": "<svg><rect></svg>",
    "another element": f"<html {SPACE}/>",
    "of another kind": "<svg xmlns='http://example.org'/>",
    "too long": svg(" " * 600_000),
    "too many": svg("<g/>" * 50_000),
    "half a character": svg("\ud800"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_drawing_that_would_never_end_or_is_none_is_left_out(name):
    begun = processor_seconds()
    assert safe_svg(REFUSED[name]) is None
    assert processor_seconds() - begun < 5.0


def test_a_deep_drawing_ends_at_its_depth():
    begun = processor_seconds()
    made = safe_svg(svg("<g>" * 9_000 + "<rect/>" + "</g>" * 9_000))
    assert made is None or ("<rect" not in made and made.count("<g") <= 60)
    assert processor_seconds() - begun < 5.0
