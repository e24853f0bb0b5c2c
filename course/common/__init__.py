"""What several rooms use: the console, and notebooks as they lie in git."""
