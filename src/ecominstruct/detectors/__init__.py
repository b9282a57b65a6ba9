"""What a text holds that it should not: a text goes in, mentions with exact offsets come out.

base        a mention, the first look over a column of texts, and how overlaps are resolved
excerpts    what may be shown of a mention
personal/   personal information: one module for each group of kinds
injection/  instructions to a model: words, markup, hidden characters, encodings
bias/       words about groups: brands, places, genders, prices
"""
