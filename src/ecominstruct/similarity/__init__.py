"""Text similarity: exact duplicates, near duplicates and contamination, as functions over columns of texts.

columns           many texts as one column of bytes, in memory or in a file
compared_forms    folded texts, and what is derived from them on demand
ngrams            character n-grams, and their MinHash signatures
sketches          bit sketches that rule out most pairs without reading the texts
deletion_masks    candidate keys for short texts
near_duplicates   near-duplicate pairs: candidates by keys, then exact verification
duplicates        clusters of duplicates among many texts
contrast          what makes nearly equal texts different: numbers, models, negations, another word
key_files         keys of texts in files, partitioned by value
inverted_index    which known texts share a key with a text
contamination     whether a training row repeats a validation or test row
"""
