"""What the commits of a repository say of its files: who changed them, when, and what together.

Nothing here knows a model: `tally` counts what `git.log` streams, `pairs` finds files that change
together, `people` says who is a machine.
"""

READER = "1"
"""The version of the rules by which commits are counted: another one counts anew."""
