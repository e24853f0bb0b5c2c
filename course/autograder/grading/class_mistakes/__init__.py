"""Mistakes that no check has a name for: what came on the class's own cases, names given to it, and naming it again."""

FILE = "mistakes.toml"  # in the course folder
