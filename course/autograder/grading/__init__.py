"""A class, graded: the driver, its workers, one submission from intake to marks."""
