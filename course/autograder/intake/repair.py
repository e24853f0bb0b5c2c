"""A submitted notebook becomes one that can be graded, and nothing of it is lost.

Released text stands where it belongs, whatever the submission has in its place; what students wrote runs in their own order;
a test stands after the code it tests; an answer in prose stands where a person marks it. What was done is said.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from nbformat.notebooknode import NotebookNode

from course.autograder.intake.as_code import as_code
from course.autograder.intake.cells import as_released, new_cell, whole
from course.autograder.intake.code import binds, statements, stubs
from course.autograder.intake.given import added_to
from course.autograder.intake.notes import listed, sentences
from course.autograder.intake.order import (
    ABOVE,
    AFTER,
    BEFORE,
    ITSELF,
    LATER,
    Item,
    Names,
    Place,
    needed_but_left_out,
    place_of,
)
from course.autograder.intake.otherwise import written_otherwise
from course.autograder.intake.pictures import as_attachments
from course.autograder.intake.recognise import Seen, recognise, where_written
from course.autograder.intake.released import Kind, Part, Release, read_release
from course.autograder.intake.written import place_answers

FOREIGN = "The notebook has none of this assignment's cells (is it the right notebook?); it is graded by the functions it defines."
SAVED = "*(Displayed by the cell above when the notebook was saved.)*"


@dataclass(frozen=True)
class Repaired:
    """A notebook that can be graded.

    Attributes:
        notebook: itself.
        notes: a sentence for each kind of repair that a student should know of.
        needs_person: why a person must look at it, a sentence each.
        answered: names of the assignment's cells that have something of the student's in them.
        known: how many of the submitted cells are the assignment's.
        wordless: whether a written answer is missing.
    """

    notebook: NotebookNode
    notes: tuple[str, ...]
    needs_person: tuple[str, ...]
    answered: frozenset[str]
    known: int
    wordless: bool


def repair(submitted: NotebookNode, released: NotebookNode | Release, beside: str = "") -> Repaired:
    """Put the release's cells back into a submission.

    Args:
        submitted: its cells, as `read.read_notebook` gives them.
        released: the notebook as students got it.
        beside: text to show in place of a written answer that is missing, where files that may hold it came along.
    """
    release = released if isinstance(released, Release) else read_release(released)
    return _Repair(submitted.cells, release, beside).done()


class _Repair:
    """One repair: cells get places, then tests, then written answers."""

    def __init__(self, cells: Sequence[NotebookNode], release: Release, beside: str) -> None:
        self.release = release
        self.beside = beside
        self.found: dict[str, list[str]] = defaultdict(list)
        self.items: list[Item] = []
        self.stood: dict[int, list[Place]] = defaultdict(list)
        self.seen = recognise(as_code(cells, release, self.found), release)

    def done(self) -> Repaired:
        """Do it."""
        self._place_all()
        self._put_in_missing()
        answered = self._answered()
        names = self._with_what_is_needed(Names(self.items))
        self._place_tests(names)
        self.items.sort(key=lambda item: item.at)
        items, answers = place_answers(self.items, self.release, self.beside)
        self.found["answer"] += answers.moved
        self.found["unsure"] += answers.unsure
        put_in = {item.part.name for item in items if item.part is not None and item.put_in}
        self.found["gone"] += [name for name in answers.blank if name in put_in]
        wordless = {*answers.blank, *answers.unsure}
        answered |= {part.name for part in self.release.of(Kind.WRITTEN)} - wordless
        known = sum(one.part is not None for one in self.seen)
        notes, person = self._said(answers.unsure, known)
        cells = [item.cell for item in items]
        return Repaired(whole(cells), notes, person, frozenset(answered), known, bool(wordless))

    # --- what is there ------------------------------------------------------------------------------------------

    def _place_all(self) -> None:
        self.written_at = where_written(self.seen)
        for place, one in enumerate(self.seen):
            if one.copy_of is not None:
                self.found["copied"].append(one.copy_of.name)
            match one.part and one.part.kind:
                case Kind.GIVEN | Kind.TAGGED | Kind.TEST:
                    self._released(place, one)
                case Kind.ANSWER:
                    self._answer(place, one)
                case _:
                    self._own(place, one)

    def _released(self, place: int, one: Seen) -> None:
        """A cell whose text is the release's: that, between what the student added above and below."""
        part = one.part
        assert part is not None
        added = added_to(one.cell.source, part)
        if added.changed and part.name:
            self.found["changed"].append(part.title)
        if added.something:
            self.found["added"].append(part.title)
        if not one.named and part.name:
            self.found["unmarked"].append(part.name)
        if added.before:
            self.items.append(Item((place, BEFORE, 0), new_cell("code", added.before)))
        if part.kind is Kind.TEST:
            if self.stood[part.index] and one.named:
                self.found["repeated"].append(part.name)
            self.stood[part.index].append((place, ITSELF, 0))
        else:
            again = part.kind is Kind.TAGGED and any(item.part is part for item in self.items)
            cell = as_released(part.cell, one.cell.source if again else None)
            self.items.append(Item((place, ITSELF, 0), cell, part))
        if added.after:
            self.items.append(Item((place, AFTER, 0), new_cell("code", added.after)))

    def _answer(self, place: int, one: Seen) -> None:
        part, source = one.part, one.cell.source
        assert part is not None
        unwritten = stubs(source)
        if unwritten and not binds(source) and any(self.written_at[name] - {place} for name in unwritten):
            self.found["stub"].append(part.name)
            source = ""
        if not one.named:
            self.found["unmarked"].append(part.name)
        self.items.append(Item((place, ITSELF, 0), as_released(part.cell, source), part))

    def _own(self, place: int, one: Seen) -> None:
        """A cell of the student's own, or released prose, or an answer in prose: as it is, for now."""
        cell = one.cell
        made = new_cell(cell.cell_type, cell.source, cell.get("attachments"))
        if (
            one.part is not None and one.part.minutes
        ):  # its tag says where minutes are read; as code it would run
            made = as_released(one.part.cell, cell.source, cell.get("attachments"))
        self.items.append(Item((place, ITSELF, 0), made, one.part))
        saved = cell.metadata.get("saved_pictures")
        if one.part is None and saved:
            pictures = as_attachments(saved, "displayed")
            shown = "\n\n".join([SAVED, *(f"![{name}](attachment:{name})" for name in pictures)])
            self.items.append(Item((place, AFTER, 0), new_cell("markdown", shown, pictures)))

    # --- what is missing ----------------------------------------------------------------------------------------

    def _put_in_missing(self) -> None:
        places = {item.part.index: item.at[0] for item in reversed(self.items) if item.part is not None}
        places |= {index: min(stood)[0] for index, stood in self.stood.items()}
        for part in self.release.parts:
            here = places.get(part.index)
            if part.kind is Kind.GIVEN:
                self._put_given(part, here, places)
            elif part.kind in (Kind.ANSWER, Kind.WRITTEN) and here is None:
                if part.kind is Kind.ANSWER and not all(self.written_at[f] for f in part.functions):
                    self.found["gone"].append(part.name)
                source = "" if part.kind is Kind.ANSWER else None
                at = (self._behind_the_one_before(part, places), LATER, part.index)
                self.items.append(Item(at, as_released(part.cell, source), part, put_in=True))
            elif part.kind is Kind.TEST and not self.stood[part.index]:
                self.found["lost"].append(part.name)

    def _put_given(self, part: Part, here: int | None, places: dict[int, int]) -> None:
        """A given cell that is missing, or stands below what rests on it: put in where it is needed."""
        resting = (Kind.ANSWER, Kind.TEST, Kind.TAGGED)
        below = [
            places[p.index]
            for p in self.release.parts[part.index :]
            if p.kind in resting and p.index in places
        ]
        first = min(below, default=len(self.seen))
        if here is not None and here <= first:
            return
        if here is None:
            self.found["lost"].append(part.name)
        else:  # it stays where the student has it as well, as a cell of their own
            for item in self.items:
                if item.part is part:
                    item.part, item.cell = None, new_cell("code", item.cell.source)
        behind = self._behind_the_one_before(part, places)
        at = (first, ABOVE, part.index) if first <= behind else (behind, LATER, part.index)
        self.items.append(Item(at, as_released(part.cell), part, put_in=True))
        places[part.index] = at[0]

    def _behind_the_one_before(self, part: Part, places: dict[int, int]) -> int:
        """The place of the nearest released cell before this one that is there; -1 when there is none."""
        before = (places[p.index] for p in reversed(self.release.parts[: part.index]) if p.index in places)
        return next(before, -1)

    # --- tests --------------------------------------------------------------------------------------------------

    def _with_what_is_needed(self, names: Names) -> Names:
        """Definitions in cells that are left out, which answers use, become cells of their own."""
        needed = needed_but_left_out(self.release.of(Kind.TEST), names)
        for place, some in needed.items():
            owner = next(item.part for item in self.items if item.at == place)
            assert owner is not None
            self.found["needed"].append(owner.title)
            order = statements(next(item.cell.source for item in self.items if item.at == place))
            text = "\n".join(one.text for one in order if one in some).strip("\n")
            self.items.append(Item((place[0], BEFORE, 1), new_cell("code", text)))
        return Names(self.items) if needed else names

    def _place_tests(self, names: Names) -> None:
        places = {item.part.index: item.at[0] for item in self.items if item.part is not None}
        for part in self.release.of(Kind.TEST):
            at = place_of(part, self.stood[part.index], names)
            if at is None:
                at = (self._behind_the_one_before(part, places), LATER, part.index)
            elif self.stood[part.index] and at not in self.stood[part.index]:
                self.found["moved"].append(part.name)
            places[part.index] = at[0]
            self.items.append(Item(at, as_released(part.cell), part))

    # --- what is said -------------------------------------------------------------------------------------------

    def _answered(self) -> set[str]:
        return {
            part.name
            for part in self.release.of(Kind.ANSWER)
            if part.functions and all(self.written_at[name] for name in part.functions)
        }

    def _said(self, unsure: Sequence[str], known: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
        person: list[str] = []
        if hidden := written_otherwise(self.seen, self.release, self.written_at):
            self.found["hidden"] += hidden.values()
            person.append(
                f"A check may not be able to call {listed(list(hidden))}: what seems to be meant for it stands in a class, in "
                "comments, in a string, or under another name; look at it, and give points by hand if it earned none."
            )
        if unsure:
            person.append(
                f"No answer to {listed(unsure)} stands in its place, but there is something else that may be one; "
                "look at what is shown there, and give points by hand."
            )
        if not any(one.cell.source.strip() for one in self.seen):
            person.append("There is nothing in its cells; ask whether it is the right file.")
        elif not known:
            person.insert(0, "It has none of this assignment's cells; ask whether it is the right notebook.")
            return (FOREIGN,), tuple(person)
        return tuple(sentences(self.found)), tuple(person)
