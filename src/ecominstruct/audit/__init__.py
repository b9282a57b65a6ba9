"""Stage 9, audit: find problems of a release or of a model. `checks` and `detectors` find them in rows and texts.

To add an audit, write a module with a subclass of `Audit` and one of `Summary`, and name the class in `audits.AUDITS`.
Its summary is then written and printed by `ecom audit`, and its figures appear on the card and the page without further
code.

The frame:

base              `Audit` and `Summary`, the base classes, and `Release`, which audits read
risks             `Figure`, one number about a named risk, and the limits that a recipe sets
tables            typed rows that audits store as Parquet, and their sums over families
audits            the list of all audits, and how `ecom audit` runs them
card              writes the named risks to the card of a release

Audits of the release:

testset           problems of the test rows
search            personal information and injected instructions
bias              who is mentioned, and which labels are associated with whom

Audits of a model:

flips             how often its answers change when a brand, place, gender or price is swapped
slices            its scores by language, and on the group of rows where it does worst
obedience         whether it obeys instructions in the data

Parts of these audits:

material          for `testset` and `clean`: the test rows of a task with the records behind them
examination       for `testset` and `clean`: all checks that need a single task only
shortcuts         for `testset` and `clean`: how well simple features predict the gold
shared_texts      for `testset`: rows and texts that several tasks share
skew              for `bias`: sums up the counts of all tasks; names facets and groups for `slices`
swaps             for `flips`: writes the swapped rows as a run
injection_probes  for `obedience`: plants instructions in rows, and detects answers that obey them

The corrected test set, `ecom audit --write-clean`:

clean             writes a corrected companion of the test set as a run
negatives         for `clean`: finds non-matching pairs that resemble matching ones
"""
