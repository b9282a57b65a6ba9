"""What can be said of texts and of rows alone: pure functions, shared by several stages.

kinds       what can be found: the family, how bad it is, a sentence about it
texts       markup, hidden characters; excerpts that give nothing away
listings    the parts of an input: titles, attributes, brands
duplicates  equal inputs, and whether their golds agree
orders      whether the order of the rows tells the gold
labels      labels that never occur, hold each other or stand in the input
spans       marked stretches that repeat, overlap or were forgotten
shortcuts   how far one gets without understanding: overlap, length, a brand
mentions    what a search finds in a text, and what all searches share
personal    personal information: a package of its own
injection   instructions to a model: a package of its own

columns    many texts as one column, in memory or in a file
grams      character n-grams of texts, and MinHash signatures of them
masks      what is left of texts when only some characters are looked at: candidates for short texts
sketches   which texts cannot be nearly the same, told by some bits of each
near       which texts are nearly the same, verified exactly
contrast   what makes two nearly equal texts different things: numbers, models, negations, another word
postings   which of many known texts share a key with a text
leaks      whether a text says what a protected text says
copies     of many texts, which are copies of which
rating     how good a text is, as a small classifier learned from labels
measures   what filters count: illegal characters, language, repetition
"""
