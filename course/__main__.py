"""`python -m course`: release, grade, feedback, the demo, lessons, the site, and what keeps the house."""

from course.autograder.cli.commands import main

CLI, BUILDING = "course.autograder.cli", "course.building"

# Each where it is, so that only the one that is asked for is imported.
main.places |= {
    "checks": f"{CLI}.checks:checks",
    "cluster": f"{CLI}.cluster:cluster",
    "collect": f"{CLI}.collect:collect",
    "data": f"{BUILDING}.commands:data_command",
    "explain": f"{CLI}.report:explain",
    "export": f"{CLI}.export:export",
    "github": f"{CLI}.hand_over:github",
    "gpu-check": f"{CLI}.gpu_check:gpu_check",
    "gradebook": f"{CLI}.gradebook:gradebook",
    "gradescope": f"{CLI}.hand_over:gradescope",
    "history": f"{CLI}.regrade:history",
    "lessons": f"{BUILDING}.commands:lessons_command",
    "mistakes": f"{CLI}.mistakes:mistakes",
    "new-assignment": f"{BUILDING}.commands:new_assignment_command",
    "preflight": f"{CLI}.preflight:preflight",
    "record": f"{CLI}.shards:record",
    "regrade": f"{CLI}.regrade:regrade",
    "report": f"{CLI}.report:report",
    "roster": f"{CLI}.roster:roster",
    "similar": f"{CLI}.similar:similar",
    "prose": f"{BUILDING}.commands:prose_command",
    "site": f"{BUILDING}.commands:site_command",
    "term": f"{CLI}.term:term",
    "translate": f"{BUILDING}.translating:translate_command",
}

if __name__ == "__main__":
    main()
