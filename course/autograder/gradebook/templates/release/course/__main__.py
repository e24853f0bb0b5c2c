"""`python -m course preflight NOTEBOOK`: a notebook tried as grading would run it."""

import sys

from course.autograder.at_home.preflight import main

if sys.argv[1:2] != ["preflight"]:
    sys.exit("usage: python -m course preflight NOTEBOOK.ipynb")
sys.exit(main(sys.argv[2:]))
