"""What an instructor types."""
