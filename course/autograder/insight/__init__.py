"""What an instructor can see of a class: how hard the questions were, which of them sort students, which mistakes were made."""
