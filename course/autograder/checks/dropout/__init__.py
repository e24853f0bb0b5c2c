"""ps2: dropout."""
