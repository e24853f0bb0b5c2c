"""Batch normalisation, dropout and convolution arithmetic with PaddlePaddle: lessons, assignments, autograder."""

__version__ = "0.1.0"
