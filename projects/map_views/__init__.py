"""The pages of a map: one module a page, all in the frame of `frame`.

A page is a view that calls `frame.opened`, a template that extends `projects/map/_frame.html`, a line
in `projects.urls` and one in `frame.PAGES`: it then stands in the navigation of all others.
"""
