"""Says whether this computer is ready for the assignments: a line for each thing that is needed, and what to do."""

import importlib
import sys
from importlib import metadata

try:
    from course.languages.saying import said
except ImportError:  # `checks` says so

    def said(text: str) -> str:
        """The text as it is."""
        return text


INSTALL = "run: python -m pip install -r requirements.txt"
WANTED = ("numpy", "matplotlib", "jinja2", "ipykernel", "jupyterlab")


def line(fine: bool, what: str, todo: str = "") -> bool:
    """Print one line; returns whether all is well."""
    print(f"[{' OK ' if fine else 'FAIL'}] {said(what)}{'' if fine else ': ' + said(todo)}")
    return fine


def python() -> bool:
    """Whether this Python is new enough."""
    found = ".".join(map(str, sys.version_info[:3]))
    newest = "" if sys.version_info < (3, 14) else " (newer than 3.13, the newest that was tried)"
    todo = "3.10 to 3.14 is wanted; install one from python.org, make the environment anew with it"
    return line(sys.version_info >= (3, 10), f"Python {found}{newest}", todo)


def package(name: str) -> bool:
    """Whether something is installed and can be imported."""
    try:
        if name != "jupyterlab":
            importlib.import_module(name)
        return line(True, f"{name} {metadata.version(name)}")
    except Exception as error:
        return line(False, f"{name} ({type(error).__name__}: {error})", INSTALL)


def checks() -> bool:
    """Whether the course is found, its answers are whole, and a wrong answer is called wrong."""
    try:
        from course.autograder.at_home.checking import judged_here
        from course.autograder.judging.sealed import SealedBank

        bank = SealedBank()
    except ImportError as error:
        return line(False, f"the course ({error})", f"{INSTALL}, in the folder of the release")
    except Exception as error:
        return line(False, "the course", str(error))
    name = bank.names()[0]
    nothing = (lambda *given: None,) * len(bank.find(name).functions)  # a wrong answer, to see it called wrong
    kinds = {finding.kind for finding in judged_here(name, nothing).findings}
    said = f"{len(bank.names())} checks, for {len(bank.files)} assignments"
    return line(not kinds <= {"question"}, said, "they do not run; unpack the release again, all of it")


def main() -> int:
    """Print a line for each need; 0 when all are met."""
    return int(not all([python(), *map(package, WANTED), checks()]))


if __name__ == "__main__":
    sys.exit(main())
