"""What a check is made of."""
