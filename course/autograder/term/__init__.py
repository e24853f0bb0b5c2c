"""The term around the grading: dates, roster, hand-ins from where they are handed in, late days, marks going out."""
