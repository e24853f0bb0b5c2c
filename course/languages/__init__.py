"""The course in further languages: English is the one source, and a gettext catalogue has what stands in its place.

`passages` finds the texts in a notebook's cells, `catalogue` keeps a catalogue in step with them, `translation` puts
a catalogue's texts into a notebook. What is missing, or was translated from an older text, stays English.
"""
