"""Studies: tune one model for each choice of training rows, and compare them on the same held-out rows.

A study is a list of cells; a cell is one choice of training rows, one model and one seed. Read in this order:

plan           the cells of a study, and the key of each; cells that would give the same model share a key
row_selection  which training rows a cell is tuned on, decided from counts and hashes alone
rows           the rows of a cell: read from the release, reworded, and written to files
test_rows      the held-out rows, as a run of their own inside the run
proof          checks that the rows of a cell contain nothing that it must not know
run            tunes, asks and scores the cells, resumes after a failure, and writes the results
analysis       the tables: mean scores with intervals, and differences to the base and to trivial baselines
"""
