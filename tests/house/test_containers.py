"""Environments for other machines say what the lock says, and hold nothing of a class."""

import json
import os
import re
import subprocess
import tomllib

import pytest
import yaml

from tests.house.test_repository import REGISTRIES, lock

CUDA = {"cu118", "cu126", "cu129", "cu130"}
FILES = (
    "Dockerfile",
    "Dockerfile.gpu",
    ".devcontainer/devcontainer.json",
    ".binder/requirements.txt",
    ".dockerignore",
)


@pytest.fixture(scope="module")
def pip_section(root):
    environment = yaml.safe_load((root / "environment.yml").read_text())
    return next(one["pip"] for one in environment["dependencies"] if isinstance(one, dict))


def test_environment_yml_says_what_the_lock_says(root, pip_section):
    pins = dict(line.split("==") for line in pip_section if line[0] != "-")
    locked = lock(root)
    assert pins.pop("paddlepaddle-gpu") == locked["paddlepaddle"]
    assert pins == {name: locked[name] for name in pins}
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    wanted = {re.split(r"[><=]", line)[0] for line in project["dependencies"]}
    assert wanted == set(pins) | {"paddlepaddle"}


def test_gpu_builds_come_from_paddles_own_index(root, pip_section):
    """Beside the ordinary index, and before the first pin: pip reads options line by line, as conda writes them down."""
    index, constraint = (line for line in pip_section if line[0] == "-")
    assert pip_section[:2] == [index, constraint] and constraint == "-c requirements.lock"
    folder = re.fullmatch(r"--extra-index-url https://\S+/packages/stable/(cu\d+)/", index)
    assert folder and folder[1] in CUDA
    text = (root / "environment.yml").read_text()
    assert set(re.findall(r"#.*?\b(cu\d{3})\b|(cu\d{3})  about", text)) and all(name in text for name in CUDA)


def test_the_gpu_image_reads_the_same_list(root, pip_section):
    """The command that makes a requirements file of the pip section, as it stands in Dockerfile.gpu."""
    text = (root / "Dockerfile.gpu").read_text()
    command = re.search(r"sed -n .* environment\.yml", text)[0]
    done = subprocess.run(["sh", "-c", command], cwd=root, capture_output=True, text=True)
    assert done.stdout.splitlines() == pip_section


def test_the_two_images_differ_by_what_they_install_alone(root):
    plain, gpu = ((root / name).read_text().splitlines() for name in FILES[:2])
    differs = [line for line in set(plain) ^ set(gpu) if line and line[0] != "#"]
    assert all("pip" in line or "COPY" in line for line in differs), differs


def test_no_registry_of_packages_and_pythons_that_the_course_takes(root):
    for name in FILES:
        assert not re.search(REGISTRIES, (root / name).read_text()), name
    python = tomllib.loads((root / "pyproject.toml").read_text())["project"]["requires-python"]
    assert python == ">=3.11,<3.14"
    container = json.loads((root / ".devcontainer" / "devcontainer.json").read_text())
    named = [container["image"], (root / ".binder" / "runtime.txt").read_text()]
    named += [(root / name).read_text() for name in (*FILES[:2], "environment.yml")]
    assert all(re.search(r"python[:=-]3\.12\b", text) for text in named)
    assert os.access(root / ".binder" / "postBuild", os.X_OK)


def test_no_class_gets_into_an_image(root):
    kept_out = (root / ".dockerignore").read_text().splitlines()
    for line in (root / ".gitignore").read_text().splitlines():
        if line and line[0] != "#":
            bare = line.rstrip("/")
            assert (bare[1:] if bare[0] == "/" else f"**/{bare}") in kept_out, line
    assert ".git" in kept_out
