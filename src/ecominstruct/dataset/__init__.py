"""Examples to the release: quality signals, decisions, and the files of the data set (stage 4).

Read in this order:

  contamination_index                   the texts of validation and test rows, to be searched (`4-contamination_index/`)
  pairs shown task_duplicates ratings   pairs of task and record, when two are near-duplicates, ratings
  quality_signals                       leaks, copies, conflicts and measures of each pair (`4-quality_signals/`)
  decide twins                          which pairs are left out, and why; duplicates across tasks
  mixture row_selection                 how many of the remaining rows are taken, and which
  risks policy personal injection       what happens to rows with personal information or injected instructions
  variants                              test examples in other wordings and orders
  release composition card              the release and its README (`4-dataset/`)
  proof intact test_sets shift          checks and caveats of a finished release
  trace purge recount                   where an example comes from; removal of forgotten records
  task_scope                            which tasks of a release a scope selects
"""
