"""A folder of git clones comes in: whose each is, which commit counts, and nothing in one starts a program."""

import os
import shutil
import subprocess

import pytest

from course.autograder.term import clones
from course.autograder.term.people import Student
from tests.term.small import PS1, collect, course_of

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="there is no git here")
ROSTER = [
    Student("jm12", "Jana Müller", "jm12@u.example", github="jana-m"),
    Student("ll34", "李 雷", "ll34@u.example", github="LiLei"),
    Student("mm56", "M M", "mm56@u.example", github="m"),
]
WHO = {"NAME": "A", "EMAIL": "a@u.example"}


def git(clone, *words, at=None):
    dated = {f"GIT_{role}_DATE": at for role in ("AUTHOR", "COMMITTER") if at}
    named = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in WHO.items()}
    env = os.environ | {"GIT_CONFIG_GLOBAL": "/dev/null"} | named | dated
    subprocess.run(["git", "-C", clone, *words], check=True, capture_output=True, env=env)


def clone_of(folder, *commits):
    """A repository with commits, each (time, {path: content})."""
    folder.mkdir(parents=True)
    git(folder, "init", "-b", "main")
    for at, files in commits:
        for path, content in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
        git(folder, "add", "-A")
        git(folder, "commit", "--allow-empty", "-m", "work", at=at)
    return folder


STARTER = (
    "2026-10-01T08:00:00Z",
    {"ps1_batchnorm.ipynb": b"starter", "course/x.py": b"x", ".github/w.yml": b"w"},
)


def work(at, content):
    return at, {"ps1_batchnorm.ipynb": content}


@pytest.fixture
def course(tmp_path, root):
    return course_of(tmp_path / "course", root, ROSTER, "[late]\ngrace_minutes = 10\n")


def placed(course, student):
    folder = course / "submitted" / student / PS1
    stamp = folder / "timestamp.txt"
    files = {path.name: path.read_bytes() for path in folder.glob("*") if path != stamp}
    return files, stamp.read_text()[:16] if stamp.exists() else ""


def test_the_last_commit_before_the_deadline_counts(course, tmp_path):
    folder = tmp_path / "ps1-submissions"
    clone_of(
        folder / "ps1-jana-m",
        STARTER,
        work("2026-10-14T10:00:00Z", b"good"),
        work("2026-10-15T22:09:00Z", b"within the grace"),
        work("2026-10-17T10:00:00Z", b"too late"),
    )
    clone_of(folder / "ps1-lilei", STARTER, work("2026-10-16T22:00:00Z", b"only late"))
    dry = collect(course, folder, "--dry-run")
    assert "is a folder of git clones" in dry.output and not (course / "submitted").exists()
    done = collect(course, folder)
    assert done.exit_code == 0, done.output
    assert placed(course, "jm12") == ({"ps1_batchnorm.ipynb": b"within the grace"}, "2026-10-15 22:09")
    assert "1 commits after the deadline do not count" in done.output
    assert placed(course, "ll34") == ({"ps1_batchnorm.ipynb": b"only late"}, "2026-10-16 22:00")
    assert "1 d 0 h" in done.output and "mm56" in done.output
    assert "0 placed" in collect(course, folder).output
    assert collect(course, folder, "--late").exit_code == 0
    assert placed(course, "jm12")[0] == {"ps1_batchnorm.ipynb": b"too late"}


def test_an_extension_moves_the_deadline(course, tmp_path):
    (course / "extensions.csv").write_text(
        f"student,assignment,until,reason\njm12,{PS1},2026-10-18 22:00,ill\n"
    )
    clone_of(tmp_path / "in" / "ps1-jana-m", STARTER, work("2026-10-17T10:00:00Z", b"late, and allowed"))
    done = collect(course, tmp_path / "in")
    assert (
        placed(course, "jm12")[0] == {"ps1_batchnorm.ipynb": b"late, and allowed"}
        and "1 d" not in done.output
    )


def test_whose_a_clone_is(course, tmp_path):
    folder = tmp_path / "in"
    clone_of(folder / "ps1-team-m", STARTER)
    owned = clone_of(folder / "homework", STARTER)
    git(owned, "remote", "add", "origin", "https://github.com/jana-m/homework.git")
    clone_of(folder / "ps1-lillei", STARTER)
    done = collect(course, folder)
    assert placed(course, "mm56")[0] and placed(course, "jm12")[0]
    assert done.exit_code == 1 and "ps1-lillei is nobody on the roster" in done.output
    (course / "matches.csv").write_text("called,id\nps1-lillei,ll34\n")
    assert collect(course, folder).exit_code == 0 and placed(course, "ll34")[0]


def test_the_assignments_folder_alone_is_taken_and_links_are_not(course, tmp_path):
    clone = tmp_path / "in" / "jana-m"
    files = {f"{PS1}/{PS1}.ipynb": b"mine", "ps2_dropout/ps2_dropout.ipynb": b"other", "README.md": b"r"}
    clone_of(clone, ("2026-10-14T10:00:00Z", files))
    (clone / PS1 / "link.ipynb").symlink_to("/etc/passwd")
    (clone / PS1 / "big.ipynb").write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n")
    git(clone, "add", "-A")
    git(clone, "commit", "-m", "link", at="2026-10-14T11:00:00Z")
    done = collect(course, tmp_path / "in")
    assert placed(course, "jm12")[0] == {f"{PS1}.ipynb": b"mine"}
    assert "link.ipynb is a link" in done.output and "is kept by Git LFS" in done.output


def test_a_repository_starts_no_program(course, tmp_path):
    clone = clone_of(tmp_path / "in" / "jana-m", STARTER)
    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\n")
    trap.chmod(0o755)
    for key in (
        "core.fsmonitor",
        "core.pager",
        "core.sshCommand",
        "gpg.program",
        "diff.external",
        "alias.rev-list",
    ):
        git(clone, "config", key, str(trap))
    git(clone, "config", "log.showSignature", "true")
    for hook in ("post-index-change", "reference-transaction"):
        shutil.copy(trap, clone / ".git" / "hooks" / hook)
    assert collect(course, tmp_path / "in").exit_code == 0 and placed(course, "jm12")[0]
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("fault", ["empty", "damaged"])
def test_a_clone_that_cannot_be_read_is_one_sentence_and_the_rest_comes_in(course, tmp_path, fault):
    folder = tmp_path / "in"
    clone_of(folder / "ps1-jana-m", STARTER)
    bad = clone_of(folder / "ps1-LiLei", *([] if fault == "empty" else [STARTER]))
    if fault == "damaged":
        shutil.rmtree(bad / ".git" / "objects")
    done = collect(course, folder)
    assert "Traceback" not in done.output and "ps1-LiLei: git cannot read it" in " ".join(done.output.split())
    assert placed(course, "jm12")[0] and "ll34" in done.output


def test_newer_work_on_another_branch_is_told(course, tmp_path):
    clone = clone_of(tmp_path / "in" / "jana-m", STARTER)
    git(clone, "checkout", "-b", "dev")
    git(clone, "commit", "--allow-empty", "-m", "more", at="2026-10-14T10:00:00Z")
    git(clone, "checkout", "main")
    assert "the branch dev has later commits" in " ".join(collect(course, tmp_path / "in").output.split())


def test_a_folder_without_clones_is_none(tmp_path):
    (tmp_path / "jm12").mkdir()
    assert clones.clones_in(tmp_path) == [] and clones.clones_in(tmp_path / "jm12" / "none") == []
