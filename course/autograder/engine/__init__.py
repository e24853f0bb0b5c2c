"""Runs one submission in a process of its own, and carries the judge's questions to it."""
