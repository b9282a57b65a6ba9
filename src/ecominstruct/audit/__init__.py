"""Stage 9, audit: what is wrong with a release or with a model. `checks` and `detectors` find it in rows and texts.

To add an audit, write a module with a subclass of `Audit` and one of `Summary`, and name it in `audits.AUDITS`. Its
summary is written, printed by `ecom audit`, and its figures go onto the card and the page without further code.

base              `Audit` and `Summary`, of which each audit is a subclass, and `Release`, which it reads
audits            all audits, and how `ecom audit` runs them
risks             `Figure`, one number about a named risk; the limits of a recipe
card              the named risks on the card of a release
tables            rows that audits keep as Parquet, and their sums over families

testset           audit: what is wrong with the test rows
search            audits: personal information and injected instructions in the release
bias              audit: bias in the release
flips             audit of a model: how often its answers change with a swap
slices            audit of a model: its scores by language and by slice
obedience         audit of a model: whether it obeys instructions in the data

material          the test rows of a task, with the records that they were made from
examination       one task: all checks that see its rows alone
shortcuts         what tells the gold without understanding
shared_texts      what several tasks share
skew              what the counts of `bias` add up to
swaps             test rows with another brand, place, gender or price in them, as a run
injection_probes  instructions planted into test rows, and whether an answer obeys one
clean             a corrected companion of the test set, as a run
negatives         pairs that do not match and yet look as if they did, for `clean`
"""
