"""A check on the student's own machine: the judge beside the notebook, and everything that helps to find a mistake.

Nothing here runs when work is graded; then `student.check` talks to the judge of another process.
"""
