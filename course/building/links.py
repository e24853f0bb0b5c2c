"""Every link inside a folder of HTML pages, followed."""

from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

LINKING = {"a": "href", "link": "href", "img": "src", "script": "src", "source": "src", "iframe": "src"}
LOADING = {"link", "img", "script", "source", "iframe"}


class Page(HTMLParser):
    """What a page links to, and which places in it can be linked to."""

    def __init__(self, path: Path) -> None:
        """Read the page at `path`."""
        super().__init__()
        self.links: list[tuple[str, str]] = []
        self.places: set[str] = set()
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note ids, and what the tag links to."""
        found = dict(attrs)
        self.places.update(value for name, value in attrs if name in ("id", "name") and value)
        if value := found.get(LINKING.get(tag, "")):
            self.links.append((tag, value))


def broken(site: Path) -> Iterator[str]:
    """What is wrong with the pages' links, a sentence each: dead ends, and anything loaded from elsewhere."""
    pages = {path.resolve(): Page(path) for path in sorted(site.rglob("*.html"))}
    for path, page in pages.items():
        for tag, link in page.links:
            if reason := _fault(path, tag, link, pages, site.resolve()):
                yield f"{path.relative_to(site.resolve())}: {link} {reason}"


def _fault(path: Path, tag: str, link: str, pages: dict[Path, Page], site: Path) -> str:
    parts = urlsplit(link)
    if parts.scheme == "data":
        return ""
    if parts.scheme or parts.netloc:
        return "is loaded from elsewhere" if tag in LOADING else ""
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if not target.is_relative_to(site):
        return "leads out of the site"
    if not target.is_file():
        return "leads nowhere"
    if parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].places:
        return "names a place that the page does not have"
    return ""
