"""A detector of instructions to a model in English and Chinese data (prompt injection).

words      all kinds of findings, and the vocabulary and rules of `words.yaml`: which words must follow each other
speech     applies those rules to a text: "ignore all previous instructions" and variants
marks      forged prompt structure: special tokens, headings, roles, tool calls, JSON and XML that break out
hidden     what people do not see: tags, zero-width and bidi characters, HTML comments, hidden elements
fold       text normalised for the rules: one width, no look-alikes, nothing invisible, with a map of offsets
views      decoded readings of a text: base64, reversed, rotated, spaced out
excerpts   excerpts of mentions, with invisible characters named
find       everything above, for a text or a column: the entry point of this package

To add words, edit `words.yaml`. Test cases are in `tests/injection_cases.py`.
"""
