"""People and models who label, review and compare, and what their votes say.

annotate.py       a server answers about the records of tasks, several times each
material.py       the keys of a run's records, and what models could not agree about
"""
