"""Mistakes, each written in at least three ways by hands that have not seen each other's: they must fall together.

A table has, by check and by mistake, a function for each way. Where a check asks for more than one function, the way is a tuple.
"""

from tests.insight.same_mistakes import layers, moments, windows

WAYS = {**moments.WAYS, **layers.WAYS, **windows.WAYS}
