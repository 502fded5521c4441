"""Chaos: an installation of its own under seeded faults, and what it must keep through all of them.

`plan` draws orders and strikes from a seed, `course` performs them, `checks` judges the
history it leaves: what is recorded, what was executed and what is present at its end.
"""
