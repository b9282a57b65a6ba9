"""E-commerce instruction data in English and Chinese: built from raw files, proved clean, and measured honestly.

A run is a folder; each stage writes one that can be opened with pandas, DuckDB or `datasets`:

    1-records/      ecom build    one raw thing a row, read from the sources
    2-splits/       ecom build    the family and the split of each record, fixed before any example exists
    3-examples/     ecom build    pairs of task and record, each worded as one instruction or more
    4-guard/        ecom build    the texts of validation and test rows, ready to be looked for in training
    4-findings/     ecom build    leaks, copies and measures of each example, before anything is decided
    4-dataset/      ecom build    the release: train, validation and test, one instruction a row
    5-model/        ecom train    the model of the recipe, tuned on the training rows; with its card and its losses
    6-predictions/  ecom predict  what each model answers to the test examples
    7-scores/       ecom score    how each answer was read, and what it is worth
    8-report/       ecom report   one page that shows it all
    9-audit/        ecom audit    what is wrong with the rows, one by one, and a corrected test set beside it

The code lies in the same order: `sources` (raw files to records), `splits`, `tasks` (records to examples; the seven
forms), `dataset` (the release), `models` (whoever answers), `training` (tuning one), `evaluation` (predict, score,
report), `audit` (what is wrong with what was built). `catalogue` holds what people write: cards of sources, tasks,
labels and wordings, all in YAML. `rows` defines what flows, `store` how it is kept, `engines` how a stage is run,
`checks` what can be said of texts and rows alone, `pipeline` how a run is built, `evaluating` what is done with it
then, `cli` the verbs.

Importing the package loads nothing but this text.
"""

__version__ = "0.1.0"
