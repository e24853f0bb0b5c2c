"""Hostile and honest notebooks, as data, and what runs them."""
