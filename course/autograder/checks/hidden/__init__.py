"""Cases that only the grading side has. This folder is never part of a release."""
