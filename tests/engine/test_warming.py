"""What a zygote does to be warm sooner, and that nothing of it stays."""

import os
from pathlib import Path

from matplotlib import artist
from matplotlib.artist import Artist

from course.autograder.engine.zygote import _folders_resolved_once, _without_lists_of_properties


def test_real_paths_are_found_folder_by_folder_and_only_meanwhile(tmp_path: Path) -> None:
    whole = os.path.realpath
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "file.py").touch()
    (tmp_path / "link").symlink_to(tmp_path / "there")
    with _folders_resolved_once():
        for _ in range(2):
            assert os.path.realpath(tmp_path / "link" / "file.py") == str(tmp_path / "there" / "file.py")
    assert os.path.realpath is whole


def test_artists_made_meanwhile_work_without_their_lists() -> None:
    whole = artist.kwdoc
    with _without_lists_of_properties():

        class Short(Artist):
            """An artist."""

    assert artist.kwdoc is whole
    made = Short()
    made.set(zorder=3)
    assert made.get_zorder() == 3
    assert "zorder" not in (Short.set.__doc__ or "")
    assert "zorder" in (Artist.set.__doc__ or "")
