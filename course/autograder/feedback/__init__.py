"""Pages for a student."""
