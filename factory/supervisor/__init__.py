"""Starts, watches and ends the processes of the product: web, qcluster, relay, watchdog.

`record` is what the next command knows of it, `loop` the supervisor itself, `control` what other
commands ask of it.
"""
