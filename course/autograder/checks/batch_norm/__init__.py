"""ps1: batch normalisation."""
