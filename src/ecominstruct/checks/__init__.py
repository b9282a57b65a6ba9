"""What can be said of texts and of rows alone: pure functions, shared by all audits.

kinds       what can be found: the family, how bad it is, a sentence about it
texts       markup, hidden characters; excerpts that give nothing away
listings    the parts of an input: titles, attributes, brands
duplicates  equal inputs, and whether their golds agree
orders      whether the order of the rows tells the gold
labels      labels that never occur, hold each other or stand in the input
spans       marked stretches that repeat, overlap or were forgotten
shortcuts   how far one gets without understanding: overlap, length, a brand
"""
