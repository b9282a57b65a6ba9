"""Which texts are equal, nearly equal, or repeat what a protected text says: pure functions over columns of texts.

columns           many texts as one column, in memory or in a file
compared_forms    texts as they are compared: folded once, everything else derived on demand
ngrams            character n-grams, and MinHash signatures of them
sketches          bit sets that rule out most pairs without looking at the texts
deletion_masks    candidate keys for short texts
near_duplicates   which texts are nearly the same: candidates by keys, then verified exactly
duplicates        which of many texts are copies of which
contrast          what makes two nearly equal texts different: numbers, models, negations, another word
key_files         keys of texts in files, partitioned by value
inverted_index    which known texts share a key with a text
contamination     whether a training row repeats what a validation or test row says
"""
