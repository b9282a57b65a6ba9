"""Evaluation: from test examples to predictions (stage 6) and scores (stage 7).

Read in this order:

  test_set predict             the test examples of a release, and a model's answers to them (`6-predictions/`)
  score score_example          all answers read, counted and compared with the gold (`7-scores/`)
  metrics                      the metrics of one example, and of counters
  metric_counts                scores summed by family: the input of all statistics
  hash_rng                     reproducible random numbers for resamples and permutations
  intervals significance       bootstrap intervals; paired tests and their correction
  summary                      one model on one task: metrics, intervals, bounds, best trivial baseline
  pairwise groups              two models compared; means over groups of tasks and seeds
  generalisation sensitivity   seen and unseen groups of tasks; dependence on wording and order
  released published           the arithmetic of the released evaluator, and the published results

The pages made from these numbers (stage 8) are in `report/`.
"""
