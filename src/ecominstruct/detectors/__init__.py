"""Detectors: a text goes in, mentions with exact offsets come out.

base        a mention, the fast scan of a column, and the resolution of overlaps
excerpts    masked excerpts of mentions
personal/   personal information: one module for each group of kinds
injection/  instructions to a model: words, markup, hidden characters, encodings
bias/       words about groups: brands, places, genders, prices

`personal` and `injection` have the same interface: `find(text)`, `find_in_column(column)` and `version()`.
"""
