"""Instructions to a model that stand in the data, English and Chinese: a text goes in, mentions come out.

kinds      what can be found, and a sentence about it
words      the vocabulary and the rules of `words.yaml`: which groups of words must follow each other
speech     those rules over a text: "ignore all previous instructions" and its kin
marks      what forges the frame of a prompt: special tokens, headings, roles, tool calls, JSON and XML that break out
hidden     characters that cannot be seen: tags, variation selectors, zero-width and bidi characters
markup     comments, hidden elements and attributes of HTML that speak to a model
fold       a text as it is meant: one width, look-alike letters, nothing invisible; each character knows its place
views      a text as it can be read otherwise: decoded, reversed, rotated, with spaces taken out
excerpts   what is shown of a mention: what cannot be seen is named
find       all of that over one text, or over a column: the door to this package

To add words, edit `words.yaml`; cases go to `tests/injection_cases.py`.
"""
