"""What stops grading. By itself, since machines that only mark know no gradebook, and nbgrader takes a second to import."""


class GradingError(RuntimeError):
    """Something that stops grading, in one sentence for the instructor."""
