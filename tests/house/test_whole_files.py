"""Files that are written whole: never half of one, and never in the place of a device or a link."""

import os
import stat

import pytest

from course.common.whole import replace_file


def test_a_file_is_replaced_and_nothing_is_left_beside_it(tmp_path):
    path = tmp_path / "a.csv"
    for data in (b"one", b"two"):
        replace_file(path, data)
        assert path.read_bytes() == data and list(tmp_path.iterdir()) == [path]


def test_where_the_disk_is_full_the_old_file_stays_and_no_half_of_a_new_one(tmp_path, monkeypatch):
    path = tmp_path / "a.csv"
    path.write_bytes(b"old")

    def full(self, data):
        with open(self, "wb") as file:  # noqa: PTH123 - Path.open is what is replaced here
            file.write(data[:2])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(path), "write_bytes", full)
    with pytest.raises(OSError, match="No space left"):
        replace_file(path, b"new and longer")
    assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]


def test_what_a_link_leads_to_is_written_and_the_link_stays(tmp_path):
    (tmp_path / "synced").mkdir()
    link = tmp_path / "a.csv"
    link.symlink_to(tmp_path / "synced" / "a.csv")
    replace_file(link, b"new")
    assert link.is_symlink() and (tmp_path / "synced" / "a.csv").read_bytes() == b"new"


def test_a_pipe_is_written_to_and_stays_one(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    replace_file(path, b"new")
    assert os.read(reader, 10) == b"new" and stat.S_ISFIFO(path.lstat().st_mode)
    os.close(reader)
