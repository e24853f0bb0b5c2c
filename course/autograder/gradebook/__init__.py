"""nbgrader's flow, the one writer, the release."""
