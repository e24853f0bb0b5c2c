"""What one page may cost for all that a student wrote: processor time, text, pictures. Past it, text is shown plain."""

import resource

PAGE_SECONDS = 0.4
CELL_SECONDS = 0.15
PAGE_CHARACTERS = 2_000_000  # of HTML
PAGE_PICTURES = 12_000_000  # characters of their addresses


def processor_seconds() -> float:
    """Processor seconds of this process and of the children that it has waited for."""
    used = (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


class Budget:
    """What may still be spent.

    Args:
        seconds: of this process's processor time, from now on.
        characters: of HTML.
        pictures: characters of the addresses that hold pictures.
    """

    def __init__(
        self, seconds: float = PAGE_SECONDS, characters: int = PAGE_CHARACTERS, pictures: int = PAGE_PICTURES
    ) -> None:
        """Count from now on."""
        self.until = processor_seconds() + seconds
        self.page = self
        self.characters = characters
        self.pictures = pictures

    def cell(self) -> "Budget":
        """The share of time that one cell may have; the room is the page's."""
        share = Budget(min(CELL_SECONDS, self.until - processor_seconds()))
        share.page = self.page
        return share

    @property
    def used_up(self) -> bool:
        """Whether nothing may be spent any more."""
        return self.page.characters <= 0 or processor_seconds() > self.until

    def charge(self, html: str) -> str:
        """Take the length of a piece of HTML off; gives it back."""
        self.page.characters -= len(html)
        return html

    def take_picture(self, address: str) -> bool:
        """Whether there is room for a picture; if so, it is taken."""
        if len(address) > self.page.pictures:
            return False
        self.page.pictures -= len(address)
        return True
