"""What notebooks draw and say with, and the data that ships."""
