"""E-commerce instruction data in English and Chinese: built from raw files, proved clean, and measured honestly.

A run is a folder; each stage writes one that can be opened with pandas, DuckDB or `datasets`:

    1-records/              ecom build    one raw thing a row, read from the sources
    2-splits/               ecom build    the family and the split of each record, fixed before any example exists
    3-examples/             ecom build    pairs of task and record, each worded as one instruction or more
    4-contamination_index/  ecom build    the texts of validation and test rows, as an index to search
    4-quality_signals/      ecom build    leaks, copies and measures of each example, before anything is decided
    4-dataset/              ecom build    the release: train, validation and test, one instruction a row
    5-model/                ecom train    the model of the recipe, tuned on the training rows, with its card and losses
    6-predictions/          ecom predict  what each model answers to the test examples
    7-scores/               ecom score    how each answer was read, and what it is worth
    8-report/               ecom report   one page that shows it all
    9-audit/                ecom audit    what is wrong with the rows, one by one, and a corrected test set beside it

The packages, from the ground up; each imports only from those above it in this list:

    rows errors identity languages folding   what everyone may import: row types, errors, ids, what differs by language
    config       recipes and their sections, read strictly from YAML
    runs         run folders: stages, files, locks, progress, and the executor that runs the units of a stage
    similarity   which texts are equal, nearly equal, or repeat what a protected text says
    detectors    personal information, injected instructions and words about groups, found in a text
    checks       what can be wrong with rows and test sets
    sources      raw files to records (1-records)
    splits       records to families and splits (2-splits)
    tasks        records to examples (3-examples); the seven forms, and how an answer in each is read
    dataset      examples to the release (4-*)
    models       whoever answers: floors, servers, local models, files of answers
    training     a model tuned on the release (5-model)
    evaluation   answers (6-predictions), scores, intervals and tests (7-scores)
    people       review, blind comparison and annotation, in the browser or by a model
    audit        what is wrong with a release or with a model (9-audit)
    report       pages, charts and the tables of the terminal (8-report)
    workflow     from a recipe to a finished run, and forgetting
    studies      one model for each choice of training rows, compared
    cli          the command line
    catalogue    cards of sources, tasks, labels and wordings, in YAML

Importing the package loads nothing but this text.
"""

__version__ = "0.1.0"
