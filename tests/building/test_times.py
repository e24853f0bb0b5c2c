"""The minutes that an assignment promises are those of the one rule."""

import re

import nbformat

from course.building.times import minutes


def test_the_minutes_in_each_assignment_follow_the_rule(root):
    for path in sorted(root.glob("course/assignments/ps[1-9]*/*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        found = minutes(notebook)
        title = notebook.cells[0].source
        said = dict(re.findall(r"^\| (\d) [^|]+ \| [^|]+ \| (\d+) \|$", title, re.MULTILINE))
        assert said == {number: str(some) for number, some in found.items() if number != "0"}, path
        assert "Nobody was timed" in title
        points = {
            cell.metadata.nbgrader.grade_id.partition("-")[0]: 0
            for cell in notebook.cells
            if cell.metadata.get("nbgrader", {}).get("grade")
        }
        core = re.findall(r"`(\w+)`", title.partition("**The core**")[2])
        assert core and set(core) <= set(points) | {"network_table"}, path


def test_the_points_of_the_core_are_what_its_functions_give(root):
    for name, core in {
        "ps3_conv": r"conv2d_(output_shape.*|parameters|operations)|conv_(forward|backward)_naive|explain.*",
        "ps4_normalizers": r"layernorm.*|groupnorm_forward|renorm_correction|batch_renorm_forward.*|explain.*",
    }.items():
        notebook = nbformat.read(root / "course" / "assignments" / name / f"{name}.ipynb", as_version=4)
        marks = [cell.metadata.get("nbgrader", {}) for cell in notebook.cells]
        points = sum(m["points"] for m in marks if m.get("grade") and re.fullmatch(core, m["grade_id"]))
        assert f"with {points:g} of the points" in notebook.cells[0].source, (name, points)
