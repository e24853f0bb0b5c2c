"""The long experiments of lessons 4 and 5, one a file; their numbers are kept in `data/studies/`."""
