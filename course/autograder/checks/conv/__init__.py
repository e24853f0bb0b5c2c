"""ps3: shapes, counts and convolution."""
