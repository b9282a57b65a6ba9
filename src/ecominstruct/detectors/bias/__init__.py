"""Bias in commerce texts: what is said of brands, places, genders and prices, and whether labels go with them.

vocabulary   the words, in YAML files that an expert reads and extends: brands, places, gender, bands, sectors
groups       texts to groups: which brand, place, gender, price band and length a row has
association  counts to differences beyond what the category explains, with intervals and tests
swaps        a text with another brand, place, gender or price in it, and when the answer stays what it was
"""
