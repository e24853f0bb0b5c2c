"""`python -m course`: release, grade, feedback, the demo, lessons, the site, and what keeps the house."""

from course.autograder.cli.checks import checks
from course.autograder.cli.cluster import cluster
from course.autograder.cli.collect import collect
from course.autograder.cli.commands import main
from course.autograder.cli.export import export
from course.autograder.cli.gpu_check import gpu_check
from course.autograder.cli.gradebook import gradebook
from course.autograder.cli.hand_over import github, gradescope
from course.autograder.cli.mistakes import mistakes
from course.autograder.cli.preflight import preflight
from course.autograder.cli.regrade import history, regrade
from course.autograder.cli.report import explain, report
from course.autograder.cli.roster import roster
from course.autograder.cli.shards import record
from course.autograder.cli.similar import similar
from course.autograder.cli.term import term
from course.building.commands import COMMANDS

for command in (
    checks,
    cluster,
    collect,
    explain,
    export,
    github,
    gpu_check,
    gradebook,
    gradescope,
    history,
    mistakes,
    preflight,
    record,
    regrade,
    report,
    roster,
    similar,
    term,
    *COMMANDS,
):
    main.add_command(command)

if __name__ == "__main__":
    main()
