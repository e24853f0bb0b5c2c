"""The judge: asks, compares, names the mistake, gives the verdict."""
