"""Bias in commerce texts: which groups a text mentions, and whether labels are associated with them.

vocabulary   words for brands, places, gender, bands and sectors, in YAML files that experts can extend; their patterns
groups       the brand, place, gender, price band and length of a text
association  differences in label shares that the category does not explain, with intervals and tests
swaps        counterfactual rows: another brand, place, gender or price, with the same expected answer
"""
