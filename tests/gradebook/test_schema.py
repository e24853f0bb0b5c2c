"""The stamp of a new gradebook is the one that nbgrader would write."""

import re
from pathlib import Path

import nbgrader.api
from sqlalchemy import text

from course.autograder.gradebook.nbgrader_steps import schema_version


def test_a_new_gradebook_is_stamped_with_the_last_migration(released) -> None:
    with released.gradebook() as gradebook:
        stamped = gradebook.db.execute(text("SELECT version_num FROM alembic_version")).scalars().all()
    folder = Path(nbgrader.api.__file__).parent / "alembic" / "versions"
    sources = [path.read_text() for path in folder.glob("*.py")]
    found = [re.findall(r"""(?m)^(?:down_)?revision\s*=\s*['"](\w+)""", source) for source in sources]
    last = {revision for revision, *_ in found} - {before for _, *rest in found for before in rest}
    assert stamped == [schema_version()] == [*last]
    assert nbgrader.api.get_alembic_version is schema_version
