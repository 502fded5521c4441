"""The one door to git.

Every git process goes through GitPython with the environment of docs/security.md, in a process
group of its own, with a deadline and limits. Nothing here knows a model.
"""
