"""People and models who label, review and compare, and what their votes say.

votes.py          a vote of a blind comparison, and its files
"""
