"""A notebook in another language: other words, and nothing else of it is other."""

import ast

import nbformat
import pytest

from course.languages import catalogue
from course.languages.code import looked_up, of_code
from course.languages.passages import has_words, of_markdown
from course.languages.translation import entries, passages, po_file, sources, translated

NASTY = "译文 “'\\ \" "


class WithoutWords(ast.NodeTransformer):
    """The code without its strings; the values of an f-string stay, in any order."""

    def visit_Constant(self, node):
        return ast.Constant("") if isinstance(node.value, str) else node

    def visit_JoinedStr(self, node):
        fields = [ast.dump(value) for value in node.values if isinstance(value, ast.FormattedValue)]
        return ast.Constant("".join(sorted(fields)))


def without_words(source):
    return ast.dump(WithoutWords().visit(ast.parse(source)))


@pytest.fixture(scope="module")
def books(root):
    return {name: nbformat.read(path, as_version=4) for name, path in sources(root).items()}


def pseudo(notebook):
    """A catalogue in which every text is translated, by itself with characters before it that need care."""
    catalog = catalogue.merged(catalogue.read(po_file("zh", "none"), "zh"), entries(notebook), "zh")
    for message in catalog:
        if message.id:
            message.string = NASTY + message.id
    return catalog


@pytest.mark.slow
def test_only_words_differ(books):
    assert len(books) > 20
    for name, book in books.items():
        other = translated(book, pseudo(book))
        assert other.metadata == book.metadata
        assert [(c.id, c.cell_type, c.metadata) for c in other.cells] == [
            (c.id, c.cell_type, c.metadata) for c in book.cells
        ]
        for new, old in zip(other.cells, book.cells, strict=True):
            if old.cell_type == "code":
                assert without_words(new.source) == without_words(old.source), (name, old.id)
            graded = old.metadata.get("nbgrader", {})
            if graded.get("grade") and old.cell_type == "code":
                assert new.source == old.source, (name, old.id)


def test_a_text_put_in_its_own_place_changes_nothing(books):
    for name, book in books.items():
        for cell in book.cells:
            for passage in passages(cell):
                there = cell.source[passage.start : passage.end]
                if cell.cell_type == "markdown":
                    assert there == passage.text and passage.written(passage.text) == there, (name, cell.id)
                elif passage.kind.startswith("said"):
                    again, before = (
                        ast.dump(ast.parse(f"({x})")) for x in (passage.written(passage.text), there)
                    )
                    assert again == before, (name, cell.id, there)


def test_what_a_reader_reads_is_found():
    source = """## A title

Text with $x$, and
a second line.

$$
y = x
$$

- one item
- another
    with more

| a | 1 |
|---|---|

```text
no text
```

| table | of |
|---|---|
| two | rows |

$$z = \\text{a formula}$$
"""
    found = of_markdown(source)
    assert [(p.kind, p.text) for p in found] == [
        ("heading", "A title"),
        ("paragraph", "Text with $x$, and\na second line."),
        ("list item", "one item"),
        ("list item", "another\n    with more"),
        ("table", "| table | of |\n|---|---|\n| two | rows |"),
    ]


def test_words_of_code_are_found_and_its_names_are_not():
    source = '''# A comment
# in two lines.
def f(x):
    """What it does.

    Args:
        x: array.
    """
    ### BEGIN SOLUTION
    return x  # by the solution
    ### END SOLUTION


words = ("in two words", "name", "upper left", there.find(f"Linear {n} to {n}, batch 1", n))
y = {"mean of x": 1}["mean of x"] if mode == "is it this" else F.pad(x, mode="reflect")  # noqa: E501
plt.plot(x, "o", label="line", color="dark red" if a else "b")
say(f"é {x:.2f} and {d['k']!r} {{}}" " more \\\\alpha", f(x, "zeros"))
'''
    found = [(p.kind, p.text) for p in of_code(source)]
    assert found == [
        ("comment", "A comment\nin two lines."),
        ("docstring", "What it does.\n\nArgs:\n    x: array."),
        ("said", "in two words"),
        ("said", "mean of x"),
        ("said", "line"),
        ("said", "dark red"),
        ("said with values", "é {x:.2f} and {d['k']!r} {{}} more \\alpha"),
    ]


@pytest.mark.parametrize(
    ("call", "label"),
    [
        ('plots.spread(ax, at, runs, f"test, p = {q}", **plots.SERIES["BN"])', "test, p = {q}"),
        ('plots.tensor_grid(ax, groups, f"{name}: {count} values", mark)', "{name}: {count} values"),
        ('plots.bars(ax, at, runs, "calibrated", 0.36)', "calibrated"),
        ('ax.set(xticks=at, xticklabels=["surest"])', "surest"),
    ],
)
def test_a_label_is_found_though_it_is_one_word(call, label):
    assert [p.text for p in of_code(call)] == [label]


def test_what_another_cell_looks_up_stays():
    """`nets["all of it"]` must find what a loop over {"all of it": ...} has made; a title may say it in Chinese."""
    cells = [
        'nets = {"all of it": 1}',
        'ax.set_title("all of it")',
        'say(nets["all of it"], "and more words")',
    ]
    found = looked_up(cells)
    assert found == {"all of it"}
    assert [[p.text for p in of_code(cell, found)] for cell in cells] == [
        [],
        ["all of it"],
        ["and more words"],
    ]


def shown_by_values(node):
    """Words that the values of an f-string show as they stand, where no translator reaches them.

    A bare word with a width, `{'total':12}`, heads a column of names of code and stays one of them.
    """
    match node:
        case ast.JoinedStr(values=parts):
            for part in parts:
                if isinstance(part, ast.FormattedValue) and not isinstance(part.value, ast.Constant):
                    yield from _words_of(part.value)


def _words_of(value):
    match value:
        case ast.Constant(value=str() as text):
            yield text
        case ast.JoinedStr(values=parts):
            yield from (str(part.value) for part in parts if isinstance(part, ast.Constant))
            yield from shown_by_values(value)
        case ast.IfExp(body=body, orelse=orelse):
            yield from (text for part in (body, orelse) for text in _words_of(part))
        case ast.BoolOp(values=parts):
            yield from (text for part in parts for text in _words_of(part))
        case ast.Call(func=ast.Attribute(value=separator, attr="join"), args=[parts]):
            yield from _words_of(separator)
            yield from _words_of(getattr(parts, "elt", parts))


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("f\"{'no less' if a else 'less'} than\"", ["no less", "less"]),
        ("f\"{', '.join(f'{n} points' for n in names)}\"", [" points"]),
        ("f\"{' and '.join(names) or 'none'}\"", [" and ", "none"]),
        ("f\"{range_of(x, '.0%')} of {d['key']} in {word('no size')}, {a == 'b'}\"", []),
    ],
)
def test_words_in_values_are_found(code, words):
    found = shown_by_values(ast.parse(code, mode="eval").body)
    assert [text for text in found if has_words(text)] == words


def test_no_sentence_of_a_notebook_has_words_in_its_values(books):
    """They would stay English: a name for them, outside of the sentence, is translated (or `word` looks them up)."""
    left = [
        (name, cell.id, text)
        for name, book in books.items()
        for cell in book.cells
        if cell.cell_type == "code" and "%%" not in cell.source
        for node in ast.walk(ast.parse(cell.source))
        for text in shown_by_values(node)
        if has_words(text)
    ]
    assert left == []


def test_lists_that_are_given_to_a_table_by_name_are_shown():
    source = """heads, rows = ["net", "total"], []
for net in nets:
    rows.append((net, "memory" if slow else "arithmetic", *(f"{n} points" for n in losses)))
table(heads, [*rows, ("all",)])
unshown = ["not"]
"""
    assert [p.text for p in of_code(source)] == [
        "net",
        "total",
        "memory",
        "arithmetic",
        "{n} points",
        "all",
    ]


def test_a_changed_text_is_fuzzy_and_english_until_it_is_seen_to():
    old = catalogue.read(po_file("zh", "none"), "zh")
    first = [catalogue.Entry("a", "The mean of a batch."), catalogue.Entry("b", "The variance of it all.")]
    old = catalogue.merged(old, first, "zh")
    old.get("The mean of a batch.", context="a").string = "批次的均值。"
    old.get("The variance of it all.", context="b").string = "全体的方差。"
    now = [catalogue.Entry("a", "The mean of one batch."), catalogue.Entry("c", "The variance of it all.")]
    new = catalogue.merged(old, now, "zh")
    assert catalogue.counts(new) == catalogue.Counts(2, 0, 1)
    text = catalogue.written(new, "zh")
    assert '#, fuzzy\n#| msgctxt "a"' in text or '#| msgid "The mean of a batch."' in text
    assert catalogue.words(new, "The mean of one batch.", "a") == ""
    assert catalogue.words(new, "The variance of it all.", "c") == "全体的方差。"


def test_older_english_that_a_translator_left_behind_is_dropped_and_a_translators_note_is_not():
    """Who takes away `#, fuzzy` alone leaves lines that are no longer a message's and are wrapped anew at each writing."""
    old = catalogue.merged(
        catalogue.read(po_file("zh", "none"), "zh"), [catalogue.Entry("a", "One mean.")], "zh"
    )
    message = old.get("One mean.", context="a")
    message.string, message.user_comments = "一个均值。", ["| msgid An older", "mean.", "free: one", "mean"]
    new = catalogue.merged(old, [catalogue.Entry("a", "One mean.")], "zh")
    assert new.get("One mean.", context="a").user_comments == ["free: one", "mean"]


def test_catalogues_are_in_step(texts, catalogues):
    """An English text that changed shows here, as it does in `make lint`."""
    for name, found in texts.items():
        there = {(m.context or "", m.id) for m in catalogues[name] if m.id}
        assert there == {(e.context, e.text) for e in found}, f"run `make tidy`: {name}"
