"""Records to families and splits, over all sources and before any example exists: `assign` (stage 2)."""
