"""The tests; processes that they start import some of these modules by name.

The course comes before all of them, and so before nbformat, whose start it shortens by a second in each process.
"""

import course  # noqa: F401
