"""ps4: normalisers for small batches."""
