"""Search in Chinese without a dictionary: every pair of neighbouring characters is a word, of pages and of what is asked.

Sphinx would cut Chinese into words by jieba, whose dictionary has 19 MB, and finds no part of such a word. Pairs find any
term of two characters and more; a page that is found has all pairs of the term.
"""

import re

from sphinx.search.zh import SearchChinese

RUN = re.compile(r"[\u4e00-\u9fff]+|[a-zA-Z0-9_]+")

SPLIT = """
var splitQuery = (query) => (query.match(/[\\u4e00-\\u9fff]+|[a-zA-Z0-9_]+/g) || []).flatMap((run) =>
  /[\\u4e00-\\u9fff]/.test(run) && run.length > 2 ? [...run.slice(1)].map((_, k) => run.slice(k, k + 2)) : [run]
);
"""


class SearchPairs(SearchChinese):
    """The index of Chinese pages, and how a browser cuts what is asked."""

    language_name = "English"  # its stemmer is what pages carry; Sphinx 9.1 asks for another
    js_splitter_code = SPLIT

    def split(self, input: str) -> list[str]:
        """Words of letters, and pairs of Chinese characters."""
        found = []
        for run in RUN.findall(input):
            if run[0].isascii():
                self.latin_terms.add(run)
                found.append(run)
            else:
                found += [run[k : k + 2] for k in range(max(1, len(run) - 1))]
        return found
