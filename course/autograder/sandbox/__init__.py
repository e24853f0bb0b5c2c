"""What a student's process is locked in by."""
