"""What can be said of texts and of rows alone: pure functions, shared by all stages.

columns    many texts as one column, in memory or in a file
grams      character n-grams of texts, and MinHash signatures of them
masks      what is left of texts when only some characters are looked at: candidates for short texts
near       which texts are nearly the same, verified exactly
postings   which of many known texts share a key with a text
leaks      whether a text says what a protected text says
copies     of many texts, which are copies of which
measures   what filters count: illegal characters, language, repetition
"""
