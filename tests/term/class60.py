"""A class of sixty in the files of each platform, with names as people have them. Every third word here is an oddity."""

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PS0 = "ps0_warmup"
ABSENT = (58, 59, 60)  # hand in nothing
NAMES = (
    ("Seán", "O'Brien"), ("雷", "李"), ("Jan-Willem", "van der Berg"), ("Gabriel", "García Márquez"), ("Kim", "Lee"),
    ("Kim", "Lee"), ("Eve", "=SUM(A1)"), ('Jo "JJ"', "Doe, Jr."), ("Jana", "Mu\u0308ller"), ("Ada_B", "Under_Score"),
    ("N.", "1st 2nd"), ("Ğülşen", "İpek"),
)  # fmt: skip


@dataclass(frozen=True)
class Person:
    """One of the class; the sample class's student `like` handed in the same."""

    n: int
    first: str
    last: str

    @property
    def id(self) -> str:
        return f"s{self.n:03d}"

    @property
    def email(self) -> str:
        return f"{self.id}@u.example"

    @property
    def name(self) -> str:
        return f"{self.first} {self.last}"

    @property
    def like(self) -> str:
        return f"s{(self.n - 1) % 5 + 1:03d}"

    @property
    def number(self) -> int:
        """Moodle's, in no order."""
        return 500 + self.n * 7 % 61

    @property
    def late(self) -> bool:
        return self.n % 11 == 0


CLASS = [Person(n, *(NAMES[n - 1] if n <= len(NAMES) else (f"F{n}", f"Last{n}"))) for n in range(1, 61)]
PRESENT = [one for one in CLASS if one.n not in ABSENT]


def _csv(
    header: str, rows: Iterator[list[str]], newline: str = "\r\n", mark: bytes = b"\xef\xbb\xbf"
) -> bytes:
    quoted = (
        [f'"{cell.replace(chr(34), chr(34) * 2)}"' if re.search(r'[",;\s]', cell) else cell for cell in row]
        for row in rows
    )
    return mark + newline.join([header, *(",".join(row) for row in quoted), ""]).encode()


def canvas_csv() -> bytes:
    """Its gradebook: a blank row under the headings, hidden assignments, a test student, one who is not assigned."""
    header = "Student,ID,SIS User ID,SIS Login ID,Section,ps0 warm-up (31),ps00 other (32),Final Score"
    top = [
        [""] * 8,
        ["", "", "", "", "", "Manual Posting", "", ""],
        ["    Points Possible", "", "", "", "", "10.00", "5", "(read only)"],
    ]
    people = [
        [f"{p.last}, {p.first}", str(9000 + p.n), p.id, p.email, "A and B", "", "1,234.50", ""] for p in CLASS
    ]
    others = [
        ["Student, Test", "9999", "", "7f8a9b", "A", "", "", ""],
        ["Out, Of It", "9998", "x", "x@u.example", "A", "N/A", "", ""],
    ]
    return _csv(header, iter([*top, *people, *others]))


def worksheet() -> bytes:
    """Moodle's, with its own columns and a dash for no date."""
    header = (
        "Identifier,Full name,ID number,Email address,Status,Grade,Maximum Grade,Grade can be changed,"
        "Last modified (submission),Last modified (grade),Feedback comments"
    )
    rows = (
        [f"Participant {p.number}", p.name, p.id, p.email, "Submitted for grading", "", "10.00", "Yes",
         "Thursday, 15 October 2026, 9:00 PM", "-", ""] for p in CLASS
    )  # fmt: skip
    return _csv(header, rows, mark=b"")


def gradescope_csv() -> bytes:
    """Its roster."""
    rows = ([p.first, p.last, p.id, p.email, "Student", "A"] for p in CLASS)
    return _csv("First Name,Last Name,SID,Email,Role,Section", rows, "\n", b"")


def _zip(path: Path, files: Iterator[tuple[str, bytes]]) -> Path:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(name, content)
    path.write_bytes(packed.getvalue())
    return path


def canvas_zip(path: Path, books: dict[str, bytes]) -> Path:
    """Flat, names squashed, LATE as a field of its own, `-1` behind what was handed in twice, a second file with some."""

    def files() -> Iterator[tuple[str, bytes]]:
        for p in PRESENT:
            squashed = re.sub(r"[^\w]", "", f"{p.last}{p.first}").lower()
            head = f"{squashed}{'_LATE' if p.late else ''}_{9000 + p.n}"
            yield f"{head}_{70000 + p.n}_{PS0}{'-1' if p.n % 4 == 0 else ''}.ipynb", books[p.like]
            if p.n % 20 == 0:
                yield f"{head}_{80000 + p.n}_notes_1_2.txt", b"some notes"

    return _zip(path, files())


def moodle_zip(path: Path, books: dict[str, bytes]) -> Path:
    """Folders, the older ones with `_` behind; an online text beside some."""

    def files() -> Iterator[tuple[str, bytes]]:
        for p in PRESENT:
            head = f"{p.name.replace('_', ' ')}_{p.number}_assignsubmission"
            yield f"{head}_file{'_' if p.n % 3 == 0 else ''}/{PS0}.ipynb", books[p.like]
            if p.n % 20 == 0:
                yield f"{head}_onlinetext/onlinetext.html", b"<p>see my notebook</p>"

    return _zip(path, files())


def gradescope_zip(path: Path, books: dict[str, bytes]) -> Path:
    """A folder each, and the YAML with Ruby's symbols; each person with a history."""
    lines = []
    for p in PRESENT:
        lines += [
            f"submission_{p.n}:", "  :submitters:", f"  - :name: {json_string(p.name)}", f"    :sid: {p.id}",
            f"    :email: {p.email}", "  :created_at: 2026-10-15 20:00:00.123456000 Z", "  :score: 0.0", "  :status: processed",
            "  :results:", "    tests: []", "  :history: []",
        ]  # fmt: skip
    files = [("assignment_7_export/submission_metadata.yml", ("---\n" + "\n".join(lines) + "\n").encode())]
    files += [(f"assignment_7_export/submission_{p.n}/{PS0}.ipynb", books[p.like]) for p in PRESENT]
    return _zip(path, iter(files))


def json_string(text: str) -> str:
    """A string as YAML and JSON both write it."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def exchange(path: Path, books: dict[str, bytes]) -> Path:
    """nbgrader's inbound folder."""
    for p in PRESENT:
        folder = path / f"{p.id}+{PS0}+2026-10-15 21:00:00.123456 UTC+abc_DEF-9"
        folder.mkdir(parents=True)
        (folder / f"{PS0}.ipynb").write_bytes(books[p.like])
    return path
