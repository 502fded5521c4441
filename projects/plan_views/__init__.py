"""The pages of what is planned: the board of tasks, ideas and specs, and the digest.

`frame` opens them; `board` lists, `one` shows and moves a row, `boxes` ticks, `summary` counts.
"""
