"""Each command that a page or an example file names is one that there is, with options that it has."""

import re
import subprocess
import sys

import click
import pytest
import yaml

from course.__main__ import main

COMMAND = re.compile(r"(?:python|\$PYTHON) -m course( [^`\n|;&]*)?")
PAGES = ("README.md", "docs/*.md", "deploy/*", "course/**/*.md", "data/README.md")


def commands(root):
    for pattern in PAGES:
        for path in sorted(root.glob(pattern)):
            if path.is_file():
                for found in COMMAND.finditer(path.read_text(encoding="utf-8")):
                    yield path.relative_to(root).as_posix(), (found[1] or "").split("  #")[0].strip(" .,:)")


def unknown(words):
    """What a command line has that its command does not; '' where it is one that could be typed."""
    command, context = main, click.Context(main)
    while isinstance(command, click.Group):
        words = words[
            sum(isinstance(one, click.Argument) for one in command.params) :
        ]  # as `mistakes ps1 show`
        name = words.pop(0) if words else None
        if name is None or name.startswith(("-", "…", "...")):
            return ""
        command = command.get_command(context, name)
        if command is None:
            return f"no command {name}"
        context = click.Context(command, parent=context)
    has = {option for one in command.params for option in (*one.opts, *one.secondary_opts)} | {"--help", "-h"}
    wanted = [word.partition("=")[0] for word in words if re.match(r"-[-a-z]", word)]
    return " ".join(word for word in wanted if word not in has)


def test_what_pages_and_examples_tell_to_type_can_be_typed(root):
    found = list(commands(root))
    assert len(found) > 50
    wrong = [(path, line, said) for path, line in found if (said := unknown(line.split()))]
    assert not wrong


@pytest.mark.parametrize(
    "line", ["grade ps1 --shards 1/2", "regarde ps1", "mistakes ps1 shoe", "gradebook copy --too", "grade -q"]
)
def test_what_cannot_be_typed_is_noticed(line):
    assert unknown(line.split())


def test_each_command_is_where_it_is_said_to_be_under_its_own_name():
    context = click.Context(main)
    names = main.list_commands(context)
    assert names == sorted(names) and {"grade", "grades", "site", *main.places} <= set(names)
    found = {name: main.get_command(context, name) for name in names}
    assert [(name, one.name) for name, one in found.items()] == [(name, name) for name in names]
    assert main.get_command(context, "regarde") is None
    assert len({id(one) for one in found.values()}) == len(names)


def test_the_program_is_there_before_nbgrader_and_paddle(root):
    """Paddle's import for the workers is to start at once, not after a second of imports that other commands need.

    So is the start of the process that submissions are forked from.
    """
    code = (
        "import sys, course.__main__, course.autograder.engine.prefork; "
        "sys.exit(bool({'nbgrader', 'nbformat', 'numpy', 'matplotlib', 'IPython', 'paddle'} & {*sys.modules}))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=root).returncode == 0


def test_the_examples_for_clusters_are_whole(root):
    """They say YAML and shell; scheduler and workers read the one file of Dask's settings, and hold no authority's key."""
    objects = list(yaml.safe_load_all((root / "deploy/kubernetes.yaml").read_text()))
    pods = [one["spec"]["template"]["spec"] for one in objects if one["kind"] == "Deployment"]
    services = yaml.safe_load((root / "deploy/compose.yaml").read_text())["services"]
    started = [
        *(pod["containers"][0]["args"] for pod in pods),
        *(one["command"] for one in services.values()),
    ]
    assert [command[:2] for command in started] == [
        [".venv/bin/dask", "scheduler"],
        [".venv/bin/dask", "worker"],
    ] * 2
    for pod in pods:
        (box,) = pod["containers"]
        assert {"name": "DASK_CONFIG", "value": "deploy/dask.yaml"} in box["env"]
        assert pod["securityContext"]["runAsUser"] == 1000 and not pod["automountServiceAccountToken"]
        assert not box["securityContext"]["allowPrivilegeEscalation"]
    for service in services.values():
        assert service["environment"]["DASK_CONFIG"] == "deploy/dask.yaml" and service["cap_drop"] == ["ALL"]
    assert "ca-key" not in re.sub(r"ca-key.pem is not needed", "", (root / "deploy/compose.yaml").read_text())
    assert "ca-key" not in (root / "deploy/kubernetes.yaml").read_text()
    compile((root / "deploy/slurm.py").read_text(), "slurm.py", "exec")
    subprocess.run(["bash", "-n", root / "deploy/slurm-array.sh"], check=True)
