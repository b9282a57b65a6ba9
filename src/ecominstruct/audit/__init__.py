"""Stage 9, audit: what is wrong with what was built. `checks` finds, this package goes through a run.

material   the test rows of a task, with the records that they were made from
examine    one task: all checks that see its rows alone
shared     what several tasks hold
audits     all audits by name: where a further one is entered
search     personal information and injected instructions in the release: the stage, its findings and its summary
planting   instructions planted into test rows, and whether an answer obeys one
obedience  a model that is asked with such rows: the stage and its summary
testset    the health of a test set: the stage, its findings and its summary
negatives  pairs that do not match and yet look as if they did
bias       bias in the release: the stage and its counts
skew       what those add up to: who is spoken of, which labels go with whom
swaps      test rows with another brand, place, gender or price in them, as a run
flips      how often a model's answers change with those
slices     a model's scores by language and by slice
risks      figures about the named risks in one shape, and the limits of a recipe
card       the named risks on the card of a release
clean      a corrected companion of a test set: a run that predict, score and report take
"""
