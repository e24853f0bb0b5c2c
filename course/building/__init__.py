"""From notebooks to pages: lessons are run, dressed for reading, and built into a site that needs no network."""
