"""A term as data: dates, what lateness costs, the grader's limits, names on platforms."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

FULL_POINTS, OUT_OF_SUM = "full points", "out of the sum"  # what becomes of a question that is withdrawn


@dataclass(frozen=True)
class LatePolicy:
    """What handing in late costs.

    Attributes:
        policy: 'none'; 'per_day' or 'per_hour', a share of the score for each that has begun; 'late_days', a budget for
            the term, whose days cost nothing, and after it a share for each day.
        percent: of the score earned, for each day or hour that has begun.
        grace_minutes: lateness up to this is not late; past it, all of the lateness counts.
        budget: late days for the whole term, with 'late_days'.
        last_days: a hand-in later than this many days earns nothing; None for no such date.
    """

    policy: str = "none"
    percent: float = 10.0
    grace_minutes: float = 0.0
    budget: int = 0
    last_days: float | None = None


@dataclass(frozen=True)
class AssignmentSettings:
    """One assignment in the term.

    Attributes:
        opens, due: points in time, or None.
        canvas: its column in Canvas's gradebook, as "ps1 (12345)".
        moodle, gradescope: its name there.
        late: its own late policy, in place of the term's.
        withdrawn: questions that count no more as they did, by the name of their check: FULL_POINTS for everyone, or
            OUT_OF_SUM.
        points: questions whose points were changed after the release, by the name of their check.
    """

    opens: dt.datetime | None = None
    due: dt.datetime | None = None
    canvas: str = ""
    moodle: str = ""
    gradescope: str = ""
    late: LatePolicy | None = None
    withdrawn: Mapping[str, str] = field(default_factory=dict)
    points: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class GraderSettings:
    """The grader's limits on one submission; None leaves the default."""

    cell_seconds: float | None = None
    total_seconds: float | None = None
    memory_mb: float | None = None
    jobs: int = 0


@dataclass(frozen=True)
class FollowUpSettings:
    """What is earned where the mistake lies in another question.

    Attributes:
        own_gradient_percent: of an output's points, for a wrong gradient that is the gradient of the student's own wrong
            forward pass.
        stand_ins: whether an answer that is built on another function judged wrong is judged again with a right one in its
            place.
    """

    own_gradient_percent: float = 80.0
    stand_ins: bool = True


@dataclass(frozen=True)
class ExtraCreditSettings:
    """What optional questions add.

    Attributes:
        percent: of an assignment's points, that its optional questions together add at most; 0 for nothing.
    """

    percent: float = 20.0


@dataclass(frozen=True)
class Settings:
    """All of course.toml.

    Attributes:
        id: the course's id.
        time_zone: dates without an offset, and days of late policies, are in it.
        roster: the roster's file, relative to the course folder.
        not_handed_in: what a student on the roster has who handed in nothing: 'blank' or 'zero'.
        lessons_url: where the lessons' pages are for students.
        language: in which students are spoken to: 'en' or 'zh'.
        hand_in: where students hand in, as a sentence for them goes on: "on the course's page in Moodle".
        late: the late policy of every assignment that has none of its own.
        grader: limits.
        follow_up: what is earned where the mistake lies in another question.
        extra_credit: what optional questions add.
        assignments: by name.
    """

    id: str = "paddle_course"
    time_zone: ZoneInfo | dt.timezone = dt.UTC
    roster: str = "roster.csv"
    not_handed_in: str = "blank"
    lessons_url: str = ""
    language: str = "en"
    hand_in: str = ""
    late: LatePolicy = LatePolicy()
    grader: GraderSettings = GraderSettings()
    follow_up: FollowUpSettings = FollowUpSettings()
    extra_credit: ExtraCreditSettings = ExtraCreditSettings()
    assignments: Mapping[str, AssignmentSettings] = field(default_factory=dict)

    def assignment(self, name: str) -> AssignmentSettings:
        """What is said of an assignment; nothing where it is not named."""
        return self.assignments.get(name, AssignmentSettings())

    def late_policy(self, assignment: str) -> LatePolicy:
        """The policy that holds for an assignment."""
        return self.assignment(assignment).late or self.late
