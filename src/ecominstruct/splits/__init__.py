"""The assignment of records to families and splits, across all sources and before any example exists (stage 2)."""
