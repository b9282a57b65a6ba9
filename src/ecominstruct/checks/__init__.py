"""Checks of rows and test sets: pure functions over texts and golds, shared by several stages.

kinds       all kinds of findings: group, severity, description
texts       markup and invisible characters
listings    the parts of an input: titles, attributes, brands
duplicates  equal inputs, and whether their golds agree
row_order   whether the order of the rows predicts the gold
labels      labels that are never gold, contain each other or occur in the input
spans       labelled spans that repeat, overlap or are missing
shortcuts   how well the gold is predicted without understanding: overlap, length, a brand
shifts      whether removing rows changed the distribution of golds
rating      text quality, by a small classifier trained on labels
measures    quantities for filters: illegal characters, language, repetition

To add a kind of finding: an entry in `kinds.KINDS`, and a function here that yields its hits.
"""
