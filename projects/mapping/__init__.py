"""The system map: what a commit holds, and which file needs which.

Nothing in this package knows a model. `extract` runs in processes of its own and imports no Django.
"""

EXTRACTOR = "3"
"""Grows whenever the same blob could give other facts, or the same facts other edges."""
