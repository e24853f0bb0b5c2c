"""`python -m course`: release, grade, feedback, the demo, and what keeps the house."""

from course.autograder.commands import main

if __name__ == "__main__":
    main()
