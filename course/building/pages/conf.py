"""Sphinx's settings for the site. Everything that a page needs is copied into it: no page asks the network."""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

from sphinx.search import languages as searches

from course.languages.saying import language as spoken
from course.languages.saying import said, tag

HERE = Path(__file__).parent
MATHJAX = find_spec("sphinx-mathjax-offline")
assert MATHJAX and MATHJAX.origin, "sphinx-mathjax-offline carries MathJax; run `make setup`"

project = said("Batch norm, dropout, convolution")
html_title = project
language = tag().replace("-", "_")
extensions = ["myst_nb", "sphinx.ext.mathjax", "sphinx_design"]
myst_enable_extensions = ["dollarmath", "colon_fence"]
myst_heading_anchors = 3

nb_execution_mode = "off"
nb_render_markdown_format = "myst"
nb_code_prompt_show = said("Show the code")
nb_code_prompt_hide = said("Hide the code")

# One file of MathJax that draws formulas as SVG. Its HTML output would want 20 font files beside it, which
# some browsers do not load from a disk.
mathjax_path = "tex-svg.js"
mathjax3_config = {"options": {"enableMenu": False}}

html_theme = "furo"
html_static_path = [str(HERE / "style.css"), str(Path(MATHJAX.origin).parent / "static/mathjax/tex-svg.js")]
html_css_files = ["style.css"]
html_copy_source = False
html_use_index = False
html_show_sphinx = False
html_show_copyright = False
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#0072B2", "color-brand-content": "#0072B2"},
    "dark_css_variables": {"color-brand-primary": "#56B4E9", "color-brand-content": "#56B4E9"},
    "navigation_with_keys": True,
}

# The same page in the other languages that are built along: English at the top, each other in a folder below it.
NAMES = {"en": ("en", "English"), "zh": ("zh-CN", "中文")}
own, others = spoken(), os.environ.get("COURSE_SITE_LANGUAGES", "").split()
html_context = {
    "languages": [
        {
            "tag": NAMES[other][0],
            "name": NAMES[other][1],
            "top": ("" if own == "en" else "../") + ("" if other == "en" else f"{other}/"),
        }
        for other in others
        if other != own
    ]
}
templates_path = [str(HERE / "templates")]

if own == "zh":
    sys.path.insert(0, str(HERE))
    from search_chinese import SearchPairs

    searches["zh"] = SearchPairs
