"""The command line, one module for each group of verbs. Read in this order:

main        the application: registers all verbs, and turns errors into messages and exit codes
options     options that verbs share, and functions to lock, build, work and print
build       ecom build, train, study, run, status
evaluate    ecom predict, score, compare, report, audit, bundle
people      ecom review, judge, annotate
provenance  ecom trace, forget
sources     ecom sources list, show, ingest, check, sample
fetch       ecom sources fetch, the only verb that downloads
tasks       ecom tasks list, show, check, graph

To add a verb, write a function with `@takes` in the module of its group, and name it in `main.VERBS`. Its docstring is
its help.
"""
