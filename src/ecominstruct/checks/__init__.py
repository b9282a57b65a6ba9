"""What can be wrong with rows and test sets: pure functions over texts and golds, shared by several stages.

kinds       every kind of finding: its family, its severity, a sentence about it
texts       markup and characters that cannot be seen
listings    the parts of an input: titles, attributes, brands
duplicates  equal inputs, and whether their golds agree
row_order   whether the order of the rows tells the gold
labels      labels that never occur, contain each other or stand in the input
spans       marked stretches that repeat, overlap or were forgotten
shortcuts   how far one gets without understanding: overlap, length, a brand
shifts      whether removing rows changed the distribution of golds
rating      how good a text is, by a small classifier trained on labels
measures    what filters count: illegal characters, language, repetition
"""
