"""The right answer to each question, computed by Paddle's own ops. Knows nothing of grading."""
